"""The memory that a training needs, estimated from its configuration, before anything of this size is allocated."""

import math
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.config import RunConfig
from tfgen.data.stored import StoredImages
from tfgen.errors import ConfigError
from tfgen.models.outline import Outline, count_activations, outline
from tfgen.models.weights import count_weights

if TYPE_CHECKING:
    from tfgen.data.batches import Batches
    from tfgen.models.contract import GenerativeModel

#: Bytes of a number. The estimates count float32 throughout.
NUMBER = 4
#: Copies of a weight during training: itself, its gradient, and the two moments of Adam.
COPIES = 4
#: Copies of an activation: itself and its gradient.
ACTIVATION_COPIES = 2
#: Memory of the program with TensorFlow before it has a model, in bytes.
PROGRAM = 0.6e9


def check_memory_before_build(
    config: RunConfig, event_shape: tuple[int, ...], levels: int | None = 256, classes: Sequence[str] = ()
) -> None:
    """Refuse a model that cannot be trained in the machine's memory, before one weight is allocated.

    Args:
        config, event_shape, levels, classes: see `tfgen.models.build`.

    Raises:
        ConfigError: with the estimate, and the options to change; and as `build` does.
    """
    size = outline(config, event_shape, levels, classes)
    _check(
        PROGRAM + _bytes(config, size),
        f"{size.weights / 1e6:,.1f} million weights, and {size.activations / 1e6:,.1f} million values between the "
        f"layers for each of the {config.train.batch_size} examples of a batch",
        "--arch conv, a smaller --image-size or --batch-size, or fewer units, filters or layers",
    )


def training_memory(config: RunConfig, model: "GenerativeModel", batches: "Batches") -> float:
    """Estimate the memory of a training in bytes: weights, optimizer, activations of a batch, and the training set.

    Args:
        config: the configuration.
        model: the model.
        batches: its batches.

    A lower bound: it counts the activations of layers that Keras knows the shapes of, once, and no intermediate values.
    """
    size = Outline(count_weights(model.trainable_variables), count_activations(model))
    examples = batches.examples
    in_memory = 0 if isinstance(examples, StoredImages) else math.prod(examples.shape) * examples.dtype.size
    return PROGRAM + _bytes(config, size) + in_memory


def check_memory(bytes_needed: float) -> None:
    """Refuse a training that needs more memory than the machine has. Raises `ConfigError` with the estimate."""
    _check(bytes_needed, "weights, optimizer and activations of a batch", "a smaller --batch-size, model or image size")


def machine_memory() -> float:
    """Memory in bytes that this process may use: that of the machine, or of the container if that is less."""
    total = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, float(Path(file).read_text()))
        except (OSError, ValueError):  # another operating system, or "max"
            continue
    return total


def peak_memory() -> float:
    """Largest memory in bytes that this process has used so far."""
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(largest if sys.platform == "darwin" else largest * 1024)


def _check(needed: float, what: str, change: str) -> None:
    if needed > (available := machine_memory()):
        raise ConfigError(
            f"Expected a training that fits in the {available / 1e9:.1f} GB of memory of this machine. Received: about "
            f"{needed / 1e9:.1f} GB ({what}). Change: {change}"
        )


def _bytes(config: RunConfig, size: Outline) -> float:
    """Bytes of the weights with their gradients and the optimizer, and of the activations of a batch."""
    weights = size.weights * (COPIES + (config.train.ema > 0.0))
    return NUMBER * (weights + size.activations * config.train.batch_size * ACTIVATION_COPIES)
