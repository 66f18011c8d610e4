"""Messages about impossible requests, bad values, broken runs and bad HTTP requests."""

import re
import shutil
from pathlib import Path

import httpx
import pytest
from gradio_client.exceptions import AppError

from tfgen.app.labels import ANY

SEED_RANGE = r"seed: expected an integer from -2147483648 to 2147483647\. Received: "


MIX = ["gan", 0, 1, 2, 3, 1.0, 1.0, 0.0, 0.0, 1.0, ANY, ANY, ANY, ANY]


# -- requests that a model cannot answer ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handler", "data", "words"),
    [
        ("interpolate_pictures", ["points", None, None, 5, "linear", True, ANY, ANY], "needs a model of images"),
        ("reconstruct", ["points", None, True, ANY], "needs a model of images"),
        ("interpolate", ["points", 0, 1, 5, "linear", 1.0, ANY, ANY], "needs a model of images"),
        ("explore", ["points", 0, 0, 0, "around a sample", 1, 2, ANY], "needs a model of images"),
        ("mix", ["points", *MIX[1:]], "needs a model of images"),
        ("latent_map", ["points", 0, "around a sample", 1, 2, ANY], "needs a model of images"),
        ("test_picture", ["points", 0], "no pictures"),
        ("explore", ["vae-plane", 0, 0, 0, "around a sample", 1, 2, ANY], "3 dimensions or more"),
    ],
)
def test_a_request_that_the_model_cannot_answer_gives_the_reason(error_of, handler, data, words):
    assert words in error_of(handler, *data)


def test_gradio_client_gets_the_same_message(client):
    with pytest.raises(AppError, match="A reconstruction needs a model of images, and this model generates points"):
        client.predict("points", None, True, api_name="/reconstruct")


# -- bad values -------------------------------------------------------------------------------------------------------


