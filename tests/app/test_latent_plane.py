"""Maps of latent space: the noise at a point, the images of a map, and messages about impossible maps."""

import math

import numpy as np
import pytest

from tfgen.app.latent_paths import images_of, noise_of_example, noise_of_seed
from tfgen.app.latent_plane import ALONG, AROUND, EDGE_DEVIATIONS, LatentPlane, most_visible_dimensions
from tfgen.errors import ConfigError

IMAGES = ("vae-mixture", "vae-flow-prior", "gan", "flow")
SOMEWHERE = np.random.default_rng(0).uniform(-1, 1, (40, 2))


@pytest.fixture(params=IMAGES)
def model(request, tiny_models):
    return tiny_models(request.param)


def test_every_point_around_a_sample_has_the_norm_of_the_sample(model):
    normal = LatentPlane(AROUND, 7, 101, 102).noise_at(model, SOMEWHERE).numpy()
    norm = np.linalg.norm(noise_of_seed(model, 7))
    np.testing.assert_allclose(np.linalg.norm(normal, axis=1), norm, rtol=1e-5)


def test_the_middle_of_a_map_around_a_sample_shows_the_sample(model):
    plane = LatentPlane(AROUND, 7, 101, 102)
    assert plane.point_of_sample(model) == (0.0, 0.0)
    sample = model.sample(1, seed=7).numpy()
    np.testing.assert_allclose(images_of(model, plane.noise_at(model, [[0.0, 0.0]])), sample, atol=1e-4)
    np.testing.assert_allclose(plane.images(model, 9)[40], sample[0], atol=1e-4)


def test_the_right_edge_lies_in_the_direction_of_another_sample(model):
    """The edge is a right angle away, on the great circle from the sample towards the other sample."""
    sample, right = noise_of_seed(model, 7).numpy(), noise_of_seed(model, 101).numpy()
    normal = LatentPlane(AROUND, 7, 101, 102).noise_at(model, [[1, 0], [-1, 0], [0.5, 0]]).numpy().astype(np.float64)
    unit = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    sample = sample / np.linalg.norm(sample)
    np.testing.assert_allclose(unit @ sample, [0, 0, math.cos(math.pi / 4)], atol=1e-5)
    towards = right - (right @ sample) * sample
    np.testing.assert_allclose(unit[0], towards / np.linalg.norm(towards), atol=1e-4)
    np.testing.assert_allclose(unit[1], -unit[0], atol=1e-5)


def test_the_second_direction_points_upwards(model):
    sample, up = noise_of_seed(model, 7).numpy(), noise_of_seed(model, 102).numpy()
    there = LatentPlane(AROUND, 7, 101, 102).noise_at(model, [[0, 1]]).numpy()[0]
    apart = up - (up @ sample) / (sample @ sample) * sample
    assert there @ apart > 0.5 * np.linalg.norm(there) * np.linalg.norm(apart)


def test_a_map_along_two_dimensions_replaces_only_these_dimensions(model):
    sample = noise_of_seed(model, 7).numpy()
    first, second = 2, 0
    normal = LatentPlane(ALONG, 7, first, second).noise_at(model, SOMEWHERE).numpy()
    np.testing.assert_allclose(normal[:, [first, second]], EDGE_DEVIATIONS * SOMEWHERE, rtol=1e-5, atol=1e-6)
    others = [i for i in range(len(sample)) if i not in (first, second)]
    np.testing.assert_array_equal(normal[:, others], np.tile(sample[others], (len(SOMEWHERE), 1)))


def test_a_map_along_two_dimensions_starts_at_the_sample(model):
    plane = LatentPlane(ALONG, 11, 0, 2)
    assert max(map(abs, plane.point_of_sample(model))) < 1  # Otherwise the point would be clipped to the edge.
    here = plane.noise_at(model, [plane.point_of_sample(model)])
    np.testing.assert_allclose(here[0], noise_of_seed(model, 11), rtol=1e-5, atol=1e-6)


def test_the_images_of_a_map_are_ordered_row_by_row_from_the_upper_left(model):
    plane = LatentPlane(ALONG, 7, 0, 1)
    images = plane.images(model, 3)
    assert images.shape == (9, 8, 8, 1)
    corners = images_of(model, plane.noise_at(model, [[-1, 1], [1, 1], [-1, -1], [1, -1]]))
    np.testing.assert_allclose(images[[0, 2, 6, 8]], corners, atol=1e-4)


@pytest.mark.parametrize(
    ("plane", "message"),
    [
        (("sideways", 0, 1, 2), "a map around a sample or along two dimensions. Received: 'sideways'"),
        ((AROUND, 5, 5, 6), "three different seeds.* Received: 5, 5 and 6"),
        ((AROUND, 4, 5, 5), "three different seeds"),
        ((ALONG, 0, 1, 1), "two different latent dimensions. Received: 1 twice"),
        ((ALONG, 0, 0, 3), "a latent dimension from 0 to 2. Received: 3"),
        ((ALONG, 0, -1, 0), "Received: -1"),
    ],
)
def test_an_impossible_map_is_refused(tiny_models, plane, message):
    with pytest.raises(ConfigError, match=message):
        LatentPlane(*plane).noise_at(tiny_models("vae-mixture"), [[0, 0]])


def test_a_latent_space_of_two_dimensions_has_no_map_around_a_sample(tiny_models):
    with pytest.raises(ConfigError, match=r"of 3 dimensions or more .* Received: 2"):
        LatentPlane(AROUND, 0, 1, 2).noise_at(tiny_models("points"), [[0, 0]])


def test_the_most_visible_dimensions_change_the_picture_most():
    import tensorflow as tf

    class Linear:
        """A model with four latent dimensions, each of which changes the brightness by another amount."""

        config = None
        latent_shape = (4,)
        is_conditional = False

        def normal_noise(self, seeds, temperature=1.0):
            return tf.fill((len(seeds), 4), 0.1)

        def given(self, label):
            return {}

        def latents_from(self, normal):
            return normal

        def decode(self, latents):
            return tf.reshape(latents @ tf.constant([[0.1], [-0.4], [0.0], [0.2]]), (-1, 1, 1, 1)) * tf.ones(
                (1, 2, 2, 1)
            )

    assert most_visible_dimensions(Linear(), 0) == (1, 3)


def test_the_noise_of_an_example_gives_its_reconstruction(model, digits):
    if not model.can("encode"):
        pytest.skip("this family has no encoder")
    example = digits[:1] / np.float32(16)
    expected = model.decode(model.encode(example))
    np.testing.assert_allclose(images_of(model, noise_of_example(model, example)), expected, atol=1e-3)
