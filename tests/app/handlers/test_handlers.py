"""The handlers as plain functions: pictures and messages, without Gradio and without a page."""

import ast
import base64
import inspect
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfgen.app import handlers
from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.handlers.compare import comparable_models, compare_samples
from tfgen.app.handlers.explore import DIRECTIONS, latent_map, map_and_point, suitable_plane
from tfgen.app.handlers.interpolate import interpolate, interpolate_pictures
from tfgen.app.handlers.reconstruct import reconstruct, reconstruct_in_steps
from tfgen.app.handlers.sample import sample
from tfgen.app.latent_plane import ALONG, AROUND
from tfgen.app.model_cache import ModelCache
from tfgen.errors import ConfigError, RunError, UndefinedError


@pytest.fixture(scope="module")
def context(shelf) -> Context:
    catalogue = Catalogue(shelf)
    return Context(catalogue, ModelCache(catalogue), trainer=None)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def pixels(path: str) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def imported(file: Path) -> set[str]:
    """Return the modules that a file imports, at its top and in its functions."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return modules


def test_no_handler_imports_gradio():
    folder = Path(handlers.__file__).parent
    waiting, modules = set(folder.glob("*.py")), set()
    files: set[Path] = set()
    while waiting:
        file = waiting.pop()
        files.add(file)
        found = imported(file)
        modules |= found
        paths = (
            folder.parents[2].joinpath(*name.split(".")).with_suffix(".py") for name in found if "tfgen.app" in name
        )
        waiting |= {path for path in paths if path.exists()} - files
    assert {"context.py", "pictures.py", "latent_plane.py"} <= {file.name for file in files}
    assert not [name for name in modules if name.partition(".")[0] == "gradio"]


def test_a_sample_is_a_file_in_the_cache_with_a_caption(context, cache):
    path, caption = sample(context, "gan", 4, 11)
    assert Path(path).is_relative_to(cache)
    assert Path(path).name == "gan-seed-11.png"
    assert caption.startswith("Seeds 11 to 14 of **gan** at temperature 1.")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("nope",), RunError, "does not exist"),
        (("gan", 0), ConfigError, "count: expected an integer from 1 to 144"),
        (("gan", 1, 0.5), ConfigError, "seed: expected an integer"),
        (("gan", 1, 0, 3), ConfigError, "temperature: expected a number from 0 to 2"),
    ],
)
def test_a_bad_argument_raises_an_error_for_the_user(context, arguments, error, message):
    with pytest.raises(error, match=message):
        sample(context, *arguments)


def test_an_interpolation_is_a_strip_and_an_animation(context):
    strip, animation = interpolate(context, "gan", steps=3)
    assert pixels(strip).shape[1] > 3 * pixels(strip).shape[0] - 20
    assert animation.endswith(".webp")
    with pytest.raises(UndefinedError, match="needs a model of images"):
        interpolate(context, "points")


def test_the_map_of_the_page_is_the_map_for_programs(context):
    url, point = map_and_point(context, "gan", 0, AROUND, *DIRECTIONS)
    assert url.startswith("data:image/png;base64,")
    assert point == (0.0, 0.0)
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as picture:
        on_page = np.asarray(picture)
    scale = round(800 / len(on_page))
    np.testing.assert_array_equal(pixels(latent_map(context, "gan"))[::scale, ::scale], on_page)


def test_a_small_latent_space_gets_a_map_along_its_dimensions(context):
    assert suitable_plane(context, "gan", AROUND, 0) == ((AROUND, *DIRECTIONS), (AROUND, ALONG), ())
    (kind, *dimensions), kinds, _ = suitable_plane(context, "vae-plane", AROUND, 0)
    assert kinds == (ALONG,)
    assert kind == ALONG
    assert sorted(dimensions) == [0, 1]


@pytest.fixture
def upload(digits, tmp_path) -> dict:
    Image.fromarray(np.uint8(digits[0, ..., 0] * 15)).save(tmp_path / "digit.png")
    return {"path": str(tmp_path / "digit.png"), "name": "digit.png"}


def test_the_latent_of_a_picture_is_searched_for_a_gan(context, upload):
    states = list(reconstruct_in_steps(context, "digits-gan", upload, fit=False))
    assert len(states) > 5
    assert states[0][-1].startswith("Search for the latent: step 0 of 200. The nearest picture so far differs by **0.")
    assert "s left" in states[1][-1] and "cannot say how probable" in states[-1][-1]
    assert {plot for *_, plot, _ in states} == {None}

    def error(state) -> float:
        drawn, nearest = (pixels(path).astype(float) for path in state[:2])
        return np.sqrt(((drawn - nearest) ** 2).mean()) / 255

    assert error(states[-1]) < 0.8 * error(states[0])
    assert f"**{error(states[-1]):.3f}**" in states[-1][-1]
    assert reconstruct(context, "digits-gan", upload, fit=False)[-1] == states[-1][-1]
    with pytest.raises(UndefinedError, match="needs a model of images"):
        reconstruct(context, "points", upload)


def test_another_event_computes_between_two_states_of_a_search(context, upload):
    states = reconstruct_in_steps(context, "digits-gan", upload, fit=False)
    next(states)
    with ThreadPoolExecutor() as pool:
        assert pool.submit(sample, context, "gan", 1).result(timeout=60)
    assert next(states)


@pytest.mark.slow
def test_an_interpolation_between_pictures_of_the_user_begins_at_what_a_gan_finds(context, upload, digits, tmp_path):
    Image.fromarray(np.uint8(digits[1, ..., 0] * 15)).save(tmp_path / "other.png")
    other = {"path": str(tmp_path / "other.png"), "name": "other.png"}
    strip, _ = interpolate_pictures(context, "digits-gan", upload, other, 2, fit=False)
    found = pixels(reconstruct(context, "digits-gan", upload, fit=False)[1])
    scale = (pixels(strip).shape[1] // 2 - 8) // 8
    first = pixels(strip)[6:-6, 6:][: 8 * scale : scale, : 8 * scale : scale].astype(int)
    np.testing.assert_allclose(first, found[::45, ::45], atol=3)


def test_the_latents_of_the_same_picture_are_searched_once(context, upload, monkeypatch):
    from tfgen.evaluation import projection

    interpolate_pictures(context, "digits-gan", upload, upload, 2, fit=False)
    monkeypatch.setattr(projection, "search", None)
    interpolate_pictures(context, "digits-gan", upload, upload, 3, fit=False)


def test_models_of_the_same_data_are_comparable(context):
    usable, names = comparable_models(context, "gan")
    assert names[0] == "gan"
    assert set(names) <= set(usable)
    assert "points" not in names
    ((path, name),) = compare_samples(context, ["gan"], 4)
    assert (Path(path).name, name) == ("gan-seed-0.png", "gan")
    with pytest.raises(ConfigError, match="models: expected a list of 1 to 6 names"):
        compare_samples(context, [])


def test_every_handler_takes_the_context_first_and_documents_its_other_arguments():
    from tfgen.app.handlers import (
        compare,
        downloads,
        explore,
        favourites,
        interpolate,
        mix,
        own_pictures,
        reconstruct,
        sample,
        train,
        training_history,
    )

    documented = [
        *(compare.compare, compare.compare_samples, explore.explore, explore.latent_map, interpolate.interpolate),
        *(interpolate.interpolate_pictures, reconstruct.reconstruct, reconstruct.test_picture, sample.sample),
        *(downloads.sample_zip, mix.mix),
        *(favourites.favourites, favourites.save_favourite, favourites.delete_favourite),
        own_pictures.train_on_pictures,
        *(train.start_training, train.resume_training, train.training_state, train.stop_training),
        *(training_history.training, training_history.epoch_samples),
    ]
    for handler in documented:
        first, *others = inspect.signature(handler).parameters
        assert first == "context", handler
        for name in others:
            # Python 3.13 stores docstrings without their indentation.
            assert f"\n    {name}: " in inspect.getdoc(handler), (handler, name)


def test_a_refresh_sends_no_value_while_the_chosen_model_exists(context):
    """The visitor may choose another model until the update arrives."""
    from tfgen.app.header import refresh_runs

    assert "value" not in refresh_runs(context, "gan")[0]
    assert refresh_runs(context, "removed")[0]["value"] == "mnist-vae"
