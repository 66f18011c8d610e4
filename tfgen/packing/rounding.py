"""Rounds the weights of a model to the smallest number format that keeps its samples and its likelihood."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen import pretrained
from tfgen.errors import DataError, RunError
from tfgen.files import write_json

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

#: Largest allowed differences between the rounded and the original model. "samples": of a pixel in [0, 1] or of a
#: coordinate. "likelihood": of the mean, in bits per dimension of images or nats of points.
MAX_DIFFERENCE = {"samples": 0.05, "likelihood": 0.002}
#: Number of samples and number of examples that are compared.
SAMPLES, EXAMPLES = 64, 256


def save_rounded(
    model: "GenerativeModel",
    run: "Run",
    packed: "Run",
    record: dict[str, Any],
    report: Callable[[str], Any] = lambda line: None,
) -> "GenerativeModel":
    """Write the weights in the smallest of `tfgen.models.weights.FORMATS` that keeps the differences allowed.

    Args:
        model: the run's model.
        run: the run.
        packed: the folder to write the weights and the record to.
        record: content of `pretrained.json`. Format, SHA-256 and differences of every tried format are added.
        report: called with each difference, and with the reason for trying the next format.

    Returns:
        The model with the rounded weights.

    Raises:
        RunError: if no format keeps the differences allowed. float32 always does, unless a weight is not finite.
    """
    from tfgen.models.weights import FORMATS, save_weights

    reason = ""
    for form in FORMATS:
        try:
            sha256 = save_weights(model, packed.path / pretrained.WEIGHTS, form)
            record["weights"] |= {"format": form, "sha256": sha256}
            write_json(packed.path / pretrained.RECORD, record)
            rounded = packed.load_model()
            record[form] = rounding_differences(model, rounded, run, form)
            report("\n".join(f"{form}, {key.replace('_', ' ')}: {value}" for key, value in record[form].items()))
            check_differences(record[form], form)
        except RunError as error:
            reason = str(error)
            report(reason)
        else:
            return rounded
    raise RunError(reason)


def rounding_differences(model: "GenerativeModel", rounded: "GenerativeModel", run: "Run", form: str) -> dict[str, Any]:
    """Compare samples and likelihoods of a model before and after rounding of its weights.

    Args:
        model: the model before rounding.
        rounded: the model after rounding.
        run: the model's run. Likelihoods are those of its test examples or, without its data, of samples.
        form: the number format, one of `tfgen.models.weights.FORMATS`.

    Returns:
        Largest and mean difference of the samples of seeds 0 to 63. For a model with a likelihood, also the mean
        negative log-likelihood of 256 examples before and after, with the same noise, and the largest difference of an
        example, in bits per dimension (images) or nats (points).
    """
    before, after = (one.sample(SAMPLES, seed=0).numpy() for one in (model, rounded))
    difference = np.abs(before - after)
    found: dict[str, Any] = {
        "samples": SAMPLES,
        "largest_difference_of_samples": float(difference.max()),
        "mean_difference_of_samples": float(difference.mean()),
    }
    if not model.can("log_prob"):
        return found
    from tfgen import random
    from tfgen.evaluation.likelihood import labels_for

    try:
        test = run.dataset.test[:EXAMPLES]
        examples, labels, source = test.examples, labels_for(model, test), "test examples"
    except DataError:
        examples, source = model.sample(EXAMPLES, seed=SAMPLES).numpy(), "samples"
        labels = model.labels_from_seeds(random.seeds_from(SAMPLES, EXAMPLES))
    first, second = (
        likelihood.bits_per_dim if model.is_image else -likelihood.nats
        for likelihood in (one.likelihood(examples, **model.given(labels)) for one in (model, rounded))
    )
    unit = "bits_per_dim" if model.is_image else "nats"
    return found | {
        "likelihood_of": f"{len(examples)} {source}",
        f"{unit}_float32": float(first.mean()),
        f"{unit}_{form}": float(second.mean()),
        f"largest_difference_of_{unit}": float(np.abs(first - second).max()),
    }


def check_differences(found: dict[str, Any], form: str) -> None:
    """Raise `RunError` if a difference that `rounding_differences` returned is larger than `MAX_DIFFERENCE`, or NaN."""
    largest = found["largest_difference_of_samples"]
    # `not a <= b` is true if a is NaN.
    if not largest <= MAX_DIFFERENCE["samples"]:
        raise RunError(
            f"Expected samples of {form} weights within {MAX_DIFFERENCE['samples']} of the run's. Received: "
            f"{largest:.4f}"
        )
    for unit in ("bits_per_dim", "nats"):
        if f"{unit}_float32" in found:
            change = abs(found[f"{unit}_{form}"] - found[f"{unit}_float32"])
            if not change <= MAX_DIFFERENCE["likelihood"]:
                raise RunError(
                    f"Expected {form} weights to change the mean likelihood by at most {MAX_DIFFERENCE['likelihood']} "
                    f"{unit.replace('_', ' ')}. Received: {change:.4f}"
                )
