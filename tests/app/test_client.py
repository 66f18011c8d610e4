"""Whoever asks the app without its page: right answers for a seed, and a sentence for everything else."""

import concurrent.futures
import io
import itertools
import json
import re
import shutil
from pathlib import Path

import httpx
import numpy as np
import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from tfgen import pretrained
from tfgen.plots.grid import enlarged, image_grid

SEED_RANGE = r"seed: expected an integer from -2147483648 to 2147483647\. Received: "
#: Around the first and the last picture of a strip.
EDGE = 6
IMAGES = ("vae", "vae-plane", "vae-flow-prior", "gan", "flow")


@pytest.fixture(scope="module")
def ask(app):
    """A function that asks a handler by plain HTTP, and gives its answer or its sentence.

    Beside gradio_client, which completes and checks what it sends.
    """
    with httpx.Client(base_url=f"{app.url}gradio_api", timeout=60) as http:

        def send(handler: str, *data, body: bytes | None = None):
            content = json.dumps({"data": data}) if body is None else body
            begun = http.post(f"/call/{handler}", content=content, headers={"Content-Type": "application/json"})
            assert begun.status_code == 200, begun.text
            answer = http.get(f"/call/{handler}/{begun.json()['event_id']}")
            assert answer.status_code == 200
            event, _, data = answer.text.strip().rpartition("event: ")[2].partition("\ndata: ")
            return event, json.loads(data)

        yield send


@pytest.fixture(scope="module")
def refused(ask):
    """A function from a request to the sentence by which it is refused."""

    def sentence(handler: str, *data, **settings) -> str:
        event, answer = ask(handler, *data, **settings)
        assert event == "error", answer
        assert isinstance(answer["error"], str)
        assert "\n" not in answer["error"] and "Error:" not in answer["error"]
        return answer["error"]

    return sentence


@pytest.fixture
def drawn(tmp_path):
    """A picture of a digit, dark on light."""
    page = Image.new("L", (60, 60), 255)
    page.paste(20, (20, 10, 40, 50))
    page.paste(255, (26, 18, 34, 42))
    page.save(tmp_path / "zero.png")
    return handle_file(str(tmp_path / "zero.png"))


def pixels(path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def expected_grid(model, *seeds, **settings) -> np.ndarray:
    """The grid of a model's own pictures, enlarged as the page has it."""
    grid = image_grid(np.concatenate([model.sample(1, seed=seed, **settings) for seed in seeds]))
    return enlarged(grid, round(800 / max(grid.shape[:2])))[..., 0]


# -- what there is ----------------------------------------------------------------------------------------------------


def test_every_handler_is_offered_under_its_name_and_described(client):
    offered = client.view_api(return_format="dict")
    assert not offered["unnamed_endpoints"]
    names = {name.lstrip("/") for name in offered["named_endpoints"]}
    assert {
        "models", "sample", "interpolate", "interpolate_pictures", "explore", "latent_map", "reconstruct",
        "test_picture", "compare", "compare_samples", "training", "epoch_samples", "start_training", "stop_training",
        "resume_training",
    } <= names  # fmt: skip
    internal = {"show", "look", "describe", "drawn", "dragged", "lambda", "ask", "again"}
    assert not [name for name in names if name.strip("_0123456789") in internal]
    for name, endpoint in offered["named_endpoints"].items():
        for parameter in endpoint["parameters"]:
            assert parameter["parameter_name"] not in (None, "", "param"), name


def test_models_lists_what_can_be_used_and_what_cannot_with_the_reason(client, runs):
    found = {entry["name"]: entry for entry in client.predict(api_name="/models")}
    assert set(found) == {*pretrained.names(), *IMAGES, "points", *runs.broken}
    for name, entry in found.items():
        if name in runs.broken:
            assert runs.broken[name] in entry["unusable"]
        else:
            assert entry["unusable"] == ""
            assert entry["about"].startswith("A **")


# -- right answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", IMAGES)
def test_samples_are_those_of_the_model_s_seeds(client, model, name):
    path, caption = client.predict(name, 5, 11, 0.7, api_name="/sample")
    np.testing.assert_array_equal(pixels(path), expected_grid(model(name), *range(11, 16), temperature=0.7))
    assert Path(path).name == f"{name}-seed-11.png"
    assert f"Seeds 11 to 15 of **{name}** at temperature 0.7" in caption


def test_the_same_question_has_the_same_bytes_as_an_answer(client):
    first, second = (client.predict("gan", 9, 3, 1.0, api_name="/sample")[0] for _ in range(2))
    assert Path(first).read_bytes() == Path(second).read_bytes()
    assert Path(first).read_bytes() != Path(client.predict("gan", 9, 4, 1.0, api_name="/sample")[0]).read_bytes()


@pytest.mark.parametrize("seed", [-(2**31), 2**31 - 1])
def test_every_seed_of_32_bits_is_one(client, model, seed):
    path, _ = client.predict("gan", 2, seed, 1.0, api_name="/sample")
    following = seed + 1 if seed < 0 else -(2**31)
    np.testing.assert_array_equal(pixels(path), expected_grid(model("gan"), seed, following))


def test_points_are_drawn_as_points(client):
    path, _ = client.predict("points", 100, 0, 1.0, api_name="/sample")
    assert pixels(path).ndim == 3


def test_the_ends_of_an_interpolation_are_the_pictures_of_its_seeds(client, model):
    strip, film = client.predict("vae", 3, 9, 5, "spherical", 1.0, api_name="/interpolate")
    scale = 1600 // (5 * 8)
    found = pixels(strip)
    for seed, left in ((3, EDGE), (9, found.shape[1] - EDGE - 8 * scale)):
        end = np.round(255 * model("vae").sample(1, seed=seed).numpy()[0, ..., 0])
        shown = found[EDGE : EDGE + 8 * scale : scale, left : left + 8 * scale : scale]
        np.testing.assert_allclose(shown, end, atol=1)
    with Image.open(film) as animation:
        assert animation.n_frames == 46


def test_the_middle_of_a_map_is_the_sample(client, model):
    path = client.predict("vae", 0.0, 0.0, 7, "around a sample", 101, 102, api_name="/explore")
    here = np.round(255 * model("vae").sample(1, seed=7).numpy()[0, ..., 0])
    np.testing.assert_allclose(pixels(path)[::60, ::60], here, atol=1)
    whole = pixels(client.predict("vae", 7, "around a sample", 101, 102, api_name="/latent_map"))
    assert whole.shape == (82, 82) or whole.shape[0] % 82 == 0
    scale = whole.shape[0] // 82
    middle = whole[::scale, ::scale][4 * 9 + 1 : 4 * 9 + 9, 4 * 9 + 1 : 4 * 9 + 9]
    np.testing.assert_allclose(middle, here, atol=1)


@pytest.mark.parametrize("name", ["vae", "flow"])
def test_a_reconstruction_shows_both_pictures_their_difference_and_its_place(client, model, drawn, name):
    from tfgen.plots.difference import signed_difference

    seen, made, difference, place, verdict = client.predict(name, drawn, True, api_name="/reconstruct")
    example = pixels(seen)[::45, ::45][None, ..., None] / np.float32(255)
    again = model(name).decode(model(name).encode(example)).numpy()
    np.testing.assert_allclose(pixels(made)[::45, ::45], np.round(255 * again[0, ..., 0]), atol=1)
    np.testing.assert_allclose(pixels(difference)[::45, ::45], signed_difference(example[0], again[0]), atol=2)
    assert pixels(place).shape[1] == 768
    assert re.match(r"\*\*\d+\.\d{3} bits/dim\*\*, (more|less) than ", verdict)


def test_an_exact_model_makes_of_a_picture_that_picture(client, drawn):
    seen, made, *_ = client.predict("flow", drawn, True, api_name="/reconstruct")
    np.testing.assert_allclose(pixels(made).astype(int), pixels(seen), atol=1)


def test_a_picture_of_the_test_set_is_usual_and_noise_is_odd(client, tmp_path):
    taken = client.predict("vae", 17, api_name="/test_picture")
    verdict = client.predict("vae", handle_file(taken), False, api_name="/reconstruct")[-1]
    assert verdict.endswith("draws).") and "of the test set: usual" in verdict
    noise = np.random.default_rng(0).integers(0, 256, (8, 8)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    verdict = client.predict("vae", handle_file(str(tmp_path / "noise.png")), False, api_name="/reconstruct")[-1]
    assert "more than any picture of the test set: to this model it is odd" in verdict


def test_a_picture_of_the_test_set_is_that_picture(client):
    from tfgen.data import load

    test = load("digits").test
    for index in (0, len(test) - 1):
        found = pixels(client.predict("vae", index, api_name="/test_picture"))
        np.testing.assert_array_equal(found, np.round(test.examples[index, ..., 0] * (255 / 16)))


def test_a_picture_of_mine_becomes_the_end_of_an_interpolation(client, drawn):
    _, made, *_ = client.predict("flow", drawn, True, api_name="/reconstruct")
    other = client.predict("flow", 3, api_name="/test_picture")
    strip, _ = client.predict("flow", drawn, handle_file(other), 4, "linear", True, api_name="/interpolate_pictures")
    scale = 1600 // (4 * 8)
    end = pixels(strip)[EDGE : EDGE + 8 * scale : scale, EDGE : EDGE + 8 * scale : scale]
    np.testing.assert_allclose(end.astype(int), pixels(made)[::45, ::45], atol=2)


def test_clients_that_ask_at_once_get_their_own_answers(client, model):
    models = {name: model(name) for name in ("gan", "vae")}
    asked = [(name, seed) for seed in range(20, 26) for name in models]
    with concurrent.futures.ThreadPoolExecutor(len(asked)) as clients:
        paths = clients.map(lambda one: client.predict(one[0], 1, one[1], 1.0, api_name="/sample")[0], asked)
        for (name, seed), path in zip(asked, paths, strict=True):
            own = np.round(255 * models[name].sample(1, seed=seed).numpy()[0, ..., 0])
            np.testing.assert_array_equal(pixels(path)[::100, ::100], own)


# -- what has no answer -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handler", "data", "words"),
    [
        ("reconstruct", ["gan", None, True], "a GAN has no encoder"),
        ("interpolate_pictures", ["gan", None, None, 5, "linear", True], "a GAN has no encoder"),
        ("reconstruct", ["points", None, True], "needs images"),
        ("interpolate", ["points", 0, 1, 5, "linear", 1.0], "needs images"),
        ("explore", ["points", 0, 0, 0, "around a sample", 1, 2], "needs images"),
        ("latent_map", ["points", 0, "around a sample", 1, 2], "needs images"),
        ("test_picture", ["points", 0], "no pictures"),
        ("explore", ["vae-plane", 0, 0, 0, "around a sample", 1, 2], "3 dimensions or more"),
    ],
)
def test_what_a_model_cannot_answer_is_said(refused, handler, data, words):
    assert words in refused(handler, *data)


def test_the_same_is_said_through_the_client(client):
    with pytest.raises(AppError, match="a GAN has no encoder: nothing in it maps an image to its latent"):
        client.predict("gan", None, True, api_name="/reconstruct")


# -- bad requests -----------------------------------------------------------------------------------------------------

SAMPLE, WAY, PLACE = ["gan", 4, 0, 1.0], ["gan", 0, 1, 5, "linear", 1.0], ["gan", 0, 0, 0, "around a sample", 1, 2]
NOT_THERE = r"Expected one of digits-flow, .*which is not there"
BAD = [
    *(("sample", SAMPLE, 0, name, NOT_THERE) for name in ("nope", "", None, 3, ["gan"], {"gan": 1}, "../runs", "/etc")),
    ("sample", SAMPLE, 0, "./gan", NOT_THERE),
    ("sample", SAMPLE, 0, "a-file", NOT_THERE),
    ("sample", SAMPLE, 0, "<img src=x>", r"Received: '&lt;img src=x&gt;'"),
    ("sample", SAMPLE, 0, "x" * 10**5, NOT_THERE),
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
    ("explore", PLACE, 1, 1.1, r"right: expected a number from -1 to 1\. Received: 1.1"),
    ("explore", PLACE, 2, None, r"up: expected a number from -1 to 1\. Received: None"),
    *(("explore", PLACE, 4, kind, r"or along two dimensions\. Received: ") for kind in ("x", None, ["x"])),
    ("explore", PLACE, 5, 0, "three different seeds"),
    ("latent_map", ["gan", 0, "along two dimensions", 0, 1], 3, 99, r"a latent dimension from 0 to 3\. Received: 99"),
    ("test_picture", ["vae", 0], 1, -1, r"index: expected an integer from 0 to 299\. Received: -1"),
    ("test_picture", ["vae", 0], 1, 300, r"index: "),
    *(("reconstruct", ["vae", None, True], 1, picture, r"[Ee]xpected") for picture in
      (None, "zero.png", 3, [], {}, {"a": 1}, {"path": None}, {"path": ["x"]}, {"url": "file:///etc/passwd"})),
    ("training", ["vae"], 0, "../x", NOT_THERE),
    ("epoch_samples", ["vae", None, False], 1, "x", "epoch: expected"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("handler", "data", "index", "value", "words"),
    BAD,
    ids=[f"{handler}-{index}-{i}" for i, (handler, _, index, *_) in enumerate(BAD)],
)
def test_a_bad_value_is_a_sentence(refused, handler, data, index, value, words):
    data = [*data[:index], value, *data[index + 1 :]]
    assert re.search(words, refused(handler, *data))


def test_too_few_values_are_a_sentence(refused):
    assert "needed: 4, got: 1" in refused("sample", "gan")


def test_a_client_is_told_too(client):
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
def test_a_request_that_is_none_is_no_fault_of_the_server(app, method, path, settings, status):
    settings = {**settings, "headers": {"Content-Type": "application/json"}} if "content" in settings else settings
    answer = httpx.request(method, f"{app.url}gradio_api{path}", timeout=20, **settings)
    assert answer.status_code == status, answer.text


# -- files ------------------------------------------------------------------------------------------------------------


def test_files_of_the_machine_are_not_served(app, runs):
    root = runs.root.resolve()
    paths = [
        "/etc/passwd", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "....//etc/passwd",
        "file:///etc/passwd", "/proc/self/environ", "%00", "", "app.py", "pyproject.toml", "x" * 5000,
        str(root), str(root / "vae" / "config.json"), str(root / "vae" / "model.keras"), "runs/vae/config.json",
        f"{app.cache}/../{root.parent.name}/runs/vae/config.json", f"{app.cache}/x/../../../etc/passwd", str(app.cache),
    ]  # fmt: skip
    prefixes = ("gradio_api/file=", "gradio_api/file/", "file=", "static/", "assets/", "gradio_api/proxy=")
    with httpx.Client(base_url=app.url, timeout=20) as http:
        for prefix, path in itertools.product(prefixes, paths):
            answer = http.get(f"/{prefix}{path}")
            assert answer.status_code in (307, 400, 403, 404, 405), (prefix, path, answer.status_code)
            assert b"root:" not in answer.content and b"architecture" not in answer.content


def test_an_answer_is_served_and_nothing_beside_it(app, ask):
    _, (picture, _) = ask("sample", *SAMPLE)
    answer = httpx.get(picture["url"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert httpx.get(picture["url"].replace(".png", ".txt")).status_code in (403, 404)
    assert httpx.get(picture["url"].rpartition("/")[0]).status_code in (403, 404)


OUTSIDE = str(pretrained.FOLDER / "digits-vae" / "samples.png")


@pytest.mark.parametrize(
    "picture",
    [
        {"path": OUTSIDE},
        {"path": OUTSIDE, "meta": {}},
        {"path": OUTSIDE, "meta": {"_type": "something else"}},
        {"path": OUTSIDE, "meta": {"_type": "gradio.FileData"}},
        {"path": OUTSIDE, "is_stream": True, "meta": {"_type": "gradio.FileData"}},
        {"path": f"file://{OUTSIDE}", "meta": {"_type": "gradio.FileData"}},
        {"path": "http://127.0.0.1:1/a.png", "meta": {"_type": "gradio.FileData"}},
        {"path": "http://localhost/a.png", "url": "http://localhost/a.png", "meta": {"_type": "gradio.FileData"}},
    ],
)
def test_a_picture_of_the_machine_that_was_not_uploaded_is_not_read(refused, picture):
    said = refused("reconstruct", "vae", picture, False)
    assert "samples.png" not in said or "not uploaded" in said


def test_whether_a_file_exists_is_not_told(refused):
    there, absent = (refused("reconstruct", "vae", {"path": path}, False) for path in (OUTSIDE, "/none.png"))
    assert there == absent


def upload(app, content: bytes, name: str) -> httpx.Response:
    return httpx.post(f"{app.url}gradio_api/upload", files={"files": (name, content)}, timeout=60)


def test_an_upload_beyond_the_bound_is_refused(app):
    assert upload(app, bytes(20 * 2**20 + 1), "large.png").status_code == 413
    assert not [path for path in app.cache.rglob("*") if path.is_file() and path.stat().st_size > 20 * 2**20]


@pytest.mark.parametrize(
    "name", ["../../outside.png", "/etc/outside.png", "..", "a\0b.png", "x" * 300 + ".png", "é <b>.png"]
)
def test_no_name_of_an_upload_leads_out_of_the_cache(app, name):
    answer = upload(app, b"x", name)
    assert answer.status_code in (200, 400, 422)
    if answer.status_code == 200:
        assert Path(answer.json()[0]).resolve().is_relative_to(app.cache.resolve())


def encoded(picture: Image.Image, kind: str = "png", **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


FRAMES = [Image.new("L", (9, 9), level) for level in (0, 99, 200)]
UPLOADS = {
    "text.png": (b"no picture", "a file that is no picture"),
    "empty.png": (b"", "an empty file"),
    "code.svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a file that is no picture"),
    "half.png": (encoded(Image.effect_noise((90, 90), 90))[:1000], "damaged"),
    "moving.gif": (encoded(FRAMES[0], "gif", save_all=True, append_images=FRAMES[1:]), "3 frames"),
    "bomb.png": (encoded(Image.new("1", (9600, 9600))), "at most"),
    "blank.png": (encoded(Image.new("L", (9, 9), 255)), "an empty page"),
}


@pytest.mark.parametrize("name", UPLOADS)
def test_a_bad_upload_is_a_sentence_that_calls_it_by_its_name(client, tmp_path, name):
    content, words = UPLOADS[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AppError, match=words) as caught:
        client.predict("vae", handle_file(str(tmp_path / name)), True, api_name="/reconstruct")
    assert str(caught.value).startswith(f"{name}: expected ")
    assert "/" not in str(caught.value)


# -- runs that come, go and break -------------------------------------------------------------------------------------


def unusable(client) -> dict[str, str]:
    return {entry["name"]: entry["unusable"] for entry in client.predict(api_name="/models") if entry["unusable"]}


def test_a_run_that_comes_later_is_used_by_its_name_and_one_that_breaks_is_listed(client, runs, shelf):
    run, file = runs.root / "later", runs.root / "later" / "model.keras"
    whole = (shelf / "gan" / "model.keras").read_bytes()
    question = {"api_name": "/sample"}
    try:
        shutil.copytree(shelf / "gan", run)
        before = Path(client.predict("later", 2, 0, 1.0, **question)[0])
        assert "later" not in unusable(client)

        file.write_bytes(whole[:-200])
        assert "cannot be read" in unusable(client)["later"]
        with pytest.raises(AppError, match=r"later: its model\.keras cannot be read"):
            client.predict("later", 2, 0, 1.0, **question)
        assert client.predict("gan", 2, 0, 1.0, **question)

        file.write_bytes(whole)
        assert Path(client.predict("later", 2, 0, 1.0, **question)[0]).read_bytes() == before.read_bytes()

        file.unlink()
        assert "has not finished an epoch" in unusable(client)["later"]
    finally:
        shutil.rmtree(run)
    assert "later" not in {entry["name"] for entry in client.predict(api_name="/models")}
    with pytest.raises(AppError, match="'later', which is not there, or not there any more"):
        client.predict("later", 2, 0, 1.0, **question)


@pytest.mark.parametrize("handler", ["sample", "interpolate", "explore", "reconstruct"])
def test_a_broken_run_gives_its_reason_wherever_it_is_named(refused, runs, handler):
    rest = {"sample": SAMPLE, "interpolate": WAY, "explore": PLACE, "reconstruct": ["", None, True]}[handler][1:]
    for name, reason in runs.broken.items():
        assert reason in refused(handler, name, *rest)


# -- tools ------------------------------------------------------------------------------------------------------------


def test_the_handlers_are_tools_with_descriptions_and_answer_with_pictures(app, client):
    """By another program's protocol, in a thread: the browser's tests have an event loop of their own in this one."""
    pytest.importorskip("mcp")
    import asyncio

    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def use():
        async with (
            streamablehttp_client(f"{app.url}gradio_api/mcp/") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            return (
                (await session.list_tools()).tools,
                await session.call_tool("sample", {"model": "gan", "count": 4}),
                await session.call_tool("sample", {"model": "nope"}),
            )

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        tools, answer, refusal = thread.submit(asyncio.run, use()).result(60)
    named = {tool.name: tool for tool in tools}
    assert {f"/{name}" for name in named} == set(client.view_api(return_format="dict")["named_endpoints"])
    for tool in tools:
        assert tool.description.partition(" ")[0].istitle(), tool.name
        for name, parameter in tool.inputSchema.get("properties", {}).items():
            assert parameter.get("description"), (tool.name, name)
    assert [content.type for content in answer.content] == ["image", "text", "text"]
    assert answer.content[0].mimeType == "image/png"
    assert refusal.isError
    assert "'nope', which is not there" in refusal.content[0].text
