"""Whether a flow's two directions are each other's inverse, as far as float32 goes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.errors import UndefinedError

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: Pictures of noise, each pixel of any level alike.
NOISE = 256


def evaluate_inversion(
    model: "GenerativeModel",
    examples: np.ndarray,
    *,
    seed: int = 0,
    batch_size: int = 100,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, dict[str, Any]]:
    """|x − f(f⁻¹(x))| of every value of a set, and of images that no training set has.

    A bijector is exactly invertible on paper; a coupling that squeezes an interval to where float32 has no room between
    its numbers is not, and its exact likelihood is that of another map.

    Args:
        model: a flow.
        examples: [n, *event_shape].
        seed: of the pictures of noise.
        batch_size: examples at a time.
        progress: called with the number of examples done so far.

    Returns:
        "examples", and of images also "noise", "black" and "white" → "count", the "largest" and the "mean" error;
        images in [0, 1].

    Raises:
        UndefinedError: if the model is no flow.
    """
    import tensorflow as tf

    from tfgen.data.batches import evaluation_batches

    if not model.can("inversion_error"):
        raise UndefinedError(
            f"A {type(model).__name__} has no inversion error: expected a flow, whose encoder is the inverse of its "
            "decoder"
        )
    sets = {"examples": examples}
    if model.is_image:
        shape, levels = model.event_shape, model.levels
        noise = np.random.default_rng(seed).integers(0, levels, (NOISE, *shape))
        sets |= {"noise": noise.astype(examples.dtype)}
        sets |= {
            "black": np.zeros((1, *shape), examples.dtype),
            "white": np.full((1, *shape), levels - 1, examples.dtype),
        }
    errors = tf.function(model.inversion_error, autograph=False)
    found, done = {}, 0
    for name, members in sets.items():
        largest, total = [], []
        for batch, mask in evaluation_batches(members, min(batch_size, len(members))):
            values = errors(batch).numpy()[mask.numpy() > 0]
            largest.append(values.max())
            total.append(values.mean(dtype=np.float64) * len(values))
            done += len(values)
            progress(done)
        found[name] = {
            "count": len(members),
            "largest": float(max(largest)),
            "mean": float(sum(total) / len(members)),
        }
    return found
