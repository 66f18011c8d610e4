"""Comparison of an exported model with the Keras model on the same inputs: errors, their bounds and latency.

| output | error | unit |
|---|---|---|
| images | absolute difference | intensity, which ranges from 0 to 1 |
| latent, points | absolute difference, divided by the reference's absolute value if that is above 1 | – |
| nats | absolute difference per 100 nats of the reference, at least 100 | nats per 100 nats |
| bits | the same after conversion to nats | nats per 100 nats |
"""

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tfgen.errors import ExportError
from tfgen.export import reference

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: Number format → (the error that is bounded, output → bound). The bound of a float format is on the largest error.
#: With 8 bits, a pixel at an edge can differ by 0.1 in a model that works, so that the mean error is bounded.
#: The bound on latents is wider, because an encoding flow divides by small standard deviations in every coupling, which
#: amplifies float32 rounding (to 3e-5 after 12 couplings on MNIST). The bounds on images and likelihoods are not.
BOUNDS = {
    "float32": ("max_error", {"images": 1e-5, "latent": 1e-4, "points": 1e-5, "nats": 1e-3, "bits": 1e-3}),
    "float16": ("max_error", {"images": 0.05, "latent": 0.05, "points": 0.05, "nats": 1.0, "bits": 1.0}),
    "dynamic-int8": ("mean_error", {"images": 0.02, "latent": 0.1, "points": 0.1, "nats": 5.0, "bits": 5.0}),
    "int8": ("mean_error", {"images": 0.02, "latent": 0.1, "points": 0.1, "nats": 5.0, "bits": 5.0}),
}
#: The bound of an ill-conditioned model is this many times its `conditioning`, if that exceeds the bound of `BOUNDS`:
#: two float32 programs differ from each other by as much as from the exact result. The conditioning is measured on the
#: test inputs, because a flow amplifies rounding a hundred times less for latents of real images than for the prior's.
CONDITIONING_FACTOR = 2.0
PERTURBATIONS = 8
UNITS = {"images": "intensity", "latent": "relative", "points": "relative", "nats": "nats per 100 nats"}
UNITS["bits"] = UNITS["nats"]
#: Rows of the inputs of each signature.
ROWS = 16
#: Requests whose latency is measured.
REQUESTS = 30


class Artefact(Protocol):
    """An exported model that can be run.

    Attributes:
        names: its signatures.
    """

    names: list[str]

    def run(self, name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs of signature `name` for inputs of any number of rows."""


@dataclass(frozen=True)
class Comparison:
    """Difference between one signature of an artefact and the Keras model.

    Attributes:
        output: name of the output.
        max_error, mean_error: over rows and values, in `unit`.
        unit: see `UNITS`.
        bounded: name of the error that is bounded, "max_error" or "mean_error".
        bound: largest allowed value of that error.
        latency_ms: median time of a request of one row, in milliseconds.
    """

    output: str
    max_error: float
    mean_error: float
    unit: str
    bounded: str
    bound: float
    latency_ms: float


def compare(model: "GenerativeModel", artefact: Artefact, examples: np.ndarray, numbers: str) -> dict[str, Comparison]:
    """Compare the outputs of an artefact with those of the Keras model, for every signature of the artefact.

    Args:
        model: the Keras model.
        artefact: exported from it.
        examples: images in [0, 1] or points, [n, …].
        numbers: the artefact's number format, a key of `BOUNDS`.

    Returns:
        Signature → comparison.
    """
    bounded, bounds = BOUNDS[numbers]
    comparisons = {}
    for name, inputs in reference.test_inputs(model, examples).items():
        if name not in artefact.names:
            continue
        (output, values), *_ = artefact.run(name, inputs).items()
        error = errors(output, values, reference.keras_output(model, name, inputs), math.prod(model.event_shape))
        comparisons[name] = Comparison(
            output,
            float(error.max()),
            float(error.mean()),
            UNITS[output],
            bounded,
            max(bounds[output], CONDITIONING_FACTOR * conditioning_of(model, name, output, inputs)),
            latency(artefact, name, {key: value[:1] for key, value in inputs.items()}),
        )
    return comparisons


def errors(output: str, values: np.ndarray, expected: np.ndarray, dimensions: int) -> np.ndarray:
    """Return the error of every value, in the unit of `UNITS`; infinite if it or its reference is not finite.

    Args:
        output: name of the output.
        values: computed by an artefact.
        expected: computed by the Keras model, of the same shape.
        dimensions: number of values of an example, to convert bits per dimension to nats.
    """
    difference = np.abs(values.astype(np.float64) - expected)
    if output in ("latent", "points"):
        difference /= np.maximum(1.0, np.abs(expected))
    elif output in ("nats", "bits"):
        scale = 1.0 if output == "nats" else dimensions * math.log(2.0)
        difference = 100.0 * difference * scale / np.maximum(100.0, np.abs(expected) * scale)
    return np.where(np.isfinite(difference), difference, np.inf)


def conditioning_of(model: "GenerativeModel", name: str, output: str, inputs: dict[str, np.ndarray]) -> float:
    """Return the `conditioning` of a signature's last step, decoding or encoding; 0 for outputs that are not images."""
    if output == "images":
        return conditioning(reference.decoder(model, name, inputs), reference.latents_of(model, name, inputs))
    if output == "latent" and model.is_image:
        return conditioning(reference.encoder(model, name, inputs), inputs["images"], output)
    return 0.0


def conditioning(function: Callable, values: np.ndarray, output: str = "images") -> float:
    """Return the largest error of a function's output when its inputs change by one unit in the last place.

    Decoding has a conditioning of 1e-7 in a VAE or GAN, 6e-6 in a flow of twelve couplings on MNIST, where each
    coupling multiplies the change of the one before it, and up to 1e-3 in an autoregressive flow.

    Args:
        function: of an array of the shape of `values`, such as `model.decode`.
        values: latents or images, float32.
        output: name of the function's output, for the unit of the error.

    Returns:
        The maximum over `PERTURBATIONS` draws, in each of which every value goes up or down at random.
    """
    expected, generator = function(values).numpy(), np.random.default_rng(0)
    neighbours = [np.nextafter(values, np.float32(end)) for end in (-np.inf, np.inf)]
    perturbed = (np.where(generator.random(values.shape) < 0.5, *neighbours) for _ in range(PERTURBATIONS))
    return max(float(errors(output, function(draw).numpy(), expected, 1).max()) for draw in perturbed)


def latency(artefact: Artefact, name: str, inputs: dict[str, np.ndarray], requests: int = REQUESTS) -> float:
    """Return the median time of a request in milliseconds, after one request that is not counted."""
    artefact.run(name, inputs)
    times = []
    for _ in range(requests):
        started = time.perf_counter()
        artefact.run(name, inputs)
        times.append(time.perf_counter() - started)
    return 1000.0 * statistics.median(times)


def check(artefact: str, comparisons: dict[str, Comparison]) -> None:
    """Raise `ExportError` if the error of a signature exceeds its bound.

    Args:
        artefact: its name, for the message.
        comparisons: signature → comparison.
    """
    failed = [
        f"{name}: {comparison.bounded.replace('_', ' ')} {getattr(comparison, comparison.bounded):.2g} "
        f"{comparison.unit} (at most {comparison.bound:g})"
        for name, comparison in comparisons.items()
        if not getattr(comparison, comparison.bounded) <= comparison.bound  # NaN fails too.
    ]
    if failed:
        raise ExportError(f"{artefact}: expected the outputs of the Keras model. Received: {'; '.join(failed)}")
