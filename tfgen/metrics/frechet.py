"""The distance between two sets of features as if each were a Gaussian."""

import numpy as np


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Fréchet distance, squared, between the Gaussians of the same mean and covariance as two sets of features.

        d² = |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½)

    Both covariances are divided by n − 1. The estimate is biased upwards, the more the fewer the features: compare
    equal numbers only, and with the distance between two sets of real ones.

    Args:
        first, second: [n, d] and [m, d], n and m at least 2.

    Reference: Dowson, Landau: The Fréchet distance between multivariate normal distributions, 1982; Heusel et al.: GANs
    trained by a two time-scale update rule. NeurIPS 2017 (in the features of another network).
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    means, covariances = zip(*(_moments(features) for features in (first, second)), strict=True)
    return gaussian_distance(*means, *covariances)


def gaussian_distance(mean_1, mean_2, covariance_1, covariance_2) -> float:
    """The squared distance between two Gaussians: means [d], covariances [d, d]."""
    # tr (Σ₁ Σ₂)^½ = tr (A Σ₂ A)^½ with A = Σ₁^½: that one is symmetric, its eigenvalues are real and 0 or more.
    root = _square_root(covariance_1)
    eigenvalues = np.linalg.eigvalsh(root @ covariance_2 @ root)
    cross = np.sqrt(np.clip(eigenvalues, 0.0, None)).sum()
    distance = np.sum((mean_1 - mean_2) ** 2) + np.trace(covariance_1) + np.trace(covariance_2) - 2.0 * cross
    return max(float(distance), 0.0)


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))


def _square_root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root of a positive semi-definite matrix."""
    eigenvalues, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.clip(eigenvalues, 0.0, None))) @ vectors.T
