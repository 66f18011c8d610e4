"""The files of favourites: what is kept, what is refused, damaged files, and two requests at the same time."""

import concurrent.futures
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen import pretrained
from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.favourites import LONGEST_NAME, LONGEST_VIEW, MOST
from tfgen.app.handlers.favourites import delete_favourite, favourite_view, favourites, save_favourite
from tfgen.app.query import parsed
from tfgen.config.presets import run_config
from tfgen.errors import ConfigError, RunError, TfgenError
from tfgen.runs.lock import run_lock
from tfgen.runs.run import Run

VIEW = "?tab=sample&model=mine&count=9&seed=7&label=a+%26+b&__theme=dark"


@pytest.fixture
def root(tmp_path) -> Path:
    """A folder with a run, "mine"."""
    Run.create_at(tmp_path / "runs" / "mine", run_config("vae"))
    return tmp_path / "runs"


@pytest.fixture
def context(root) -> Context:
    return Context(Catalogue(root), models=None, trainer=None)  # type: ignore[arg-type]


def names(context, model: str = "mine") -> list[str]:
    return [favourite["name"] for favourite in favourites(context, model)]


def test_a_favourite_is_the_query_of_a_link_to_its_view(context):
    assert favourites(context, "mine") == []
    assert save_favourite(context, "mine", VIEW, "  Zwei Äpfel 🍎 ") == "Zwei Äpfel 🍎"
    ((name, view),) = (favourite.values() for favourite in favourites(context, "mine"))
    assert name == "Zwei Äpfel 🍎"
    assert parsed(view) == {"tab": "sample", "model": "mine", "count": "9", "seed": "7", "label": "a & b"}
    assert favourite_view(context, "mine", name) == view
    assert delete_favourite(context, "mine", name) == []
    assert favourites(context, "mine") == []


def test_the_file_of_a_run_moves_with_the_run_and_that_of_a_pretrained_model_is_beside_the_runs(context, root):
    model, before = pretrained.names()[0], sorted(os.listdir(pretrained.FOLDER / pretrained.names()[0]))
    save_favourite(context, "mine", "tab=mix", "one")
    save_favourite(context, model, "tab=explore", "other")
    assert (root / "mine" / "favourites.json").is_file()
    assert (root / ".favourites" / f"{model}.json").is_file()
    assert sorted(os.listdir(pretrained.FOLDER / model)) == before
    (root / "mine").rename(root / "renamed")
    assert parsed(favourite_view(context, "renamed", "one")) == {"tab": "mix", "model": "renamed"}
    assert names(context, model) == ["other"]


def test_without_a_name_a_favourite_gets_that_of_the_tab_and_a_free_number(context):
    assert [save_favourite(context, "mine", "?tab=mix", name) for name in ("", "  ", "mix 3", "")] == [
        *("mix 1", "mix 2", "mix 3", "mix 4")
    ]
    delete_favourite(context, "mine", "mix 2")
    assert save_favourite(context, "mine", "?tab=mix") == "mix 2"
    assert names(context) == ["mix 1", "mix 3", "mix 4", "mix 2"]


@pytest.mark.parametrize(
    ("view", "name", "words"),
    [
        (VIEW, "x" * (LONGEST_NAME + 1), "name: expected one line of 1 to 80 characters. Received: 'xxx"),
        (VIEW, "two\nlines", "name: expected one line"),
        (VIEW, "\ud800", "name: expected one line"),
        (VIEW, 3, "name: expected one line of 1 to 80 characters. Received: 3"),
        (VIEW, ["a"], "name: expected one line"),
        (VIEW, "taken", "name: expected a name that no favourite of mine has. Received: 'taken'"),
        ("", "a", "tab in view: expected one of sample, interpolate, mix, explore. Received: None"),
        ("?tab=compare&model=mine", "a", "tab in view: expected one of sample, interpolate, mix, explore"),
        ("?tab=mix&model=other", "a", "view: expected a view of mine. Received: a view of 'other'"),
        ("?tab=mix&seed_1=" + "1" * LONGEST_VIEW, "a", "view: expected the query of a link, up to 3000 characters"),
        ("?tab=mix&label_1=" + "é" * 2000, "a", "view: expected values whose query has up to 3000 characters"),
        (None, "a", "view: expected the query of a link, up to 3000 characters. Received: None"),
        ({"tab": "mix"}, "a", "view: expected the query"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_sentence(context, root, view, name, words):
    save_favourite(context, "mine", VIEW, "taken")
    before = (root / "mine" / "favourites.json").read_bytes()
    with pytest.raises(ConfigError, match=words.replace("[", r"\[")) as caught:
        save_favourite(context, "mine", view, name)
    assert len(str(caught.value)) < 300
    assert (root / "mine" / "favourites.json").read_bytes() == before


def test_a_character_that_no_address_can_hold_is_replaced(context):
    save_favourite(context, "mine", "?tab=mix&label_1=a\ud800", "a")
    assert parsed(favourite_view(context, "mine", "a"))["label_1"] == "a?"


@pytest.mark.parametrize("name", ["nope", "", None, 3, ["kept"]])
def test_only_a_favourite_that_exists_is_opened_or_deleted(context, name):
    save_favourite(context, "mine", VIEW, "kept")
    for handler in (favourite_view, delete_favourite):
        with pytest.raises(ConfigError, match=r"name: expected the name of a favourite of mine\. Received: "):
            handler(context, "mine", name)
    assert names(context) == ["kept"]


@pytest.mark.parametrize("model", ["nope", "../mine", "", None, 3, ["mine"], {}])
def test_no_name_of_a_model_leads_to_another_file(context, root, model):
    for handler, others in (
        (favourites, ()),
        (save_favourite, (VIEW,)),
        (favourite_view, "a"),
        (delete_favourite, "a"),
    ):
        with pytest.raises(RunError, match="which does not exist or was removed"):
            handler(context, model, *others)
    assert not list(root.parent.rglob("favourites.json"))


def test_a_model_has_a_largest_number_of_favourites(context, root):
    entries = [{"name": f"n{i}", "view": "tab=mix"} for i in range(MOST)]
    (root / "mine" / "favourites.json").write_text(json.dumps({"favourites": entries}))
    with pytest.raises(ConfigError, match=r"at most 200 favourites of a model\. Received: one more for mine"):
        save_favourite(context, "mine", VIEW, "more")
    delete_favourite(context, "mine", "n7")
    save_favourite(context, "mine", VIEW, "more")
    assert len(names(context)) == MOST


DAMAGED = {
    "no JSON": b"{",
    "half": b'{"favourites": [{"name": "a", "view": "tab=mix"}',
    "binary": b"\xff\xfe\x00",
    "empty": b"",
    "a list": b"[]",
    "no list": b'{"favourites": {}}',
    "a number": b'{"favourites": [{"name": 3, "view": "tab=mix"}]}',
    "no view": b'{"favourites": [{"name": "a"}]}',
    "long name": json.dumps({"favourites": [{"name": "x" * 81, "view": ""}]}).encode(),
    "one name twice": json.dumps({"favourites": [{"name": "x", "view": ""}] * 2}).encode(),
    "too many": json.dumps({"favourites": [{"name": str(i), "view": ""} for i in range(MOST + 1)]}).encode(),
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_gives_a_sentence_and_is_never_overwritten(context, root, kind):
    file = root / "mine" / "favourites.json"
    file.write_bytes(DAMAGED[kind])
    for handler in (
        favourites,
        lambda *given: save_favourite(*given, VIEW, "new"),
        lambda *given: delete_favourite(*given, "a"),
        lambda *given: favourite_view(*given, "a"),
    ):
        with pytest.raises(RunError, match=r"^Expected .*favourites\.json"):
            handler(context, "mine")
    assert file.read_bytes() == DAMAGED[kind]


def test_fields_of_a_later_version_stay(context, root):
    file = root / "mine" / "favourites.json"
    file.write_text('{"favourites": [{"name": "a", "view": "tab=mix", "stars": 5}], "version": 2}')
    save_favourite(context, "mine", "?tab=mix", "b")
    content = json.loads(file.read_text())
    assert content["version"] == 2
    assert content["favourites"] == [{"name": "a", "view": "tab=mix", "stars": 5}, {"name": "b", "view": "tab=mix"}]


def test_requests_at_the_same_time_lose_no_favourite(context, root):
    """Threads, as in one app, and a process, as in another app with the same runs."""
    program = (
        "import sys; from tfgen.app.catalogue import Catalogue; from tfgen.app.context import Context;"
        "from tfgen.app.handlers.favourites import save_favourite;"
        "context = Context(Catalogue(sys.argv[1]), None, None);"
        "[save_favourite(context, 'mine', '?tab=mix', f'process {i}') for i in range(12)];"
        "assert not {'tensorflow', 'gradio'} & set(sys.modules)"
    )
    other = subprocess.Popen([sys.executable, "-c", program, str(root)])
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        made = threads.map(lambda i: save_favourite(context, "mine", "?tab=mix", f"thread {i}"), range(24))
        unnamed = threads.map(lambda i: save_favourite(context, "mine", "?tab=mix"), range(8))
        expected = {*made, *unnamed}
    assert other.wait(60) == 0
    expected |= {f"process {i}" for i in range(12)}
    assert len(expected) == 44
    assert set(names(context)) == expected


def test_a_lock_that_stays_held_gives_a_sentence(context, root, monkeypatch):
    monkeypatch.setattr("tfgen.app.favourites.LOCK_TIMEOUT", 0.0)
    (root / ".favourites").mkdir()
    with run_lock(root / ".favourites", "favourites"), concurrent.futures.ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(save_favourite, context, "mine", VIEW, "a")
        with pytest.raises(RunError, match="no other process uses for favourites"):
            waiting.result()
    assert save_favourite(context, "mine", VIEW, "a") == "a"


def test_a_folder_that_cannot_be_written_gives_a_sentence(context, root):
    (root / ".favourites").write_text("a file in place of the folder")
    with pytest.raises(RunError, match=r"Expected a file that can be written, .*\.favourites\. Received: File exists"):
        save_favourite(context, "mine", VIEW)


def test_the_list_of_runs_and_the_run_stay_as_they_are(context, root):
    Run.create_at(root / "later", run_config("gan"))
    os.utime(root / "mine", (1, 1))
    before = [entry.name for entry in context.catalogue.entries()]
    save_favourite(context, "mine", VIEW, "a")
    assert [entry.name for entry in context.catalogue.entries()] == before
    assert before[-2:] == ["later", "mine"]
    run = Run.reopen(root / "mine")
    assert (run.state, run.config) == ("unfinished", run_config("vae"))
    assert sorted(os.listdir(root / "mine")) == sorted(
        [".training.lock", "config.json", "favourites.json", "samples", "versions.json"]
    )


texts = st.text(max_size=90) | st.sampled_from(["a", "?tab=mix", "tab=sample&seed=3", VIEW, "mine", "%", "tab=mix&=&"])
values = texts | st.none() | st.integers() | st.lists(texts, max_size=2) | st.text(alphabet=["\ud800", "a"], max_size=4)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([save_favourite, delete_favourite]), st.lists(values, max_size=2)), max_size=6)
)
def test_whatever_is_asked_the_file_stays_valid(tmp_path_factory, requests):
    root = tmp_path_factory.mktemp("runs")
    Run.create_at(root / "mine", run_config("vae"))
    context = Context(Catalogue(root), models=None, trainer=None)  # type: ignore[arg-type]
    for handler, arguments in requests:
        given = arguments[: 2 if handler is save_favourite else 1] or ["?tab=mix" if handler is save_favourite else "a"]
        with contextlib.suppress(TfgenError):
            handler(context, "mine", *given)
    for favourite in favourites(context, "mine"):
        assert parsed(favourite["view"])["model"] == "mine"
        json.dumps(favourite, ensure_ascii=False).encode()
