"""Paths between latents have the documented ends, shapes and norms."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgen.errors import ConfigError
from tfgen.models import latent_paths

RANDOM = np.random.default_rng(0).standard_normal((2, 5, 32)).astype(np.float32)


@pytest.mark.parametrize("path", [latent_paths.lerp, latent_paths.slerp])
def test_a_path_starts_at_a_and_ends_at_b(path):
    a, b = RANDOM
    found = path(a, b, 7).numpy()
    assert found.shape == (5, 7, 32)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0], a, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[:, -1], b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("path", [latent_paths.lerp, latent_paths.slerp])
def test_a_single_pair_of_latents_gives_a_batch_of_one_path(path):
    a, b = RANDOM[:, 0]
    np.testing.assert_allclose(path(a, b, 4), path(a[None], b[None], 4), rtol=1e-6)


def test_lerp_gives_equidistant_points_of_the_straight_line():
    found = latent_paths.lerp([0.0, 2.0], [4.0, -2.0], 5).numpy()
    np.testing.assert_allclose(found, [[[0, 2], [1, 1], [2, 0], [3, -1], [4, -2]]], atol=1e-6)


def test_slerp_between_two_axes_follows_the_circle():
    found = latent_paths.slerp([1.0, 0.0], [0.0, 1.0], 4).numpy()[0]
    angles = np.linspace(0, np.pi / 2, 4)
    np.testing.assert_allclose(found, np.stack([np.cos(angles), np.sin(angles)], axis=1), atol=1e-6)


def test_slerp_changes_direction_and_norm_at_a_constant_rate():
    a, b = RANDOM
    found = latent_paths.slerp(a, 3 * b, 9).numpy().astype(np.float64)
    norms = np.linalg.norm(found, axis=-1)
    np.testing.assert_allclose(np.diff(norms, n=2, axis=1), 0, atol=1e-4)
    units = found / norms[..., None]
    turns = np.arccos((units[:, 1:] * units[:, :-1]).sum(-1))
    np.testing.assert_allclose(turns, turns[:, :1] * np.ones(8), rtol=1e-3)
    whole = np.arccos((units[:, 0] * units[:, -1]).sum(-1))
    np.testing.assert_allclose(turns.sum(1), whole, rtol=1e-3)


def test_the_middle_of_slerp_keeps_the_norm_of_a_normal_latent_and_that_of_lerp_is_shorter():
    a, b = np.random.default_rng(1).standard_normal((2, 200, 128)).astype(np.float32)
    norms = {
        path: np.linalg.norm(path(a, b, 3)[:, 1], axis=-1).mean() for path in (latent_paths.slerp, latent_paths.lerp)
    }
    radius = np.sqrt(128)
    assert abs(norms[latent_paths.slerp] / radius - 1) < 0.02
    assert abs(norms[latent_paths.lerp] / radius - np.sqrt(0.5)) < 0.02


@pytest.mark.parametrize("factor", [1.0, 2.5, -1.0, -3.0, 0.0])
def test_slerp_of_parallel_or_opposite_latents_is_the_straight_line(factor):
    a = RANDOM[0]
    np.testing.assert_allclose(
        latent_paths.slerp(a, factor * a, 5), latent_paths.lerp(a, factor * a, 5), rtol=1e-5, atol=1e-5
    )


def test_slerp_of_close_latents_is_close_to_the_straight_line():
    a, b = RANDOM[0], RANDOM[0] + 1e-3 * RANDOM[1]
    np.testing.assert_allclose(latent_paths.slerp(a, b, 5), latent_paths.lerp(a, b, 5), atol=1e-5)


def test_latents_of_different_shapes_and_a_single_step_raise_an_error():
    for path in (latent_paths.lerp, latent_paths.slerp):
        with pytest.raises(ConfigError, match=r"one shape.*\(3,\) and \(4,\)"):
            path(np.zeros(3), np.zeros(4), 5)
        with pytest.raises(ConfigError, match=r"\[z\] or \[n, z\]"):
            path(np.zeros((2, 2, 2)), np.zeros((2, 2, 2)), 5)
        with pytest.raises(ConfigError, match=r"steps: expected at least 2.*Received: 1"):
            path(np.zeros(3), np.ones(3), 1)


def test_percentile_grid_equals_the_grid_of_the_tutorial():
    n = 20
    grid = latent_paths.percentile_grid(n).numpy()
    assert grid.shape == (400, 2)
    assert grid.dtype == np.float32
    line = stats.norm.ppf(np.linspace(0.5 / (n + 1), (n + 0.5) / (n + 1), n))
    np.testing.assert_allclose(grid.reshape(n, n, 2)[3, :, 0], line, rtol=1e-6)
    np.testing.assert_allclose(grid.reshape(n, n, 2)[:, 3, 1], line[::-1], rtol=1e-6)


def test_percentile_grid_runs_from_left_to_right_and_from_top_to_bottom():
    grid = latent_paths.percentile_grid(3).numpy().reshape(3, 3, 2)
    high = stats.norm.ppf(3.5 / 4)
    np.testing.assert_allclose(grid[0], [[-high, high], [0, high], [high, high]], atol=1e-6)
    np.testing.assert_allclose(grid[2], [[-high, -high], [0, -high], [high, -high]], atol=1e-6)


def test_percentile_grid_of_one_point_is_the_origin_and_of_no_point_raises_an_error():
    np.testing.assert_allclose(latent_paths.percentile_grid(1), [[0.0, 0.0]], atol=1e-7)
    with pytest.raises(ConfigError, match="Received: 0"):
        latent_paths.percentile_grid(0)


def test_paths_work_in_a_graph_with_an_unknown_number_of_rows():
    function = tf.function(lambda a, b: latent_paths.slerp(a, b, 3), input_signature=[tf.TensorSpec([None, 4])] * 2)
    a, b = RANDOM[:, :, :4]
    np.testing.assert_allclose(function(a, b), latent_paths.slerp(a, b, 3), rtol=1e-5, atol=1e-6)


def test_azimuthal_map_keeps_angles_to_the_centre_and_has_orthonormal_directions():
    random = np.random.default_rng(3)
    centre, directions = random.standard_normal(20), random.standard_normal((2, 20))
    offsets = random.uniform(-1.5, 1.5, (50, 2))
    points = latent_paths.azimuthal_map(centre, directions, offsets).numpy().astype(np.float64)
    radius = np.linalg.norm(centre)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), radius, rtol=1e-5)
    angles = np.arccos(np.clip(points @ centre / radius**2, -1, 1))
    np.testing.assert_allclose(angles, np.linalg.norm(offsets, axis=1), atol=1e-3)
    quarter = latent_paths.azimuthal_map(centre, directions, np.pi / 2 * np.eye(2)).numpy() / radius
    basis = np.concatenate([centre[None] / radius, quarter])
    np.testing.assert_allclose(basis @ basis.T, np.eye(3), atol=1e-5)
    # û points along the first direction, v̂ along the second one, and v̂ is orthogonal to the first.
    assert quarter[0] @ directions[0] > 0 and quarter[1] @ directions[1] > 0
    assert abs(quarter[1] @ directions[0]) < 1e-4


@pytest.mark.parametrize(
    ("centre", "directions"),
    [
        (np.eye(2)[0], np.eye(2)),
        (np.zeros(4), np.eye(4)[:2]),
        (np.eye(4)[0], np.eye(4)[[0, 1]]),
        (np.eye(4)[0], np.eye(4)[[1, 1]]),
        (np.eye(4)[0], [np.eye(4)[1], np.zeros(4)]),
        (np.eye(4)[0], [np.eye(4)[1], np.eye(4)[0] - 2 * np.eye(4)[1]]),
    ],
)
def test_azimuthal_map_of_vectors_that_do_not_span_three_dimensions_raises_an_error(centre, directions):
    with pytest.raises(ConfigError, match=f"span 3 of {len(centre)} dimensions"):
        latent_paths.azimuthal_map(centre, directions, [[0.0, 0.1]])


@pytest.mark.parametrize("weights", [(1, 1), (0.3, 0.9), (1, 0.01), (0.2, 0.2, 0.7, 0.1)])
def test_the_weighted_sum_of_normal_latents_is_a_normal_latent(weights):
    latents = np.random.default_rng(2).standard_normal((len(weights), 20_000)).astype(np.float32)
    found = latent_paths.weighted_sum(latents, weights).numpy()
    assert stats.kstest(found, "norm").pvalue > 0.01
    mean = np.average(latents, axis=0, weights=weights)
    np.testing.assert_allclose(found / np.linalg.norm(found), mean / np.linalg.norm(mean), atol=1e-6)


@pytest.mark.parametrize("weight", [1, 0.37, 1e-300, 5e-324, 1e300])
def test_one_weight_gives_exactly_its_latent(weight):
    np.testing.assert_array_equal(latent_paths.weighted_sum(RANDOM[0], [0, 0, weight, 0, 0]), RANDOM[0, 2])


@pytest.mark.parametrize("weights", [[0, 0], [-1, 1], [1], [np.nan, 1], [np.inf, 1], [[1, 1]], []])
def test_weights_that_have_no_norm_or_another_number_raise_an_error(weights):
    with pytest.raises(ConfigError, match="2 weights from 0, at least one above 0"):
        latent_paths.weighted_sum(RANDOM[0, :2], weights)
