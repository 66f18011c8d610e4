"""The handlers as plain functions: pictures and messages, without Gradio and without a page."""

import ast
import base64
import inspect
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfgen.app import handlers
from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.handlers.compare import comparable_models, compare_samples
from tfgen.app.handlers.explore import DIRECTIONS, latent_map, map_and_point, suitable_plane
from tfgen.app.handlers.interpolate import interpolate
from tfgen.app.handlers.reconstruct import reconstruct
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


def test_a_model_without_encoder_cannot_reconstruct(context):
    with pytest.raises(UndefinedError, match="no encoder"):
        reconstruct(context, "gan", None)


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
        explore,
        interpolate,
        own_pictures,
        reconstruct,
        sample,
        train,
        training_history,
    )

    documented = [
        *(compare.compare, compare.compare_samples, explore.explore, explore.latent_map, interpolate.interpolate),
        *(interpolate.interpolate_pictures, reconstruct.reconstruct, reconstruct.test_picture, sample.sample),
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
