"""The Fréchet distance between two sets of features."""

import numpy as np


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the squared Fréchet distance between Gaussians fitted to two sets of features.

        d² = |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½)

    The covariances are unbiased estimates (divided by n − 1). The distance is biased upwards, more so for small n:
    compare only distances of equal n, and report the distance between two sets of real features next to them.

    Args:
        first: features [n, d], n ≥ 2.
        second: features [m, d], m ≥ 2.

    Reference: Dowson, Landau: The Fréchet distance between multivariate normal distributions, 1982; Heusel et al.: GANs
    trained by a two time-scale update rule. NeurIPS 2017 (in the features of another network).
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    means, covariances = zip(*(_moments(features) for features in (first, second)), strict=True)
    return gaussian_distance(*means, *covariances)


def gaussian_distance(mean_1, mean_2, covariance_1, covariance_2) -> float:
    """Return the squared Fréchet distance between two Gaussians with means [d] and covariances [d, d]."""
    # With A = Σ₁^½, tr (Σ₁ Σ₂)^½ = tr (A Σ₂ A)^½. A Σ₂ A is symmetric, so its eigenvalues are real and at least 0.
    root = _square_root(covariance_1)
    eigenvalues = np.linalg.eigvalsh(root @ covariance_2 @ root)
    cross = np.sqrt(np.clip(eigenvalues, 0.0, None)).sum()
    distance = np.sum((mean_1 - mean_2) ** 2) + np.trace(covariance_1) + np.trace(covariance_2) - 2.0 * cross
    return max(float(distance), 0.0)


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean [d] and covariance [d, d]."""
    return features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))


def _square_root(covariance: np.ndarray) -> np.ndarray:
    """Return the symmetric square root of a positive semi-definite matrix."""
    eigenvalues, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.clip(eigenvalues, 0.0, None))) @ vectors.T
