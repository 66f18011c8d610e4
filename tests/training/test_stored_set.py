"""A set that stays in a file, and augmented images, in the compiled training."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.config.presets import run_config
from tfgen.data.batches import Batches
from tfgen.data.stored import StoredImages
from tfgen.models import build
from tfgen.training.compiled import compile_training
from tfgen.training.optimizers import make_optimizer

IMAGES = np.random.default_rng(0).integers(0, 17, (64, 8, 8, 1), np.uint8)


def weights(batches, xla):
    config = run_config("vae", hidden=(8,), latent_dim=2, batch_size=16)
    keras.utils.set_random_seed(0)
    model = build(config, (8, 8, 1), 17)
    model.compile(make_optimizer(config.train, batches.steps_per_epoch))
    assert compile_training(model, batches, xla)(tf.constant(6, tf.int64))
    return model.get_weights()


@pytest.mark.parametrize(
    ("xla", "augment"), [(False, ()), pytest.param(True, ("flip", "shift"), marks=pytest.mark.slow)]
)
def test_a_stored_set_trains_to_the_bits_of_a_set_in_memory(tmp_path, xla, augment):
    IMAGES.tofile(tmp_path / "images.bin")
    stored = StoredImages(tmp_path / "images.bin", IMAGES.shape)
    found = [weights(Batches(kind, 16, seed=1, augment=augment, levels=17), xla) for kind in (stored, IMAGES)]
    for from_file, in_memory in zip(*found, strict=True):
        np.testing.assert_array_equal(from_file, in_memory)
