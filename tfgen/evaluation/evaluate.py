"""Evaluate a run's best model: tfgen evaluate RUN [--only likelihood|inversion|quality] [--samples k] [...]

Writes `evaluation.json` into the run. Likelihood, where the model has one: of every example of a split, with its
estimator, sample count, levels and standard error. Inversion, of a flow: how far pictures are from where they come back
to. Sample quality, where the data has a classifier: how far samples are
from the split in its features, beside how far other real pictures are.
"""

import sys
import time
from typing import TYPE_CHECKING, Any

from tfgen.errors import ConfigError

if TYPE_CHECKING:
    from tfgen.evaluation.classifier import Classifier
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run


SPLITS = ("train", "validation", "test")

#: What tells two measurements of a kind apart; a new one replaces its own only.
LIKELIHOOD_KEYS = ("split", "samples", "examples")

INVERSION_KEYS = ("split", "seed")

QUALITY_KEYS = ("split", "samples", "seed", "temperature", "classifier")


def evaluate(
    run: "Run",
    *,
    model: "GenerativeModel | None" = None,
    samples: int = 1,
    split: str = "test",
    seed: int = 0,
    batch_size: int = 100,
    first: int | None = None,
    progress: bool = False,
    record: bool = True,
) -> dict[str, Any]:
    """Measure the likelihood of a split and record it in the run's `evaluation.json`.

    The file holds one entry for each (split, samples) measured so far; a new measurement replaces its own only.

    Args:
        run: the run.
        model: its model, if already loaded.
        samples: latent or dequantization samples for each example.
        split: train, validation or test.
        seed: of the estimator's noise.
        batch_size: examples at a time.
        first: only so many of the first examples, where thousands of samples of each would take too long; None for all.
        progress: show a progress bar.
        record: write the file; False on a worker that is not the chief. A pretrained model that was opened by its name
            is never written to.

    Returns:
        The entry. Of images, "bits_per_dim_percentiles" are the 0th to the 100th percentile of the bits/dim of single
        images: among which an odd picture stands out.

    Raises:
        UndefinedError: if the model has no likelihood.
        ConfigError: if the run has no such split.
    """
    import numpy as np

    from tfgen.evaluation.likelihood import baseline, evaluate_likelihood
    from tfgen.runs import evaluations as records

    model = model or run.load_model()
    model.estimator(samples)  # a model without likelihood says so before any data is read
    examples = _part(run, split, first)
    started = time.monotonic()
    with _bar(len(examples), "example", progress) as bar:
        found = evaluate_likelihood(
            model,
            examples.examples,
            samples=samples,
            seed=seed,
            batch_size=batch_size,
            progress=lambda done: bar.update(done - bar.n),
        )
    entry: dict[str, Any] = {
        "split": split,
        "epoch": run.epoch,
        "estimator": found.estimator,
        "samples": samples,
        "examples": len(found.nats),
        "seed": seed,
        "log_prob_nats": float(found.nats.mean()),
        "log_prob_nats_standard_error": float(found.nats.std(ddof=1) / len(found.nats) ** 0.5),
    }
    if model.is_image:
        entry |= {
            "bits_per_dim": found.mean,
            "bits_per_dim_standard_error": found.standard_error,
            "bits_per_dim_percentiles": np.percentile(found.bits_per_dim, np.arange(101)).tolist(),
            "levels": found.levels,
            "dimensions": found.dimensions,
            "pixel_marginal_bits_per_dim": baseline(model, run.dataset.train.examples, examples.examples),
        }
        if model.config.to_dict().get("likelihood") == "bernoulli":
            entry["binarization"] = model.config.binarize
    elif (truth := examples.log_prob) is not None:
        # The best any model can do: minus the mean of the true log-density on the same points.
        entry["true_log_prob_nats"] = float(truth(examples.examples).mean())
    entry["seconds"] = round(time.monotonic() - started, 1)
    if record:
        records.record(run, "likelihood", entry, LIKELIHOOD_KEYS)
    return entry


def evaluate_round_trip(
    run: "Run",
    *,
    model: "GenerativeModel | None" = None,
    split: str = "test",
    seed: int = 0,
    batch_size: int = 100,
    first: int | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Measure how far a split's examples are from where they come back to, and record it in `evaluation.json`.

    Args:
        run: of a flow.
        model: its model, if already loaded.
        split: train, validation or test.
        seed: of pictures of noise, which are sent there and back too.
        batch_size: examples at a time.
        first: only so many of the first examples; None for all.
        progress: show a progress bar.

    Returns:
        The entry: see `tfgen.evaluation.inversion.evaluate_inversion`.

    Raises:
        UndefinedError: if the model is no flow.
        ConfigError: if the run has no such split.
    """
    from tfgen.evaluation.inversion import evaluate_inversion
    from tfgen.runs import evaluations as records

    model = model or run.load_model()
    examples = _part(run, split, first).examples
    with _bar(len(examples), "example", progress) as bar:
        found = evaluate_inversion(
            model,
            examples,
            seed=seed,
            batch_size=batch_size,
            progress=lambda done: bar.update(min(done, bar.total) - bar.n),
        )
    entry = {"split": split, "epoch": run.epoch, "seed": seed, **found}
    records.record(run, "inversion", entry, INVERSION_KEYS)
    return entry


def evaluate_samples(
    run: "Run",
    *,
    model: "GenerativeModel | None" = None,
    classifier: "Classifier | None" = None,
    count: int = 10_000,
    split: str = "test",
    seed: int = 0,
    temperature: float = 1.0,
    progress: bool = False,
) -> dict[str, Any]:
    """Measure the quality of a model's samples and record it in the run's `evaluation.json`.

    The file holds one entry for each split, number of samples, seed, temperature and classifier.

    Args:
        run: the run.
        model: its model, if already loaded.
        classifier: in whose features; by default the one that comes with the package for the run's data.
        count: samples, at most as many as the split has, or the split of the floor.
        split: what they are compared with: train, validation or test.
        seed: of the first sample.
        temperature: of the samples.
        progress: show a progress bar.

    Returns:
        The entry: see `tfgen.evaluation.quality.evaluate_quality`, with the classifier's name, hash and test accuracy.

    Raises:
        UndefinedError: if the data has no classifier.
        ConfigError: if the run has no such split, or it is too small.
        DataError: if the classifier is damaged or one of other pictures.
    """
    from tfgen.evaluation.classifier import classifier_for
    from tfgen.evaluation.quality import evaluate_quality
    from tfgen.runs import evaluations as records

    dataset = run.dataset
    classifier = classifier or classifier_for(run.config.data.data, dataset.event_shape, dataset.levels)
    model = model or run.load_model()
    started = time.monotonic()
    with _bar(count, "sample", progress) as bar:
        found = evaluate_quality(
            model,
            dataset,
            classifier,
            count=count,
            split=split,
            seed=seed,
            temperature=temperature,
            progress=lambda done: bar.update(done - bar.n),
        )
    entry = {
        "split": split,
        "epoch": run.epoch,
        "seed": seed,
        "temperature": temperature,
        "classifier": classifier.identity,
        **found,
        "seconds": round(time.monotonic() - started, 1),
    }
    records.record(run, "quality", entry, QUALITY_KEYS)
    return entry


def _part(run: "Run", split: str, first: int | None):
    examples = getattr(run.dataset, split)
    if examples is None:
        raise ConfigError(f"split: expected one that the run has. Received: {split!r}, to which it left no examples")
    return examples[: first or len(examples)]


def _bar(total: int, unit: str, progress: bool):
    from tqdm import tqdm

    return tqdm(total=total, unit=unit, disable=not (progress and sys.stderr.isatty()))


def summary(entry: dict[str, Any]) -> str:
    """A likelihood in one line for people."""
    if "bits_per_dim" in entry:
        observed = f"{entry['levels']} levels" + (f", {entry['binarization']}" if "binarization" in entry else "")
        figure = (
            f"{entry['bits_per_dim']:.4f} ± {entry['bits_per_dim_standard_error']:.4f} bits/dim "
            f"({-entry['log_prob_nats']:.2f} nats; {observed}; marginals {entry['pixel_marginal_bits_per_dim']:.4f})"
        )
    else:
        truth = entry.get("true_log_prob_nats")
        best = f"; the true density: {-truth:.4f}" if truth is not None else ""
        figure = f"NLL {-entry['log_prob_nats']:.4f} ± {entry['log_prob_nats_standard_error']:.4f} nats{best}"
    # A packed model's file may tell what was measured before its weights were rounded (`tfgen pack`).
    weights = f"; {entry['weights']}" if "weights" in entry else ""
    return f"{entry['split']:<10} {figure}; {entry['estimator']}; {entry['examples']} examples{weights}"


def inversion_summary(entry: dict[str, Any]) -> str:
    """An inversion error in one line for people."""
    names = {"examples": "examples", "noise": "pictures of noise", "black": "black picture", "white": "white picture"}
    parts = [
        f"{entry[key]['largest']:.1e} of {entry[key]['count']:,} {name}" for key, name in names.items() if key in entry
    ]
    return f"{'inversion':<10} largest |x − f(f⁻¹(x))|: {', '.join(parts)}"


#: Name of a figure of quality → how it is called and printed.
QUALITY = {
    "frechet_classifier_distance": ("Fréchet classifier distance", ".2f"),
    "kid": ("KID", ".4f"),
    "precision": ("precision", ".3f"),
    "recall": ("recall", ".3f"),
    "density": ("density", ".3f"),
    "coverage": ("coverage", ".3f"),
    "kl_to_uniform": ("KL of classes to uniform", ".4f"),
    "kl_to_data": ("KL of classes to the data's", ".4f"),
}


def quality_summary(entry: dict[str, Any]) -> str:
    """Sample quality in a few lines for people, each figure beside its floor."""
    classifier = entry["classifier"]
    temperature = "" if entry["temperature"] == 1.0 else f", temperature {entry['temperature']:g}"
    lines = [
        f"{entry['split']:<10} {entry['samples']:,} {entry['pictures']}, seeds from {entry['seed']}{temperature}, "
        f"against as many real pictures; classifier {classifier['name']} {classifier['sha256'][:8]}, accuracy "
        f"{classifier['test_accuracy']:.4f}; the floor is real against real"
    ]
    for name, (title, form) in QUALITY.items():
        value, floor = (part[name] for part in (entry, entry["floor"]))
        shown, below = ("–" if number is None else format(number, form) for number in (value, floor))
        lines.append(f"           {title:<28} {shown:>9}   floor {below}")
    lines.append(f"           samples of each class         {' '.join(map(str, entry['class_histogram']))}")
    return "\n".join(lines)
