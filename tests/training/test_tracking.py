"""The modes of a model's samples are measured while the model trains."""

import numpy as np
import pytest

from tfgen import data
from tfgen.config import TrainConfig
from tfgen.data.toys import RING8
from tfgen.evaluation.modes import mode_measure
from tfgen.training.tracking import IMAGES, POINTS, tracker


class Sampler:
    """A model whose samples are the given examples, repeated."""

    def __init__(self, examples):
        self.examples, self.drawn = np.asarray(examples, np.float32), 0

    def sample(self, n):
        self.drawn = n
        return self

    def numpy(self):
        return np.resize(self.examples, (self.drawn, *self.examples.shape[1:]))


def test_modes_are_counted_after_epochs_with_samples():
    model = Sampler(RING8.centres[:3])
    track = tracker(model, data.load("ring8"), TrainConfig(epochs=30, sample_every=10))
    assert track(7) == {}
    assert model.drawn == 0
    found = track(10)
    assert model.drawn == POINTS
    assert (found["modes"], found["high_quality"]) == (3, 1.0)
    assert found["mode_kl"] == pytest.approx(np.log(8 / 3), abs=1e-4)


def test_nan_is_left_out_of_the_row():
    found = tracker(Sampler([[9.0, 9.0]]), data.load("ring8"), TrainConfig(epochs=1))(1)
    assert found == {"modes": 0, "high_quality": 0.0}


def test_images_are_counted_by_class():
    digits = data.load("digits")
    pictures = digits.train.images[:IMAGES] / np.float32(16)
    found = tracker(Sampler(pictures), digits, TrainConfig(epochs=1))(1)
    assert found == mode_measure(digits)(pictures)
    assert sum(found["class_histogram"]) == IMAGES


def test_data_without_modes_has_no_entries():
    model = Sampler([[0.0, 0.0]])
    assert tracker(model, data.load("moons"), TrainConfig(epochs=1))(1) == {}
    assert model.drawn == 0
