"""Proof that an exported model answers as the Keras model does: errors, size and latency, before anything is published.

Both are asked the same questions, and their answers compared in the unit of each output:

| output | error | unit |
|---|---|---|
| images | absolute difference | intensity, of the range 0 to 1 |
| latent, points | absolute difference, relative to values above 1 | – |
| nats | absolute difference for each 100 nats of the reference, at least 100 | nats per 100 nats |
| bits | the same after conversion to nats | nats per 100 nats |
"""

import math
import statistics
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import tensorflow as tf

from tfgen import latent, noise
from tfgen.errors import ExportError

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: Largest error of an output by the numbers that the weights are stored in.
BOUNDS = {
    "float32": {"images": 1e-5, "latent": 1e-5, "points": 1e-5, "nats": 1e-3, "bits": 1e-3},
    "float16": {"images": 2e-2, "latent": 2e-2, "points": 2e-2, "nats": 1.0, "bits": 1.0},
}
UNITS = {"images": "intensity", "latent": "relative", "points": "relative", "nats": "nats per 100 nats"}
UNITS["bits"] = UNITS["nats"]
#: Questions asked of each signature: the seeds at the ends of int32 are among them.
ROWS = 16
INT32 = (-(2**31), 2**31 - 1)
RUNS = 30


class Artefact(Protocol):
    """An exported model that can be asked."""

    names: list[str]

    def answer(self, name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs of a signature for inputs of any number of rows."""


@dataclass(frozen=True)
class Comparison:
    """How far one signature of an artefact is from the Keras model.

    Attributes:
        output: its name.
        max_error, mean_error: over rows and values, in `unit`.
        bound: largest `max_error` that is accepted.
        latency_ms: median of a request of one row.
    """

    output: str
    max_error: float
    mean_error: float
    unit: str
    bound: float
    latency_ms: float


def questions(model: "GenerativeModel", examples: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """Inputs of every signature, `len(examples)` rows each.

    Args:
        model: trained.
        examples: images as floats in [0, 1], or points.
    """
    rows = len(examples)
    seeds = np.asarray([*range(7, 5 + rows), *INT32], np.int32)
    event = {"images" if model.is_image else "points": examples.astype(np.float32)}
    scored = event | {"seed": seeds} if model.is_image else event
    return {
        "sample": {"seed": seeds, "temperature": np.resize([1.0, 1.0, 0.7, 0.0], rows).astype(np.float32)},
        "interpolate": {
            "seed_from": seeds,
            "seed_to": np.roll(seeds, 1),
            "position": np.linspace(0.0, 1.0, rows, dtype=np.float32),
        },
        "decode": {"latent": model.prior_latents(noise.seeds_from(1000, rows)).numpy()},
        "encode": event,
        "reconstruct": event,
        "log_prob": scored,
        "bits_per_dim": scored,
    }


def reference(model: "GenerativeModel", name: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """What the Keras model itself answers, by its own methods."""
    given = {key: tf.constant(value) for key, value in inputs.items()}
    examples = given.get("images" if model.is_image else "points")
    match name:
        case "sample":
            return model.decode(model.prior_latents(given["seed"], given["temperature"])).numpy()
        case "interpolate":
            ends = [
                tf.reshape(model.normal_noise(given[end]), (len(inputs[end]), -1)) for end in ("seed_from", "seed_to")
            ]
            path = latent.slerp_at(*ends, given["position"][:, None])
            return model.decode(model.latents_from(tf.reshape(path, (-1, *model.latent_shape)))).numpy()
        case "decode":
            return model.decode(given["latent"]).numpy()
        case "encode":
            return model.encode(examples).numpy()
        case "reconstruct":
            return model.decode(model.encode(examples)).numpy()
        case "log_prob" if not model.is_image:
            return model.log_prob(examples).numpy()
        case "log_prob" | "bits_per_dim":
            whole = np.rint(inputs["images"] * (model.levels - 1)).astype(np.uint8)
            with noise.SeededDraws(given["seed"]) as draws:
                nats = model.log_prob_with(whole, draws).numpy()
            return nats if name == "log_prob" else -nats / (math.log(2.0) * math.prod(model.event_shape))
    raise KeyError(name)


def errors(output: str, found: np.ndarray, expected: np.ndarray, dimensions: int) -> np.ndarray:
    """The error of every value, in the unit of `UNITS`; infinite where one of the two is not finite."""
    difference = np.abs(found.astype(np.float64) - expected)
    if output in ("latent", "points"):
        difference /= np.maximum(1.0, np.abs(expected))
    elif output in ("nats", "bits"):
        scale = 1.0 if output == "nats" else dimensions * math.log(2.0)
        difference = 100.0 * difference * scale / np.maximum(100.0, np.abs(expected) * scale)
    return np.where(np.isfinite(difference), difference, np.inf)


def compare(model: "GenerativeModel", artefact: Artefact, examples: np.ndarray, numbers: str) -> dict[str, Comparison]:
    """Ask model and artefact the same questions.

    Args:
        model: the Keras model.
        artefact: what was made of it.
        examples: images in [0, 1] or points, [n, …].
        numbers: a key of `BOUNDS`.

    Returns:
        Signature → comparison.
    """
    found = {}
    for name, inputs in questions(model, examples).items():
        if name not in artefact.names:
            continue
        (output, values), *_ = artefact.answer(name, inputs).items()
        error = errors(output, values, reference(model, name, inputs), math.prod(model.event_shape))
        found[name] = Comparison(
            output,
            float(error.max()),
            float(error.mean()),
            UNITS[output],
            BOUNDS[numbers][output],
            latency(artefact, name, {key: value[:1] for key, value in inputs.items()}),
        )
    return found


def latency(artefact: Artefact, name: str, inputs: dict[str, np.ndarray], runs: int = RUNS) -> float:
    """Median time of a request in milliseconds, after one that is not counted."""
    artefact.answer(name, inputs)
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        artefact.answer(name, inputs)
        times.append(time.perf_counter() - started)
    return 1000.0 * statistics.median(times)


def check(artefact: str, comparisons: dict[str, Comparison]) -> None:
    """Raise `ExportError` where a signature is further from the Keras model than its bound."""
    failed = [
        f"{name}: {found.max_error:.2g} {found.unit} (at most {found.bound:g})"
        for name, found in comparisons.items()
        if not found.max_error <= found.bound
    ]
    if failed:
        raise ExportError(f"{artefact}: expected the answers of the Keras model. Received: {'; '.join(failed)}")


def entry(comparisons: dict[str, Comparison]) -> dict[str, Any]:
    """The part of `parity.json` that tells of the signatures of one artefact."""
    return {name: asdict(found) for name, found in comparisons.items()}
