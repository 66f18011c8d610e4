"""How good class probabilities are: accuracy, calibration and log loss."""

import numpy as np

#: Number of bins of the confidence.
BINS = 15


def accuracy(log_posterior: np.ndarray, labels: np.ndarray) -> float:
    """Return the fraction of examples whose label is the most probable class.

    Args:
        log_posterior: log p(y|x), [n, K].
        labels: integers [n].
    """
    return float(np.mean(np.argmax(log_posterior, axis=1) == labels))


def expected_calibration_error(log_posterior: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """Return the expected calibration error of class probabilities, in [0, 1].

        ECE = Σ_b (n_b / n) |accuracy of bin b − mean confidence of bin b|

    The confidence of an example is the probability of its most probable class. Bin b holds the confidences in
    ((b − 1) / bins, b / bins].

    Args:
        log_posterior: log p(y|x), [n, K].
        labels: integers [n].
        bins: number of bins.

    Reference: Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks. ICML 2017, equation 3.
    """
    log_posterior = np.asarray(log_posterior, np.float64)
    confidence = np.exp(log_posterior.max(axis=1))
    correct = np.argmax(log_posterior, axis=1) == labels
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    differences = np.bincount(bin_of, weights=correct - confidence, minlength=bins)
    return float(np.abs(differences).sum() / len(labels))


def log_loss(log_posterior: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean of −log p(y|x) of the labels, in nats; infinity if a label has probability 0."""
    return float(-np.mean(np.asarray(log_posterior, np.float64)[np.arange(len(labels)), labels]))
