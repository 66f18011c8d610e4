"""Whatever a file of a run holds: it is read, or refused with a sentence."""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfgen import pretrained
from tfgen.config.presets import run_config
from tfgen.errors import RunError, TfgenError
from tfgen.runs.data_record import check_data_of
from tfgen.runs.evaluations import entries_of_last_epoch, read_entries
from tfgen.runs.run import Run

#: Values that stand in a file where another one belongs.
WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**18, max_value=10**400),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
BYTES = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([b"", b"\0" * 100, b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"NaN", b"1e999", b"9" * 5000]),
)
ROW = {"epoch": 3, "step": 30, "loss": 1.5, "best": True, "seconds": 2.0, "class_histogram": [1, 2]}
CONTENTS = {
    "config.json": run_config("vae").to_dict(),
    "metrics.jsonl": ROW,
    "evaluation.json": json.loads((pretrained.FOLDER / "digits-gan" / "evaluation.json").read_text()),
    "data.json": {"fingerprint": "abc"},
    "pretrained.json": json.loads((pretrained.FOLDER / "digits-vae" / "pretrained.json").read_text()),
}


def places(content, path=()):
    """The paths of all values in a JSON document."""
    yield path
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


@st.composite
def damaged(draw, name):
    """A JSON document in which a value is missing, is another one, or is accompanied by one that does not belong."""
    content = copy.deepcopy(CONTENTS[name])
    path = draw(st.sampled_from([path for path in places(content) if path]))
    parent = content
    for key in path[:-1]:
        parent = parent[key]
    if draw(st.booleans()) and isinstance(parent, dict):
        del parent[path[-1]]
    else:
        parent[path[-1]] = draw(WRONG)
    if draw(st.booleans()) and isinstance(parent, dict):
        parent[draw(st.text(max_size=3))] = draw(WRONG)
    return json.dumps(content).encode()


def read_everything(run_folder):
    run = Run.open(run_folder)
    run.metrics(), run.epoch, run.state
    for skip_damaged in (True, False):
        read_entries(run, skip_damaged=skip_damaged)
        entries_of_last_epoch(run, skip_damaged=skip_damaged)
    check_data_of(run)
    if run.is_packed:
        pretrained.read(run.path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return Run.create_at(tmp_path_factory.mktemp("runs") / "run", run_config("vae")).path


@pytest.mark.parametrize("name", CONTENTS)
def test_a_damaged_file_is_read_or_is_a_sentence(name, folder):
    file = folder / name
    before = file.read_bytes() if file.exists() else None
    messages = []

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(content=st.one_of(BYTES, damaged(name), damaged(name).map(lambda text: text[: len(text) // 2])))
    def check(content):
        file.write_bytes(content + (b"\n" if name == "metrics.jsonl" else b""))
        try:
            read_everything(folder)
        except TfgenError as error:
            messages.append(str(error))

    try:
        check()
    finally:
        file.unlink() if before is None else file.write_bytes(before)
    assert messages
    assert all(("Received" in message or "Found" in message) and len(message) < 1000 for message in messages)


@pytest.mark.parametrize("name", ["config.json", "metrics.jsonl", "evaluation.json", "data.json"])
@pytest.mark.parametrize("kind", ["folder", "link", "bytes"])
def test_something_else_in_the_place_of_a_file_is_a_sentence(tmp_path, name, kind):
    file = Run.create_at(tmp_path / "run", run_config("vae")).path / name
    file.unlink(missing_ok=True)
    if kind == "folder":
        file.mkdir()
    elif kind == "link":
        file.symlink_to(file)
    else:
        file.write_bytes(b"\xff\xfe\n\x00\n")
    with pytest.raises(RunError, match=r"Received|Found"):
        read_everything(tmp_path / "run")


@pytest.mark.parametrize(
    "row",
    [{"epoch": True}, {"epoch": -1}, {"epoch": "3"}, {**ROW, "step": "30"}, {**ROW, "loss": "low"}, {**ROW, "best": 1},
     {**ROW, "seconds": None, "x": {}}, [3], 3, {}],
)  # fmt: skip
def test_a_damaged_row_is_never_skipped_in_silence(tmp_path, row):
    run = Run.create_at(tmp_path / "run", run_config("vae"))
    lines = [{**ROW, "epoch": 1}, row, {**ROW, "epoch": 3}]
    content = "".join(json.dumps(line) + "\n" for line in lines)
    run.metrics_file.write_text(content)
    for use in (run.metrics, lambda: run.keep_metrics(3)):
        with pytest.raises(RunError, match=r"numbers of an epoch in line 2 of .*metrics\.jsonl\. Received"):
            use()
    assert run.metrics_file.read_text() == content
    assert [found["epoch"] for found in run.metrics(skip_damaged=True)] == [1]


def test_a_resumed_run_does_not_lose_the_rows_that_it_lacks(tmp_path):
    run = Run.create_at(tmp_path / "run", run_config("vae"))
    for epoch in (1, 2, 3):
        run.add_metrics({**ROW, "epoch": epoch})
    # A line that a kill has cut short belongs to an epoch that is computed again.
    with open(run.metrics_file, "a") as file:
        file.write('{"epoch": 4, "st')
    run.keep_metrics(2)
    assert [row["epoch"] for row in run.metrics()] == [1, 2]
    with pytest.raises(RunError, match=r"Expected the numbers of 3 epochs in .* Received: those of 2"):
        run.keep_metrics(3)
    run.metrics_file.unlink()
    run.keep_metrics(3)
    assert run.metrics() == []