SAMPLE, WAY = ["gan", 4, 0, 1.0, ANY, 0.0, "removed"], ["gan", 0, 1, 5, "linear", 1.0, ANY, ANY]
PLACE = ["gan", 0, 0, 0, "around a sample", 1, 2, ANY]
UNKNOWN = r"Expected one of digits-flow, .*which does not exist"
BAD = [
    *(("sample", SAMPLE, 0, name, UNKNOWN) for name in ("nope", "", None, 3, ["gan"], {"gan": 1}, "../runs", "/etc")),
    ("sample", SAMPLE, 0, "./gan", UNKNOWN),
    ("sample", SAMPLE, 0, "a-file", UNKNOWN),
    ("sample", SAMPLE, 0, "<img src=x>", r"Received: '&lt;img src=x&gt;'"),
    ("sample", SAMPLE, 0, "x" * 10**5, UNKNOWN),
    *(("sample", SAMPLE, 1, count, r"count: expected an integer from 1 to 144\. Received: ") for count in
      (0, -1, 145, 1000, 1.5, "x", "4", None, True, [4], 10**30, float("nan"), float("inf"))),
    *(("sample", SAMPLE, 2, seed, SEED_RANGE) for seed in (2**31, -(2**31) - 1, 0.5, "x", None, float("nan"))),
    *(("sample", SAMPLE, 3, t, r"temperature: expected a number from 0 to 2\. Received: ") for t in
      (-0.1, 2.1, "x", None, float("nan"), float("-inf"))),
    ("interpolate", WAY, 1, 2**31, SEED_RANGE),
    ("interpolate", WAY, 3, 1, r"steps: expected an integer from 2 to 15\. Received: 1"),
    ("interpolate", WAY, 3, 16, r"steps: "),
    *(("interpolate", WAY, 4, path, r"path: expected one of spherical, linear\. Received: ") for path in
      ("curvy", "", None, 0, ["linear"], {})),
    ("mix", MIX, 3, 2**31, SEED_RANGE.replace("seed", "seed_3")),
    *(("mix", MIX, 5, weight, r"weight_1: expected a number from 0 to 1\. Received: ") for weight in
      (-1, 1.5, "x", None, True, float("nan"))),
    ("mix", ["gan", 0, 1, 2, 3, 0, 0.0, 0, 0, 1.0, ANY, ANY, ANY, ANY], 1, 7, "weights: expected at least one"),
    *(("favourites", ["gan"], 0, name, UNKNOWN) for name in ("nope", None, "../runs")),
    ("save_favourite", ["gan", "?tab=mix", "a"], 1, "?tab=<b>", r"tab in view: expected .*Received: '&lt;b&gt;'"),
    ("save_favourite", ["gan", "?tab=mix", "a"], 2, "<i>" * 40, r"name: expected one line .*'&lt;i&gt;"),
    ("delete_favourite", ["gan", "a"], 1, "<b>", r"name: expected the name of a favourite of gan\. Received: '&lt;b"),
    ("explore", PLACE, 1, 1.1, r"right: expected a number from -1 to 1\. Received: 1.1"),
    ("explore", PLACE, 2, None, r"up: expected a number from -1 to 1\. Received: None"),
    *(("explore", PLACE, 4, kind, r"or along two dimensions\. Received: ") for kind in ("x", None, ["x"])),
    ("explore", PLACE, 5, 0, "three different seeds"),
    ("latent_map", ["gan", 0, "along two dimensions", 0, 1, ANY], 3, 99,
     r"a latent dimension from 0 to 3\. Received: 99"),
    ("test_picture", ["vae", 0], 1, -1, r"index: expected an integer from 0 to 299\. Received: -1"),
    ("test_picture", ["vae", 0], 1, 300, r"index: "),
    *(("reconstruct", ["vae", None, True, ANY], 1, picture, r"[Ee]xpected") for picture in
      (None, "zero.png", 3, [], {}, {"a": 1}, {"path": None}, {"path": ["x"]}, {"url": "file:///etc/passwd"})),
    *(("sample", SAMPLE, 4, label, r"label: expected 'any class' for a model without classes\. Received: ") for label in
      ("cats", 0, ["cats"], {}, "each class in turn")),
    ("sample", ["vae-classes", *SAMPLE[1:]], 4, "birds", "label: expected one of any class, each class in turn, cats"),
    ("interpolate", ["vae-classes", *WAY[1:]], 7, "birds", "label: expected one of any class, cats"),
    ("explore", ["vae-classes", 0, 0, 0, "along two dimensions", 0, 1, ANY], 7, "each class in turn",
     "label: expected"),
    ("training", ["vae"], 0, "../x", UNKNOWN),
    ("epoch_samples", ["vae", None, False], 1, "x", "epoch: expected"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("handler", "data", "index", "value", "words"),
    BAD,
    ids=[f"{handler}-{index}-{i}" for i, (handler, _, index, *_) in enumerate(BAD)],
)
def test_a_bad_value_gives_a_message(error_of, handler, data, index, value, words):
    data = [*data[:index], value, *data[index + 1 :]]
    assert re.search(words, error_of(handler, *data))


def test_too_few_values_give_a_message(error_of):
    assert "needed: 7, got: 1" in error_of("sample", "gan")


def test_gradio_client_gets_the_message_about_a_bad_value(client):
    with pytest.raises(AppError, match=r"count: expected an integer from 1 to 144\. Received: 1000"):
        client.predict("gan", 1000, 0, 1.0, api_name="/sample")


@pytest.mark.parametrize(
    ("method", "path", "settings", "status"),
    [
        ("POST", "/call/nope", {"json": {"data": []}}, 404),
        ("POST", "/call/v2/nope", {"json": {}}, 404),
        ("POST", "/call/v2/sample", {"json": {"model": "gan", "bogus": 1}}, 400),
        ("POST", "/call/sample", {"json": {}}, 422),
        ("POST", "/call/sample", {"content": b"{"}, 422),
        ("POST", "/call/sample", {"content": b"\xff\xfe"}, 422),
        ("POST", "/call/sample", {"json": {"data": "gan"}}, 422),
        ("POST", "/call/sample", {"content": b'{"data": [' + b"9" * 5000 + b"]}"}, 400),
        ("POST", "/call/sample", {"content": b"[" * 100_000}, 400),
        ("POST", "/run/sample", {"json": {"data": SAMPLE}}, 404),
        ("POST", "/run/nope", {"json": {"data": []}}, 404),
        ("POST", "/queue/join", {"json": {"data": [], "fn_index": 9999, "session_hash": "x"}}, 404),
        ("POST", "/queue/join", {"json": {"data": [], "fn_index": -1, "session_hash": "x"}}, 404),
        (
            "POST",
            "/component_server",
            {"json": {"data": [], "component_id": 9999, "fn_name": "x", "session_hash": "x"}},
            404,
        ),
        ("GET", "/queue/data", {"params": {"session_hash": "none"}}, 200),
        ("GET", "/call/sample/none", {}, 200),
        ("GET", "/nope", {}, 404),
    ],
)
def test_a_malformed_request_is_a_client_error(app, method, path, settings, status):
    settings = {**settings, "headers": {"Content-Type": "application/json"}} if "content" in settings else settings
    answer = httpx.request(method, f"{app.url}gradio_api{path}", timeout=20, **settings)
    assert answer.status_code == status, answer.text


# -- new, removed and broken runs -------------------------------------------------------------------------------------


def unusable(client) -> dict[str, str]:
    return {entry["name"]: entry["unusable"] for entry in client.predict(api_name="/models") if entry["unusable"]}


def test_a_new_run_can_be_used_and_a_broken_one_is_listed(client, runs, shelf):
    run, file = runs.root / "later", runs.root / "later" / "model.keras"
    whole = (shelf / "gan" / "model.keras").read_bytes()
    question = {"api_name": "/sample"}
    try:
        shutil.copytree(shelf / "gan", run)
        before = Path(client.predict("later", 2, 0, 1.0, **question)[0])
        assert "later" not in unusable(client)

        file.write_bytes(whole[:-200])
        assert "cannot be read" in unusable(client)["later"]
        with pytest.raises(AppError, match=r"later: model\.keras cannot be read"):
            client.predict("later", 2, 0, 1.0, **question)
        assert client.predict("gan", 2, 0, 1.0, **question)

        file.write_bytes(whole)
        assert Path(client.predict("later", 2, 0, 1.0, **question)[0]).read_bytes() == before.read_bytes()

        file.unlink()
        assert "has not finished an epoch" in unusable(client)["later"]
    finally:
        shutil.rmtree(run)
    assert "later" not in {entry["name"] for entry in client.predict(api_name="/models")}
    with pytest.raises(AppError, match="'later', which does not exist or was removed"):
        client.predict("later", 2, 0, 1.0, **question)


@pytest.mark.parametrize("handler", ["sample", "interpolate", "explore", "reconstruct"])
def test_every_handler_gives_the_reason_of_a_broken_run(error_of, runs, handler):
    rest = {"sample": SAMPLE, "interpolate": WAY, "explore": PLACE, "reconstruct": ["", None, True, ANY]}[handler][1:]
    for name, reason in runs.broken.items():
        assert reason in error_of(handler, name, *rest)
