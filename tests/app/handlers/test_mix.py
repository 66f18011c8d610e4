"""Mixes of samples: one weight gives the sample itself, several give noise of the right size and mixed classes."""

import contextlib
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from tests.conftest import slow_except
from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.handlers.mix import mix
from tfgen.app.handlers.sample import sample
from tfgen.app.labels import ANY, weights_of_mix
from tfgen.app.latent_paths import images_of, noise_of_seed
from tfgen.app.model_cache import ModelCache
from tfgen.app.pictures import grid_picture
from tfgen.errors import ConfigError, UndefinedError

IMAGES = ("vae", "vae-flow-prior", "vae-plane", "vae-classes", "gan", "flow")


@pytest.fixture(scope="module")
def context(shelf) -> Context:
    catalogue = Catalogue(shelf)
    return Context(catalogue, ModelCache(catalogue), trainer=None)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


def pixels(path: str) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture).astype(int)


def weights(**given) -> dict[str, float]:
    return {**{f"weight_{number}": 0.0 for number in range(1, 5)}, **given}


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize(
    ("number", "weight", "temperature"),
    [
        pytest.param(1, 1.0, 1.0, marks=pytest.mark.slow),
        (3, 0.37, 0.7),
        pytest.param(4, 1e-200, 1.3, marks=pytest.mark.slow),
    ],
)
def test_with_one_weight_the_mix_is_the_sample(context, monkeypatch, name, number, weight, temperature):
    # The compiled decoder of other mixes may round differently on another processor.
    monkeypatch.setattr("tfgen.app.handlers.mix.images_of", None)
    seeds = {f"seed_{i}": 10 * i for i in range(1, 5)}
    found = mix(context, name, **seeds, **weights(**{f"weight_{number}": weight}), temperature=temperature)
    expected, _ = sample(context, name, 1, 10 * number, temperature)
    np.testing.assert_array_equal(pixels(found), pixels(expected))


def test_with_one_weight_the_mix_has_the_class_of_the_sample(context):
    found = mix(context, "vae-classes", **weights(weight_2=0.5), label_1="cats", label_2="<b>")
    np.testing.assert_array_equal(pixels(found), pixels(sample(context, "vae-classes", 1, 1, label="<b>")[0]))


@pytest.mark.slow
@pytest.mark.parametrize("name", slow_except(["vae-hierarchical", "mad-gan", "flow"], "mad-gan"))
def test_a_model_with_several_parts_of_noise_mixes_all_of_them(tiny_models, name):
    model = tiny_models(name)
    models = SimpleNamespace(using=lambda name: contextlib.nullcontext(model))
    context = SimpleNamespace(models=models)
    alone = mix(context, name, **weights(weight_3=1.0))  # type: ignore[arg-type]
    np.testing.assert_array_equal(pixels(alone), pixels(sample(context, name, 1, 2)[0]))  # type: ignore[arg-type]
    found = mix(context, name, weight_1=0.6, weight_2=0.8)  # type: ignore[arg-type]
    noise = 0.6 * noise_of_seed(model, 0) + 0.8 * noise_of_seed(model, 1)
    np.testing.assert_allclose(pixels(found), np.asarray(grid_picture(images_of(model, noise))).astype(int), atol=1)


def test_the_noise_is_the_weighted_sum_over_the_norm_of_the_weights(context):
    with context.models.using("vae") as model:
        noises = [noise_of_seed(model, seed, 0.9).numpy() for seed in (5, 6, 7)]
        mixed = (0.5 * noises[0] + noises[1] + 0.25 * noises[2]) / np.sqrt(0.25 + 1 + 0.0625)
        expected = np.asarray(grid_picture(images_of(model, mixed))).astype(int)
    given = {"seed_1": 5, "seed_3": 6, "seed_4": 7, "temperature": 0.9}
    found = mix(context, "vae", **given, **weights(weight_1=0.5, weight_3=1.0, weight_4=0.25))
    np.testing.assert_allclose(pixels(found), expected, atol=1)


def test_the_order_of_the_samples_does_not_matter(context):
    one = mix(context, "flow", seed_1=3, seed_2=9, weight_1=0.2, weight_2=0.9)
    other = mix(context, "flow", seed_1=9, seed_2=3, weight_1=0.9, weight_2=0.2)
    np.testing.assert_allclose(pixels(one), pixels(other), atol=1)


def test_equal_seeds_keep_the_noise_of_the_seed_and_mix_the_classes_only(context):
    name = "vae-classes"
    found = mix(context, name, seed_1=4, seed_2=4, weight_1=1.0, weight_2=0.5, label_1="cats", label_2="<b>")
    with context.models.using(name) as model:
        shares = np.float32([[2 / 3, 0, 1 / 3, *[0] * 7]])
        np.testing.assert_allclose(weights_of_mix(model, [0, 2], [1.0, 0.5]), shares, atol=1e-6)
        expected = grid_picture(images_of(model, noise_of_seed(model, 4), shares))
    np.testing.assert_allclose(pixels(found), np.asarray(expected).astype(int), atol=1)
    third = mix(context, "gan", seed_1=4, seed_2=4, seed_3=5, weight_1=0.5, weight_2=0.25, weight_3=0.5)
    summed = mix(context, "gan", seed_1=4, seed_2=5, weight_1=0.75, weight_2=0.5)
    np.testing.assert_allclose(pixels(third), pixels(summed), atol=1)
    same = mix(context, "gan", seed_1=4, seed_2=4, weight_2=0.3)
    np.testing.assert_allclose(pixels(same), pixels(sample(context, "gan", 1, 4)[0]), atol=1)


def test_a_model_without_classes_has_no_weights_of_classes(context):
    with context.models.using("gan") as model:
        assert weights_of_mix(model, [None, None], [1.0, 1.0]) is None


@pytest.mark.parametrize(
    ("name", "given", "error", "words"),
    [
        ("gan", weights(), ConfigError, "weights: expected at least one above 0. Received: 0 for all samples"),
        ("gan", {"weight_2": 1.1}, ConfigError, r"weight_2: expected a number from 0 to 1\. Received: 1.1"),
        ("gan", {"weight_3": -0.1}, ConfigError, "weight_3: expected a number from 0 to 1"),
        ("gan", {"weight_4": None}, ConfigError, "weight_4: expected a number from 0 to 1"),
        ("gan", {"seed_3": 0.5}, ConfigError, "seed_3: expected an integer"),
        ("gan", {"temperature": 3}, ConfigError, "temperature: expected a number from 0 to 2"),
        ("gan", {"label_4": "cats"}, ConfigError, "label: expected 'any class' for a model without classes"),
        ("vae-classes", {"label_1": "birds"}, ConfigError, f"label: expected one of {ANY}, cats"),
        ("vae-classes", {"label_1": "each class in turn"}, ConfigError, f"label: expected one of {ANY}, cats"),
        ("points", {}, UndefinedError, "A mix needs a model of images"),
    ],
)
def test_bad_values_are_refused_with_a_sentence(context, name, given, error, words):
    with pytest.raises(error, match=words):
        mix(context, name, **given)
