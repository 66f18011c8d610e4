"""The error of a flow's inverse is measured over all values of examples, noise, a black and a white image."""

import numpy as np
import pytest

from tfgen.errors import UndefinedError
from tfgen.evaluation.inversion import NOISE, evaluate_inversion
from tfgen.models.flow import Flow
from tfgen.models.vae import VAE


class InexactFlow(Flow):
    """A flow whose inverse is too dark by 0.01 in every image with a bright top left pixel."""

    def decode(self, latent, label=None):
        import tensorflow as tf

        exact = super().decode(latent)
        bright = tf.cast(exact[:, :1, :1] > 0.9, tf.float32)
        return exact - 0.01 * bright


@pytest.fixture(scope="module")
def model():
    return InexactFlow((4, 4, 1), 17, squeeze=(2,), couplings=(2,), checkerboard=0, width=4)


def test_the_largest_and_the_mean_are_those_of_all_values(model):
    examples = np.zeros((13, 4, 4, 1), np.uint8)
    examples[[3, 7, 12], 0, 0] = 16
    calls = []
    found = evaluate_inversion(model, examples, batch_size=5, progress=calls.append)
    assert found["examples"].count == 13 and found["noise"].count == NOISE
    assert found["examples"].largest == pytest.approx(0.01, abs=1e-5)
    assert found["examples"].mean == pytest.approx(0.01 * 3 / 13, rel=1e-2)
    assert found["black"].largest < 1e-5 < 9e-3 < found["white"].largest
    # 2 of the 17 levels are above 0.9.
    assert found["noise"].mean == pytest.approx(0.01 * 2 / 17, rel=0.5)
    assert calls == sorted(calls) and calls[-1] == 13 + NOISE + 2


@pytest.mark.slow
def test_the_seed_determines_the_images_of_noise(model):
    examples = np.zeros((1, 4, 4, 1), np.uint8)
    found = [evaluate_inversion(model, examples, seed=seed)["noise"] for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]


def test_points_have_an_inversion_error_too(tiny_models):
    points = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32)
    found = evaluate_inversion(tiny_models("points"), points)
    assert set(found) == {"examples"} and found["examples"].count == 7
    assert 0 < found["examples"].largest < 1e-4


def test_a_model_without_an_inverse_is_refused():
    with pytest.raises(UndefinedError, match="A VAE has no inversion error"):
        evaluate_inversion(VAE((4, 4, 1), 17, hidden=(4,), latent_dim=2), np.zeros((1, 4, 4, 1), np.uint8))
