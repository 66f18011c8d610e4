"""Classes in the handlers: each handler draws the class that was chosen, and "any class" has a meaning everywhere."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.handlers.compare import classes_to_compare, compare_samples
from tfgen.app.handlers.explore import explore, map_and_point, suitable_plane
from tfgen.app.handlers.interpolate import interpolate, interpolate_pictures
from tfgen.app.handlers.reconstruct import reconstruct
from tfgen.app.handlers.sample import sample
from tfgen.app.labels import ANY, EACH, choices, kept, label_of_example
from tfgen.app.latent_plane import ALONG
from tfgen.app.model_cache import ModelCache
from tfgen.app.pictures import grid_picture
from tfgen.errors import ConfigError

NAME, CLASSES = "vae-classes", ("cats", "dogs & owls", "<b>", *"3456789")


@pytest.fixture(scope="module")
def context(shelf) -> Context:
    catalogue = Catalogue(shelf)
    return Context(catalogue, ModelCache(catalogue), trainer=None)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def model(context):
    with context.models.using(NAME) as loaded:
        return loaded


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


def pixels(path: str) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture).astype(int)


def grid(images, **settings) -> np.ndarray:
    return np.asarray(grid_picture(images, **settings)).astype(int)


@pytest.fixture
def upload(digits, tmp_path) -> dict:
    Image.fromarray(np.uint8(digits[0, ..., 0] * 15)).save(tmp_path / "digit.png")
    return {"path": str(tmp_path / "digit.png"), "name": "digit.png"}


def test_samples_have_the_chosen_class(context, model):
    path, caption = sample(context, NAME, 4, 7, label="dogs & owls")
    np.testing.assert_allclose(pixels(path), grid(model.sample(4, seed=7, label=1)), atol=1)
    assert "class dogs &amp; owls at temperature 1" in caption
    path, caption = sample(context, NAME, 4, 7)
    np.testing.assert_allclose(pixels(path), grid(model.sample(4, seed=7)), atol=1)
    assert ", class" not in caption


def test_each_class_in_turn_has_a_row_for_each_class_with_its_name(context, model):
    shown = pixels(sample(context, NAME, 20, 7, label=EACH)[0])
    ordered = model.sample(20, seed=7, label="each").numpy()[np.arange(20).reshape(2, 10).T.reshape(-1)]
    expected = grid(ordered, columns=2)
    np.testing.assert_allclose(shown[:, -expected.shape[1] :], expected, atol=1)
    assert shown.shape[1] > expected.shape[1]


@pytest.mark.parametrize("label", ["birds", "0", 0, "each", ["cats"]])
def test_an_unknown_class_is_refused(context, label):
    with pytest.raises(ConfigError, match="label: expected one of any class, each class in turn, cats"):
        sample(context, NAME, 4, label=label)


def test_a_model_without_classes_refuses_a_class(context):
    with pytest.raises(ConfigError, match="label: expected 'any class' for a model without classes"):
        sample(context, "gan", 4, label="cats")


def test_the_picture_at_a_point_and_the_map_have_the_chosen_class(context, model):
    plane, _, classes = suitable_plane(context, NAME, ALONG, 3, "of another model")
    assert classes == CLASSES
    url, point = map_and_point(context, NAME, 3, *plane, "cats")
    assert url != map_and_point(context, NAME, 3, *plane, "<b>")[0]
    shown = pixels(explore(context, NAME, *point, 3, *plane, "cats"))
    np.testing.assert_allclose(shown, grid(model.sample(1, seed=3, label=0), target=480), atol=1)
    shown = pixels(explore(context, NAME, *point, 3, *plane))
    np.testing.assert_allclose(shown, grid(model.sample(1, seed=3), target=480), atol=1)


def test_an_interpolation_goes_from_class_to_class_at_a_fixed_latent(context, model):
    strip = pixels(interpolate(context, NAME, 5, 5, 3, first_label="cats", last_label="<b>")[0])
    side = strip.shape[1] // 3
    scale = (side - 8) // 8
    for index, label in ((0, 0), (2, 2)):
        picture = strip[6:-6, index * side + 6 :][: 8 * scale : scale, : 8 * scale : scale]
        np.testing.assert_allclose(picture / 255, model.sample(1, seed=5, label=label)[0, ..., 0], atol=0.01)


def test_pictures_of_the_user_get_their_most_probable_class(context, model, digits, upload):
    example = digits[:1] / np.float32(16)
    assert label_of_example(model, example, ANY) == np.argmax(model.class_log_posterior(digits[:1], samples=4))
    assert label_of_example(model, example, "<b>") == 2
    *_, sentence = reconstruct(context, NAME, upload, False)
    assert "whose probability is " in sentence
    *_, sentence = reconstruct(context, NAME, upload, False, "<b>")
    assert "Reconstructed as **&lt;b&gt;**" in sentence
    assert "Reconstructed" not in reconstruct(context, "vae", upload, False)[-1]
    strip, _ = interpolate_pictures(context, NAME, upload, upload, 3, fit=False, first_label="cats", last_label="<b>")
    assert Path(strip).exists()


def test_a_comparison_offers_the_classes_that_all_models_with_classes_have(context, model):
    assert classes_to_compare(context, ["gan", NAME]) == CLASSES
    assert classes_to_compare(context, ["gan"]) == ()
    (_, first), (path, second) = compare_samples(context, ["gan", NAME], 4, label="cats")
    assert (first, second) == ("gan", NAME)
    np.testing.assert_allclose(pixels(path), grid(model.sample(4, label=0)), atol=1)


def test_the_page_offers_no_choice_for_a_model_without_classes():
    assert choices((), (ANY, EACH)) == []
    assert choices(CLASSES, (ANY, EACH)) == [ANY, EACH, *CLASSES]
    assert kept("cats", CLASSES) == "cats"
    assert kept("cats", ()) == kept(EACH, CLASSES) == ANY


def test_only_data_with_labels_train_a_conditional_model():
    from tfgen.app.handlers.train import checked_conditional, has_labels

    assert has_labels("digits")
    assert not has_labels("moons")
    assert not has_labels(None)
    assert checked_conditional("digits", True)
    with pytest.raises(ConfigError, match="conditional: expected data with labels"):
        checked_conditional("moons", True)
    with pytest.raises(ConfigError, match="conditional: expected true or false"):
        checked_conditional("digits", 1)  # type: ignore[arg-type]
