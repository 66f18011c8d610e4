"""The colour mixture is a distribution, its samples follow it, and it is the grey mixture for one channel."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfgen.models import color_logistic_mixture, logistic_mixture

LEVELS = 5


def mixture(channels: int, components: int = 2, rows: int = 1, seed: int = 3):
    """A mixture for images of 1×2 pixels, the same in every row."""
    maps = color_logistic_mixture.maps_per_component(channels) * components
    drawn = 1.5 * tf.random.stateless_normal((1, 1, 2, maps), (seed, 4))
    return color_logistic_mixture.split_parameters(tf.tile(drawn, (rows, 1, 1, 1)), components, channels)


def pixel_probabilities(channels: int) -> dict[tuple[int, ...], np.ndarray]:
    """Probability of every color in each of the two pixels, [2]."""
    colors = list(itertools.product(range(LEVELS), repeat=channels))
    values = tf.constant(colors, tf.float32)[:, None, None]
    parameters = mixture(channels, rows=len(colors))
    nats = [color_logistic_mixture.log_prob(_pixel(parameters, index), values, LEVELS) for index in range(2)]
    return dict(zip(colors, np.exp(np.stack(nats, axis=1)), strict=True))


def _pixel(parameters, index: int):
    return tf.nest.map_structure(lambda part: part[:, :, index : index + 1], parameters)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_the_probabilities_of_all_colors_add_up_to_one(channels):
    total = sum(pixel_probabilities(channels).values())
    np.testing.assert_allclose(total, 1.0, atol=1e-5)


def test_the_log_probability_is_the_formula_of_the_paper():
    parameters = mixture(3)
    color = np.array([0.0, 3.0, 2.0])
    x = 2.0 * color / (LEVELS - 1) - 1.0
    logits, means, scales = (np.asarray(part, np.float64)[..., 0, 0, 0, :] for part in parameters[:3])
    coefficients = [[np.asarray(one)[0, 0, 0].astype(np.float64) for one in row] for row in parameters.coefficients]
    weights = np.exp(logits) / np.exp(logits).sum()
    centres = [
        means[0],
        means[1] + coefficients[1][0] * x[0],
        means[2] + coefficients[2][0] * x[0] + coefficients[2][1] * x[1],
    ]

    def distribution(value, centre, log_scale):
        return 1.0 / (1.0 + np.exp(-(value - centre) / np.exp(log_scale)))

    half = 1.0 / (LEVELS - 1)
    component = weights.copy()
    for channel in range(3):
        centre, scale = centres[channel], scales[channel]
        upper = 1.0 if color[channel] == LEVELS - 1 else distribution(x[channel] + half, centre, scale)
        lower = 0.0 if color[channel] == 0 else distribution(x[channel] - half, centre, scale)
        component *= upper - lower
    found = color_logistic_mixture.log_prob(_pixel(parameters, 0), tf.constant(color, tf.float32)[None, None, None], 5)
    np.testing.assert_allclose(found[0], np.log(component.sum()), rtol=1e-5)


def test_samples_have_the_probabilities_of_the_mixture():
    rows = 40_000
    uniform = tf.random.stateless_uniform((2, rows, 1, 2, 3), (1, 2), 1e-6)
    sampled = color_logistic_mixture.sample(mixture(3, rows=rows), uniform[0], uniform[1], LEVELS).numpy()
    levels = np.round(sampled * (LEVELS - 1)).astype(int)
    np.testing.assert_allclose(sampled, levels / (LEVELS - 1), atol=1e-6)
    for color, expected in pixel_probabilities(3).items():
        share = (levels[:, 0] == np.array(color)).all(axis=-1).mean(axis=0)
        np.testing.assert_allclose(share, expected, atol=0.012)


def test_the_channels_depend_on_each_other():
    parameters = mixture(3)
    red, others = tf.constant([0.0, 4.0]), tf.constant([2.0, 2.0])
    log_prob = [
        float(
            color_logistic_mixture.log_prob(_pixel(parameters, 0), tf.stack([r, *others])[None, None, None], LEVELS)[0]
        )
        for r in red
    ]
    probabilities = pixel_probabilities(3)
    log_red = [np.log(sum(p[0] for color, p in probabilities.items() if color[0] == int(r))) for r in red.numpy()]
    conditional = np.array(log_prob) - np.array(log_red)
    assert abs(conditional[0] - conditional[1]) > 0.01


def test_the_mean_is_the_expected_color_of_narrow_components():
    parameters = mixture(3, seed=8)
    narrow = parameters._replace(
        means=[0.4 * tf.tanh(mean) for mean in parameters.means],
        log_scales=[tf.fill(part.shape, -4.0) for part in parameters.log_scales],
        coefficients=[[0.3 * one for one in row] for row in parameters.coefficients],
    )
    rows = 20_000
    tiled = tf.nest.map_structure(lambda part: tf.tile(part, (rows, 1, 1, 1)), narrow)
    uniform = tf.random.stateless_uniform((2, rows, 1, 2, 3), (5, 2), 1e-6)
    sampled = color_logistic_mixture.sample(tiled, uniform[0], uniform[1], 256).numpy()
    found = color_logistic_mixture.mean(narrow).numpy()
    np.testing.assert_allclose(found[0], sampled.mean(axis=0), atol=0.005)
    assert np.ptp(found) > 0.02


def test_one_channel_has_the_grey_mixture():
    maps = 2.0 * tf.random.stateless_normal((3, 2, 4, 3 * 5), (1, 6))
    values = tf.cast(tf.random.stateless_uniform((3, 2, 4, 1), (2, 2), 0, 256, tf.int32), tf.float32)
    uniform = tf.random.stateless_uniform((2, 3, 2, 4, 1), (3, 3), 1e-6)
    color, grey = (module.split_parameters(maps, 5, 1) for module in (color_logistic_mixture, logistic_mixture))
    np.testing.assert_allclose(
        color_logistic_mixture.log_prob(color, values, 256), logistic_mixture.log_prob(grey, values, 256), rtol=1e-5
    )
    np.testing.assert_allclose(color_logistic_mixture.mean(color), logistic_mixture.mean(grey), atol=1e-6)
    np.testing.assert_allclose(
        color_logistic_mixture.sample(color, *uniform, 256), logistic_mixture.sample(grey, *uniform, 256), atol=1e-6
    )
