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
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import tensorflow as tf

from tfgen import random
from tfgen.errors import ExportError
from tfgen.models import latent_paths as latent

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: What an output may be off by, for each kind of numbers: float formats are judged by their largest error; of 8 bits,
#: where a pixel at an edge may well be 0.1 off, it is the mean that tells a model that works from one that does not.
#: The latent of a flow is the one output that float32 itself leaves uncertain above 1e-5: dividing by a small standard
#: deviation, over and over, enlarges the rounding of every step (3e-5 after 12 couplings on MNIST). What is made of it
#: again, an image or a likelihood, is judged as sharply as everything else.
BOUNDS = {
    "float32": ("max_error", {"images": 1e-5, "latent": 1e-4, "points": 1e-5, "nats": 1e-3, "bits": 1e-3}),
    "float16": ("max_error", {"images": 0.05, "latent": 0.05, "points": 0.05, "nats": 1.0, "bits": 1.0}),
    "dynamic-int8": ("mean_error", {"images": 0.02, "latent": 0.1, "points": 0.1, "nats": 5.0, "bits": 5.0}),
    "int8": ("mean_error", {"images": 0.02, "latent": 0.1, "points": 0.1, "nats": 5.0, "bits": 5.0}),
}
#: An ill-conditioned model may be off by this many times what one unit in the last place of the latents in question
#: does to its images, or of images to their latents, where that is more than the bound: no float32 program can be
#: closer to another than to the exact result. A flow's latents of real images are a hundred times as tame as those of
#: its prior.
ROUNDINGS, DRAWS = 2.0, 8
UNITS = {"images": "intensity", "latent": "relative", "points": "relative", "nats": "nats per 100 nats"}
UNITS["bits"] = UNITS["nats"]
#: The signatures that decode latents.
DECODING = ("sample", "interpolate", "decode", "reconstruct")
#: Questions asked of each signature: the seeds at the ends of int32 are among them.
ROWS = 16
#: Rows of the statistics by which a quantized model is compared.
STATISTIC_ROWS = 64
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
        bounded, bound: which of the two errors is judged, and what it may be at most.
        latency_ms: median of a request of one row.
    """

    output: str
    max_error: float
    mean_error: float
    unit: str
    bounded: str
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
        "decode": {"latent": model.prior_latents(random.seeds_from(1000, rows)).numpy()},
        "encode": event,
        "reconstruct": event,
        "log_prob": scored,
        "bits_per_dim": scored,
    }


def latents_of(model: "GenerativeModel", name: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """The latents, by the Keras model, of which a signature makes its images or points."""
    given = {key: tf.constant(value) for key, value in inputs.items()}
    match name:
        case "sample":
            return model.prior_latents(given["seed"], given["temperature"]).numpy()
        case "interpolate":
            first, last = (
                tf.reshape(model.normal_noise(given[end]), (len(inputs[end]), -1)) for end in ("seed_from", "seed_to")
            )
            path = latent.slerp_at(first, last, given["position"][:, None])
            return model.latents_from(tf.reshape(path, (-1, *model.latent_shape))).numpy()
        case "decode":
            return inputs["latent"]
        case "reconstruct":
            return model.encode(given["images" if model.is_image else "points"]).numpy()
    raise KeyError(name)


def reference(model: "GenerativeModel", name: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """What the Keras model itself answers, by its own methods."""
    if name in DECODING:
        return model.decode(latents_of(model, name, inputs)).numpy()
    examples = tf.constant(inputs["images" if model.is_image else "points"])
    match name:
        case "encode":
            return model.encode(examples).numpy()
        case "log_prob" if not model.is_image:
            return model.log_prob(examples).numpy()
        case "log_prob" | "bits_per_dim":
            whole = np.rint(inputs["images"] * (model.levels - 1)).astype(np.uint8)
            with random.PerExampleRng(tf.constant(inputs["seed"])) as rng:
                nats = model.log_prob_with(whole, rng).numpy()
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
    statistic, bounds = BOUNDS[numbers]
    asked = questions(model, examples)
    for name, inputs in asked.items():
        if name not in artefact.names:
            continue
        (output, values), *_ = artefact.answer(name, inputs).items()
        error = errors(output, values, reference(model, name, inputs), math.prod(model.event_shape))
        bound = bounds[output]
        if output == "images":
            bound = max(bound, ROUNDINGS * rounding(model.decode, latents_of(model, name, inputs)))
        elif output == "latent" and model.is_image:
            bound = max(bound, ROUNDINGS * rounding(model.encode, inputs["images"], output))
        found[name] = Comparison(
            output,
            float(error.max()),
            float(error.mean()),
            UNITS[output],
            statistic,
            bound,
            latency(artefact, name, {key: value[:1] for key, value in inputs.items()}),
        )
    return found


def rounding(function: Callable, values: np.ndarray, output: str = "images") -> float:
    """Largest error of what a function of the Keras model makes of values that move by one unit in the last place.

    Of images that are decoded: 1e-7 of a VAE or GAN; 6e-6 of a flow of twelve couplings on MNIST, each of which
    multiplies what came before it; up to 1e-3 of one that makes pixels one after the other, where a pixel hangs by a
    hair. The largest of some draws of which value goes up and which down.

    Args:
        function: of arrays of the shape of `values`.
        values: latents or images.
        output: what it makes, for the unit of the error.
    """
    expected, generator = function(values).numpy(), np.random.default_rng(0)
    ends = [np.nextafter(values, np.float32(end)) for end in (-np.inf, np.inf)]
    moved = (np.where(generator.random(values.shape) < 0.5, *ends) for _ in range(DRAWS))
    return max(float(errors(output, function(draw).numpy(), expected, 1).max()) for draw in moved)


def latency(artefact: Artefact, name: str, inputs: dict[str, np.ndarray], runs: int = RUNS) -> float:
    """Median time of a request in milliseconds, after one that is not counted."""
    artefact.answer(name, inputs)
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        artefact.answer(name, inputs)
        times.append(time.perf_counter() - started)
    return 1000.0 * statistics.median(times)


def statistics_of(model: "GenerativeModel", artefact: Artefact, examples: np.ndarray) -> dict[str, dict[str, float]]:
    """What quantization has done to the model as a whole: statistic → its value by Keras and by the artefact.

    Samples: mean and standard deviation of all values. Likelihood: the mean over `examples`, of points in nats.
    """
    seeds = np.arange(STATISTIC_ROWS, dtype=np.int32)
    asked = {"sample": {"seed": seeds, "temperature": np.ones(STATISTIC_ROWS, np.float32)}}
    if model.can("log_prob"):
        name = "bits_per_dim" if model.is_image else "log_prob"
        rows = examples[:STATISTIC_ROWS].astype(np.float32)
        asked[name] = {"images": rows, "seed": seeds[: len(rows)]} if model.is_image else {"points": rows}
    found = {}
    for name, inputs in asked.items():
        both = {"keras": reference(model, name, inputs), "export": next(iter(artefact.answer(name, inputs).values()))}
        if name == "sample":
            found["sample_mean"] = {side: float(values.mean()) for side, values in both.items()}
            found["sample_std"] = {side: float(values.std()) for side, values in both.items()}
        else:
            found[name] = {side: float(values.mean()) for side, values in both.items()}
    return found


def check(artefact: str, comparisons: dict[str, Comparison]) -> None:
    """Raise `ExportError` where a signature is further from the Keras model than its bound."""
    failed = [
        f"{name}: {found.bounded.replace('_', ' ')} {getattr(found, found.bounded):.2g} {found.unit} "
        f"(at most {found.bound:g})"
        for name, found in comparisons.items()
        if not getattr(found, found.bounded) <= found.bound
    ]
    if failed:
        raise ExportError(f"{artefact}: expected the answers of the Keras model. Received: {'; '.join(failed)}")


def table(report: dict[str, dict[str, Any]]) -> str:
    """The report of several artefacts as a Markdown table, a row for each signature.

    Args:
        report: artefact → its part of `parity.json`.
    """
    lines = [
        "| artefact | size | signature | max error | mean error | unit | latency |",
        "|---|---|---|---|---|---|---|",
    ]
    for artefact, part in report.items():
        size = f"{part['bytes'] / 1e6:.2f} MB"
        for name, found in part["signatures"].items():
            lines.append(
                f"| {artefact} | {size} | {name} | {found['max_error']:.1e} | {found['mean_error']:.1e} | "
                f"{found['unit']} | {found['latency_ms']:.2f} ms |"
            )
    return "\n".join(lines)
