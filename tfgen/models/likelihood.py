"""The result of a likelihood measurement."""

import dataclasses
import math

import numpy as np


@dataclasses.dataclass(frozen=True)
class Likelihood:
    """Log-likelihoods of a set of examples, with all information that a comparison with another model needs.

    Attributes:
        nats: float64 [n], log-probability of each example in nats.
        estimator: name of the estimator, for example "ELBO, 1 sample, KL in closed form".
        samples: latent samples (VAE) or dequantization samples (flow) for each example.
        levels: intensity levels of the observed pixels (2 for binarized pixels), or None for points.
        dimensions: number of observed values of an example, H·W·C.
    """

    nats: np.ndarray
    estimator: str
    samples: int
    levels: int | None
    dimensions: int

    @property
    def bits_per_dim(self) -> np.ndarray:
        """Negative log-likelihood in bits per dimension, −log₂ p(x) / (H·W·C), float64 [n]."""
        return -self.nats / (self.dimensions * math.log(2.0))

    @property
    def mean(self) -> float:
        """Mean bits per dimension."""
        return float(self.bits_per_dim.mean())

    @property
    def standard_error(self) -> float:
        """Standard error of `mean` over the examples, NaN for a single example."""
        return standard_error(self.bits_per_dim)


def standard_error(values: np.ndarray) -> float:
    """Standard error of the mean of values [n]. That of a single value is not known: NaN."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan
