"""One sample of a model, and which sample of a grid has a pixel."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.handlers.downloads import sample_zip
from tfgen.app.handlers.sample import samples_picture
from tfgen.app.handlers.single_picture import class_of_seed, sample_at, sample_picture
from tfgen.app.labels import ANY, EACH
from tfgen.app.model_cache import ModelCache
from tfgen.errors import ConfigError, UndefinedError


@pytest.fixture
def context(shelf, tmp_path, monkeypatch) -> Context:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    catalogue = Catalogue(shelf)
    return Context(catalogue, ModelCache(catalogue), trainer=None)  # type: ignore[arg-type]


def read(file) -> tuple[np.ndarray, dict]:
    with Image.open(file) as picture:
        return np.asarray(picture).astype(int), dict(picture.info)


@pytest.mark.parametrize(("model", "label"), [("vae", ANY), ("vae-classes", ANY), ("vae-classes", "<b>")])
def test_the_file_is_that_of_the_zip_with_the_same_metadata(context, model, label):
    enlarged, file, caption = sample_picture(context, model, 7, 0.5, label)
    pixels, info = read(file)
    with zipfile.ZipFile(sample_zip(context, model, 5, 3, 0.5, label)) as archive:
        name = archive.namelist()[4]
        assert file.endswith(f"/{model}-{name}".replace("<b>", "b"))
        with archive.open(name) as inside:
            expected, metadata = read(inside)
    assert np.abs(pixels - expected).max() <= 1
    assert info == metadata and info["Seed"] == "7"
    scale = read(enlarged)[0].shape[0] // 8
    assert 400 <= 8 * scale <= 500
    np.testing.assert_array_equal(read(enlarged)[0], pixels.repeat(scale, 0).repeat(scale, 1))
    assert caption.startswith(f"Seed 7 of **{model}**") and "8×8 pixels" in caption
    assert (", class " in caption) is (model == "vae-classes")
    assert "<b>" not in caption


@pytest.mark.parametrize(
    ("label", "count"),
    [
        pytest.param(ANY, 7, marks=pytest.mark.slow),
        pytest.param(EACH, 13, marks=pytest.mark.slow),
        pytest.param(EACH, 1, marks=pytest.mark.slow),
        pytest.param("<b>", 4, marks=pytest.mark.slow),
        (ANY, 1),
    ],
)
def test_each_picture_of_the_grid_is_found_with_its_seed_and_class(context, label, count):
    picture = np.asarray(samples_picture(context, "vae-classes", count, 5, 1.0, label)).astype(int)
    with context.models.using("vae-classes") as model:
        classes = model.classes
    found: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for y in range(0, picture.shape[0], 31):
        for x in range(0, picture.shape[1], 31):
            if (at := sample_at(context, (x, y), "vae-classes", count, 5, label)) is not None:
                found.setdefault(at, []).append((x, y))
    expected = {(5 + i, classes[i % len(classes)] if label == EACH else label) for i in range(count)}
    assert set(found) == expected
    for (seed, of_class), pixels in found.items():
        own, _ = read(sample_picture(context, "vae-classes", seed, 1.0, of_class)[1])
        xs, ys = np.array(pixels).T
        # The grid and the single picture are drawn in batches of other sizes, and may differ by one grey level.
        levels = set(own.ravel()) | set(own.ravel() + 1) | set(own.ravel() - 1)
        assert set(picture[ys, xs]) <= levels
        assert class_of_seed(context, seed, "vae-classes", count, 5, label) == of_class


def test_seeds_after_the_largest_one_are_those_of_the_samples(context):
    last = 2**31 - 1
    width, height = samples_picture(context, "vae", 4, last, 1.0).size
    seed, label = sample_at(context, (3 * width // 4, height // 4), "vae", 4, last, ANY) or (0, "")
    assert (seed, label) == (-(2**31), ANY)
    own, _ = read(sample_picture(context, "vae", seed, 1.0, label)[1])
    with context.models.using("vae") as model:
        expected = np.round(255 * model.sample(4, seed=last).numpy()[1, ..., 0])
    assert np.abs(own - expected).max() <= 1


def test_points_have_no_single_pictures(context):
    assert sample_at(context, (300, 300), "points", 36, 0, ANY) is None
    with pytest.raises(UndefinedError, match="A single picture needs a model of images"):
        sample_picture(context, "points")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("vae", 2**31), "seed: expected an integer"),
        (("vae", 0.5), "seed: expected an integer"),
        (("vae", 0, 3.0), "temperature: expected"),
        (("vae", 0, 1.0, "cats"), "model without classes"),
        (("vae-classes", 0, 1.0, EACH), "label: expected one of any class, cats"),
        (("vae-classes", 0, 1.0, ["cats"]), "label: expected one of"),
    ],
)
def test_a_bad_value_gives_a_sentence(context, arguments, words):
    with pytest.raises(ConfigError, match=words):
        sample_picture(context, *arguments)


def test_a_seed_outside_of_the_grid_has_a_class_unless_its_place_decides(context):
    for label in (ANY, "cats"):
        assert class_of_seed(context, 99, "vae-classes", 4, 0, label) == label
    for seed in (-1, 4, None, "1"):
        with pytest.raises(ConfigError, match="seed: expected"):
            class_of_seed(context, seed, "vae-classes", 4, 0, EACH)
