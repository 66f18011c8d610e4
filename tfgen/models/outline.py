"""The size of a model, counted from its layers without allocating one weight."""

import math
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras

from tfgen.models import build
from tfgen.models.weights import count_weights

if TYPE_CHECKING:
    from tfgen.config import RunConfig
    from tfgen.models.contract import GenerativeModel


@dataclass(frozen=True)
class Outline:
    """The size of a model.

    Attributes:
        weights: number of trainable weights.
        activations: number of values that the layers put out for one example, see `count_activations`.
    """

    weights: int
    activations: int


def outline(
    config: "RunConfig", event_shape: tuple[int, ...], levels: int | None = 256, classes: Sequence[str] = ()
) -> Outline:
    """Return the size of the model that `tfgen.models.build` would build from the same arguments.

    The layers are built with shapes only, in a thread of their own: Keras keeps its counters of names, its scopes and
    its list of variables without a value for each thread.

    Raises:
        ConfigError: as `build` does.
    """
    # Initializers draw their seeds from this generator.
    state = random.getstate()
    try:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(_count, config, event_shape, levels, classes).result()
    finally:
        random.setstate(state)


def _count(config, event_shape, levels, classes) -> Outline:
    with keras.StatelessScope(initialize_variables=False):
        model = build(config, event_shape, levels, classes)
        return Outline(count_weights(model.trainable_variables), count_activations(model))


def count_activations(model: "GenerativeModel") -> int:
    """Number of values that the layers of a model put out for one example, each layer counted once.

    A lower bound: layers whose shapes Keras does not know, and intermediate values, do not count.
    """
    return sum(math.prod(side or 1 for side in shape[1:]) for shape in _output_shapes(model))


def _output_shapes(model: "GenerativeModel") -> Iterator[tuple[int | None, ...]]:
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, keras.Model) or not layer._inbound_nodes:
            continue
        for node in layer._inbound_nodes:
            yield from (tensor.shape for tensor in node.output_tensors)
