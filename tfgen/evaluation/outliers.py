"""The pictures that a model finds least and most likely: tfgen outliers RUN --n 24 --out outliers.png"""

from typing import TYPE_CHECKING

from tfgen.errors import UndefinedError

if TYPE_CHECKING:
    import numpy as np

    from tfgen.models.contract import GenerativeModel


def ranked(
    model: "GenerativeModel", examples: "np.ndarray", *, samples: int = 1, seed: int = 0
) -> tuple["np.ndarray", "np.ndarray"]:
    """Bits per dimension of images, and their order.

    Args:
        model: of images, with a likelihood.
        examples: [n, H, W, C].
        samples: latent or dequantization samples for each likelihood.
        seed: of the noise.

    Returns:
        (bits per dimension [n], the images' numbers from the least to the most likely [n]).

    Raises:
        UndefinedError: if the model has no likelihood, or makes points.
    """
    import numpy as np

    from tfgen.evaluation.likelihood import evaluate_likelihood

    _check(model)
    bits = evaluate_likelihood(model, examples, samples=samples, seed=seed).bits_per_dim
    return bits, np.argsort(-bits, kind="stable")


def _check(model: "GenerativeModel") -> None:
    model.estimator(1)  # a model without likelihood says so
    if not model.is_image:
        raise UndefinedError(f"A ranking needs images. Received: points of shape {list(model.event_shape)}")
