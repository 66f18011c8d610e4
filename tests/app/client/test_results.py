"""Results of the handlers for programs that call the app, and for MCP clients."""

import concurrent.futures
import re
from pathlib import Path

import numpy as np
import pytest
from gradio_client import handle_file
from PIL import Image

from tests.conftest import slow_except
from tfgen import pretrained
from tfgen.plots.grid import enlarged, image_grid

#: Width of the border of the first and of the last picture of a strip.
EDGE = 6
IMAGES = ("vae", "vae-plane", "vae-flow-prior", "gan", "flow")


@pytest.fixture
def digit(tmp_path):
    """A picture of a digit, dark on light, as an upload."""
    page = Image.new("L", (60, 60), 255)
    page.paste(20, (20, 10, 40, 50))
    page.paste(255, (26, 18, 34, 42))
    page.save(tmp_path / "zero.png")
    return handle_file(str(tmp_path / "zero.png"))


def pixels(path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def expected_grid(model, *seeds, **settings) -> np.ndarray:
    """Return the grid of a model's own samples, enlarged as on the page."""
    grid = image_grid(np.concatenate([model.sample(1, seed=seed, **settings) for seed in seeds]))
    return enlarged(grid, round(800 / max(grid.shape[:2])))[..., 0]


# -- offered handlers and models --------------------------------------------------------------------------------------


def test_every_handler_is_offered_with_named_parameters(client):
    offered = client.view_api(return_format="dict")
    assert not offered["unnamed_endpoints"]
    names = {name.lstrip("/") for name in offered["named_endpoints"]}
    assert {
        "models", "sample", "interpolate", "interpolate_pictures", "explore", "latent_map", "reconstruct",
        "test_picture", "compare", "compare_samples", "training", "epoch_samples", "start_training", "stop_training",
        "resume_training", "sample_zip", "mix", "favourites", "save_favourite", "delete_favourite",
    } <= names  # fmt: skip
    internal = {
        "show",
        "update",
        "describe",
        "drag",
        "draw_map",
        "watch",
        "open",
        "lambda",
        "use_picture",
        "between_ends",
    }
    assert not [name for name in names if name.strip("_0123456789") in internal]
    for name, endpoint in offered["named_endpoints"].items():
        for parameter in endpoint["parameters"]:
            assert parameter["parameter_name"] not in (None, "", "param"), name


def test_models_lists_all_models_and_runs_with_the_reason_if_unusable(client, runs):
    found = {entry["name"]: entry for entry in client.predict(api_name="/models")}
    assert set(found) == {*pretrained.names(), *IMAGES, "vae-classes", "points", *runs.broken}
    for name, entry in found.items():
        if name in runs.broken:
            assert runs.broken[name] in entry["unusable"]
        else:
            assert entry["unusable"] == ""
            assert entry["about"].startswith("A **")


# -- results ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", slow_except(IMAGES, *IMAGES[:-1]))
def test_samples_are_those_of_the_seeds(client, model, name):
    path, caption = client.predict(name, 5, 11, 0.7, api_name="/sample")
    np.testing.assert_array_equal(pixels(path), expected_grid(model(name), *range(11, 16), temperature=0.7))
    assert Path(path).name == f"{name}-seed-11.png"
    assert f"Seeds 11 to 15 of **{name}** at temperature 0.7" in caption


def test_samples_have_the_class_that_was_asked_for(client, model):
    path, _ = client.predict("vae-classes", 4, 11, 1.0, "<b>", api_name="/sample")
    expected = image_grid(model("vae-classes").sample(4, seed=11, label=2).numpy())
    np.testing.assert_allclose(pixels(path), enlarged(expected, round(800 / max(expected.shape[:2])))[..., 0], atol=1)


def test_the_same_request_gives_the_same_bytes(client):
    first, second = (client.predict("gan", 9, 3, 1.0, api_name="/sample")[0] for _ in range(2))
    assert Path(first).read_bytes() == Path(second).read_bytes()
    assert Path(first).read_bytes() != Path(client.predict("gan", 9, 4, 1.0, api_name="/sample")[0]).read_bytes()


@pytest.mark.parametrize("seed", [-(2**31), 2**31 - 1])
def test_every_seed_of_32_bits_is_accepted(client, model, seed):
    path, _ = client.predict("gan", 2, seed, 1.0, api_name="/sample")
    following = seed + 1 if seed < 0 else -(2**31)
    np.testing.assert_array_equal(pixels(path), expected_grid(model("gan"), seed, following))


def test_points_are_drawn_as_a_scatter_plot(client):
    path, _ = client.predict("points", 100, 0, 1.0, api_name="/sample")
    assert pixels(path).ndim == 3


def test_the_ends_of_an_interpolation_are_the_samples_of_its_seeds(client, model):
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


@pytest.mark.parametrize("name", slow_except(["vae", "flow"], "vae"))
def test_a_reconstruction_has_pictures_figures_and_typicality_text(client, model, digit, name):
    from tfgen.plots.difference import signed_difference

    seen, made, difference, bits, plot, typicality = client.predict(name, digit, True, api_name="/reconstruct")
    example = pixels(seen)[::45, ::45][None, ..., None] / np.float32(255)
    again = model(name).decode(model(name).encode(example)).numpy()
    np.testing.assert_allclose(pixels(made)[::45, ::45], np.round(255 * again[0, ..., 0]), atol=1)
    np.testing.assert_allclose(pixels(difference)[::45, ::45], signed_difference(example[0], again[0]), atol=2)
    assert pixels(plot).shape[1] == 768 and pixels(bits).shape[0] == 360
    # The rounded sum of the bits of the pixels and the latent is that of the bits per dimension.
    in_all, per_dim = re.search(r"takes (\d+) bits in all", typicality), re.match(r"\*\*(\d+\.\d{3})", typicality)
    assert in_all and per_dim and abs(int(in_all[1]) - 64 * float(per_dim[1])) < 0.6
    assert ("bits in all: " in typicality) == (name == "vae")
    assert re.match(r"\*\*\d+\.\d{3} bits/dim\*\* \(lower: [a-z ]+\), (higher|lower) than ", typicality)


def test_a_flow_reconstructs_a_picture_exactly(client, digit):
    seen, made, *_ = client.predict("flow", digit, True, api_name="/reconstruct")
    np.testing.assert_allclose(pixels(made).astype(int), pixels(seen), atol=1)


def test_a_picture_of_the_test_set_is_usual_and_noise_is_very_unlikely(client, tmp_path):
    taken = client.predict("vae", 17, api_name="/test_picture")
    typicality = client.predict("vae", handle_file(taken), False, api_name="/reconstruct")[-1]
    assert "noise samples). The picture takes" in typicality and "of the test set: usual" in typicality
    noise = np.random.default_rng(0).integers(0, 256, (8, 8)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    typicality = client.predict("vae", handle_file(str(tmp_path / "noise.png")), False, api_name="/reconstruct")[-1]
    assert "higher than every picture of the test set: very unlikely under this model" in typicality


def test_a_picture_of_the_test_set_has_its_pixels(client):
    from tfgen.data import load

    test = load("digits").test
    for index in (0, len(test) - 1):
        found = pixels(client.predict("vae", index, api_name="/test_picture"))
        np.testing.assert_array_equal(found, np.round(test.examples[index, ..., 0] * (255 / 16)))


@pytest.mark.slow
def test_the_ends_of_an_interpolation_of_pictures_are_their_reconstructions(client, digit):
    _, made, *_ = client.predict("flow", digit, True, api_name="/reconstruct")
    other = client.predict("flow", 3, api_name="/test_picture")
    strip, _ = client.predict("flow", digit, handle_file(other), 4, "linear", True, api_name="/interpolate_pictures")
    scale = 1600 // (4 * 8)
    end = pixels(strip)[EDGE : EDGE + 8 * scale : scale, EDGE : EDGE + 8 * scale : scale]
    np.testing.assert_allclose(end.astype(int), pixels(made)[::45, ::45], atol=2)


def test_clients_at_the_same_time_get_their_own_results(client, model):
    models = {name: model(name) for name in ("gan", "vae")}
    requests = [(name, seed) for seed in range(20, 26) for name in models]
    with concurrent.futures.ThreadPoolExecutor(len(requests)) as clients:
        paths = clients.map(lambda one: client.predict(one[0], 1, one[1], 1.0, api_name="/sample")[0], requests)
        for (name, seed), path in zip(requests, paths, strict=True):
            own = np.round(255 * models[name].sample(1, seed=seed).numpy()[0, ..., 0])
            np.testing.assert_array_equal(pixels(path)[::100, ::100], own)


# -- tools of the MCP server ------------------------------------------------------------------------------------------


def test_the_handlers_are_mcp_tools_with_descriptions_that_return_pictures(app, client):
    """The client runs in a thread, because the browser tests leave an event loop in the main thread."""
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
        tools, answer, error = thread.submit(asyncio.run, use()).result(60)
    named = {tool.name: tool for tool in tools}
    assert {f"/{name}" for name in named} == set(client.view_api(return_format="dict")["named_endpoints"])
    for tool in tools:
        assert tool.description.partition(" ")[0].istitle(), tool.name
        for name, parameter in tool.inputSchema.get("properties", {}).items():
            assert parameter.get("description"), (tool.name, name)
    assert [content.type for content in answer.content] == ["image", "text", "text"]
    assert answer.content[0].mimeType == "image/png"
    assert error.isError
    assert "'nope', which does not exist" in error.content[0].text
