"""The modes of a model's samples are measured while the model trains."""

import numpy as np
import pytest

from tfgen import data
from tfgen.config.presets import run_config
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
    track = tracker(model, data.load("ring8"), run_config("gan", data="ring8", epochs=30, sample_every=10))
    assert track(7) == {}
    assert model.drawn == 0
    found = track(10)
    assert model.drawn == POINTS
    assert (found["modes"], found["high_quality"]) == (3, 1.0)
    assert found["mode_kl"] == pytest.approx(np.log(8 / 3), abs=1e-4)


def test_nan_is_left_out_of_the_row():
    found = tracker(Sampler([[9.0, 9.0]]), data.load("ring8"), run_config("gan", data="ring8", epochs=1))(1)
    assert found == {"modes": 0, "high_quality": 0.0}


def test_images_are_counted_by_class():
    digits = data.load("digits")
    pictures = digits.train.images[:IMAGES] / np.float32(16)
    found = tracker(Sampler(pictures), digits, run_config("gan", epochs=1))(1)
    assert found == mode_measure(digits, "digits")(pictures)
    assert sum(found["class_histogram"]) == IMAGES


def test_data_without_modes_has_no_entries():
    model = Sampler([[0.0, 0.0]])
    assert tracker(model, data.load("moons"), run_config("gan", data="moons", epochs=1))(1) == {}
    assert model.drawn == 0


def test_a_file_that_is_called_like_a_data_set_has_no_entries(tmp_path):
    pictures = data.load("digits").train.images[:50] * 15
    np.savez(tmp_path / "digits.npz", images=pictures)
    path = str(tmp_path / "digits.npz")
    model = Sampler(pictures / np.float32(255))
    assert tracker(model, data.load(path), run_config("gan", "auto", data=path, epochs=1))(1) == {}
    assert model.drawn == 0
