"""Accuracy, calibration and log loss agree with known cases."""

import numpy as np
import pytest

from tfgen.metrics.classification import accuracy, expected_calibration_error, log_loss


def posterior(confidence):
    """log p(y|x) of two classes, where class 0 has the given probabilities."""
    confidence = np.asarray(confidence, np.float64)
    return np.log(np.stack([confidence, 1.0 - confidence], axis=1))


def test_one_bin_of_a_known_difference():
    # All say 0.9, and 6 of 10 are right.
    labels = np.array([0] * 6 + [1] * 4)
    assert accuracy(posterior([0.9] * 10), labels) == 0.6
    assert expected_calibration_error(posterior([0.9] * 10), labels) == pytest.approx(0.3)
    assert log_loss(posterior([0.9] * 10), labels) == pytest.approx(-(6 * np.log(0.9) + 4 * np.log(0.1)) / 10)


def test_bins_are_weighted_by_their_numbers():
    # 4 examples of confidence 0.99, all right; 6 of confidence 0.7, half of them right.
    confidence, labels = [0.99] * 4 + [0.7] * 6, np.array([0] * 4 + [0, 0, 0, 1, 1, 1])
    expected = 0.4 * (1.0 - 0.99) + 0.6 * (0.7 - 0.5)
    assert expected_calibration_error(posterior(confidence), labels) == pytest.approx(expected)


def test_differences_of_one_bin_cancel_and_of_two_bins_do_not():
    # The confidences 0.72 and 0.73 share a bin of (10/15, 11/15]; 0.6 and 0.9 do not.
    labels = np.array([0, 1])
    assert expected_calibration_error(posterior([0.72, 0.73]), labels) == pytest.approx(abs(0.725 - 0.5))
    assert expected_calibration_error(posterior([0.6, 0.9]), labels) == pytest.approx((0.4 + 0.9) / 2)


def test_labels_drawn_from_the_probabilities_are_calibrated():
    generator = np.random.default_rng(0)
    confidence = generator.uniform(0.0, 1.0, 20_000)
    labels = (generator.random(20_000) >= confidence).astype(int)
    assert expected_calibration_error(posterior(confidence), labels) < 0.02


def test_certain_predictions_have_no_error_and_a_class_of_probability_0_an_infinite_loss():
    with np.errstate(divide="ignore"):
        certain = np.log(np.eye(3))
    assert expected_calibration_error(certain, np.arange(3)) == 0.0
    assert log_loss(certain, np.array([1, 1, 2])) == np.inf
