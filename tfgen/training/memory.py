"""The memory that a training needs, estimated from its configuration, before anything of this size is allocated."""

import itertools
import math
import os
import resource
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from tfgen.config import RunConfig
from tfgen.data.stored import StoredImages
from tfgen.errors import ConfigError
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


def check_memory_before_build(config: RunConfig, event_shape: tuple[int, ...]) -> None:
    """Refuse a fully connected model whose weights exceed the machine's memory, before they are allocated.

    Raises:
        ConfigError: with the estimate, and the options to change.
    """
    if len(event_shape) != 3 or getattr(config.architecture, "arch", None) != "mlp":
        return
    weights = _fully_connected_weights(config.architecture, math.prod(event_shape))
    side = "×".join(map(str, event_shape))
    _check(
        weights * NUMBER * _copies(config),
        f"a fully connected network for {side} values has {weights / 1e6:,.0f} million weights",
        "--arch conv, a smaller --image-size, or fewer units in the hidden layers",
    )


def training_memory(config: RunConfig, model: "GenerativeModel", batches: "Batches") -> float:
    """Estimate the memory of a training in bytes: weights, optimizer, activations of a batch, and the training set.

    Args:
        config: the configuration.
        model: the model.
        batches: its batches.

    A lower bound: it counts the activations of layers that Keras knows the shapes of, once, and no intermediate values.
    """
    weights = count_weights(model.trainable_variables) * NUMBER * _copies(config)
    activations = _activations(model) * config.train.batch_size * NUMBER * ACTIVATION_COPIES
    examples = batches.examples
    in_memory = 0 if isinstance(examples, StoredImages) else math.prod(examples.shape) * examples.dtype.size
    return PROGRAM + weights + activations + in_memory


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


def _copies(config: RunConfig) -> int:
    return COPIES + (config.train.ema > 0.0)


def _fully_connected_weights(options: Any, values: int) -> int:
    """Number of weights between layers of a fully connected model of examples with so many values."""
    names = options.option_names()
    if "hidden" in names:
        outputs = values * (3 * options.mixtures if options.likelihood != "bernoulli" else 1)
        encoder, decoder = (values, *options.hidden, 2 * options.latent_dim), (*options.hidden, outputs)
        return _between(encoder) + _between((options.latent_dim, *reversed(options.hidden))) + decoder[0] * outputs
    generator = (options.latent_dim, *options.generator_hidden, values)
    discriminator = (values * getattr(options, "packing", 1), *options.discriminator_hidden, 1)
    return _between(generator) + _between(discriminator) * getattr(options, "discriminators", 1)


def _between(units: tuple[int, ...]) -> int:
    return sum(one * other for one, other in itertools.pairwise(units))


def _activations(model: "GenerativeModel") -> int:
    """Number of values that the layers of a model put out for one example, each layer counted once."""
    return sum(math.prod(side or 1 for side in shape[1:]) for shape in _output_shapes(model))


def _output_shapes(model: "GenerativeModel") -> Iterable[tuple[int | None, ...]]:
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, keras.Model) or not layer._inbound_nodes:
            continue
        for node in layer._inbound_nodes:
            yield from (tensor.shape for tensor in node.output_tensors)
