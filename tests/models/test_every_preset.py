"""Every preset of every family trains on pictures of any size, or refuses with the option to change."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.config import DataConfig, auto
from tfgen.config.auto_facts import Facts
from tfgen.config.families import AUTO, FAMILIES
from tfgen.config.presets import run_config
from tfgen.errors import ConfigError
from tfgen.models import build

#: digits, mnist, colour pictures, and sides that are odd, prime or unequal.
SHAPES = ((8, 8, 1), (28, 28, 1), (32, 32, 3), (48, 48, 3), (64, 64, 3), (35, 50, 3), (31, 31, 1))
#: One of the shapes and three of the families are tested always, the others in the slow tests.
QUICK = (("vae", "quick"), ("gan", "quick"), ("flow", "quick"))
PRESETS = [(family, preset) for family in FAMILIES for preset in (AUTO, *FAMILIES[family].presets)]
CASES = [
    pytest.param(
        family, preset, shape, marks=() if shape == (8, 8, 1) and (family, preset) in QUICK else pytest.mark.slow
    )
    for family, preset in PRESETS
    for shape in SHAPES
]


def configuration(family, preset, shape):
    config = run_config(family, preset, data="pictures.zip")
    if preset != AUTO:
        return config
    height, width, channels = shape
    facts = Facts(height, width, channels, levels=256, examples=100)
    config = auto.auto_config(config, auto.choose(family, facts, {}))
    return auto.auto_config(config, auto.choose_length(config, 100, {}, steps=1_000, epochs=10))


def built(config, shape):
    """(the model, None), or (None, the sentence of the refusal)."""
    try:
        return build(config, shape, 256), None
    except ConfigError as error:
        return None, str(error)


@pytest.mark.parametrize(("family", "preset", "shape"), CASES)
def test_a_preset_trains_on_pictures_of_any_size_or_names_the_option_to_change(family, preset, shape):
    config = configuration(family, preset, shape)
    images = np.random.default_rng(0).integers(0, 256, (8, *shape), np.uint8)
    keras.utils.set_random_seed(0)
    model, refusal = built(config, shape)
    if model is None:
        options = {*config.architecture.option_names(), *DataConfig.option_names(), *config.train.option_names()}
        assert re.match(r"(?:--)?([\w-]+)", refusal)[1].replace("-", "_") in options, refusal
        return
    model.compile("adam", clip_norm=config.train.clip_norm)
    size = 4 * model.batch_multiple // np.gcd(4, model.batch_multiple)
    images = images[np.arange(size) % 8]
    model.initialize_from(tf.constant(images))
    losses = model.train_step(images)
    assert all(np.isfinite(value) for value in losses.values()), losses
    samples = model.sample(1).numpy()
    assert samples.shape == (1, *shape)
    assert np.isfinite(samples).all()
