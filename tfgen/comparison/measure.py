"""What a comparison has to measure, once, and where it is kept."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgen.comparison.rows import Comparison, recorded
from tfgen.errors import UndefinedError
from tfgen.evaluation.classifier import classifier_for
from tfgen.evaluation.cost import evaluate_cost, machine
from tfgen.evaluation.evaluate import LIKELIHOOD_KEYS, QUALITY_KEYS, evaluate, evaluate_samples
from tfgen.evaluation.memorization import evaluate_memorization
from tfgen.models import family
from tfgen.runs import evaluations as record
from tfgen.runs.run import Run

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.evaluation.classifier import Classifier
    from tfgen.models.contract import GenerativeModel

#: Samples that are held against the training images, and as many test images.
NEAREST = 1000


def compare(
    runs: Sequence[Run],
    *,
    count: int = 10_000,
    samples: int = 1,
    classifier: str | Path | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> Comparison:
    """Compare runs, measuring what is not recorded of those that are finished.

    Args:
        runs: different ones, on the same data.
        count: samples by which quality is measured, at most as many as there are test images.
        samples: latent or dequantization samples for the likelihood of each test example.
        classifier: .npz to measure quality with, in place of the one that comes with the package.
        report: called with a line before each measurement.

    Raises:
        ConfigError: see `tfgen.comparison.recorded`.
        DataError: if the data is missing or the classifier damaged.
    """
    # Different data, or a run twice, is refused before anything takes time.
    recorded(runs)
    data = runs[0].dataset
    try:
        found = classifier_for(runs[0].config.data.data, data.event_shape, data.levels, classifier)
    except UndefinedError:
        found = None
    evaluations = {
        run.path: measure(run, count=count, samples=samples, classifier=found, report=report)
        for run in runs
        if run.state == "finished"
    }
    return recorded(runs, evaluations)


def measure(
    run: Run,
    *,
    count: int = 10_000,
    samples: int = 1,
    classifier: "Classifier | None" = None,
    report: Callable[[str], None] = lambda line: None,
) -> dict[str, list[dict[str, Any]]]:
    """Measure of a run what is not recorded, and record it where its folder can be written.

    Likelihood and sample quality of the test set, cost, and, of images, how near samples are to training images.

    Args:
        run: a finished one.
        count, samples, report: see `compare`.
        classifier: for sample quality; None measures none.

    Returns:
        What is now known of it: the entries of `evaluation.json` by kind.
    """
    found = record.current(run)
    # Loaded for the first measurement, if any is missing.
    model = functools.cache(run.load_model)
    dataset = run.dataset

    def need(kind: str, wanted: dict[str, Any], keys: Sequence[str], make: Callable[[], dict[str, Any]]) -> None:
        if any(record.same(entry, wanted, tuple(wanted)) for entry in found.get(kind, [])):
            return
        report(f"{run.path.name}: {kind}")
        entry = make()
        found[kind] = [old for old in found.get(kind, []) if not record.same(old, entry, keys)] + [entry]

    if "log_prob" not in family(run.config.model).undefined:
        need(
            "likelihood",
            {"split": "test", "samples": samples, "examples": len(dataset.test)},
            LIKELIHOOD_KEYS,
            lambda: evaluate(run, model=model(), samples=samples),
        )
    identity = None if classifier is None else classifier.identity
    if classifier is not None:
        size = min(count, len(dataset.test), len(dataset.train))
        need(
            "quality",
            {"split": "test", "samples": size, "seed": 0, "temperature": 1.0, "classifier": identity},
            QUALITY_KEYS,
            lambda: evaluate_samples(run, model=model(), classifier=classifier, count=size),
        )
    if dataset.is_images:
        size = min(NEAREST, len(dataset.test))
        need(
            "memorization",
            {"samples": size, "seed": 0, "classifier": identity},
            (),
            lambda: measure_memorization(run, model(), dataset, classifier, count=size),
        )
    need(
        "cost",
        {"machine": machine()},
        (),
        lambda: _kept(run, "cost", evaluate_cost(model(), run.config.train.batch_size)),
    )
    return found


def measure_memorization(
    run: Run,
    model: "GenerativeModel",
    dataset: "Dataset",
    classifier: "Classifier | None",
    *,
    count: int = NEAREST,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure how near samples are to training images, and record it where the run's folder can be written.

    Args:
        run: the model's.
        model, dataset, classifier, count, seed: see `tfgen.evaluation.memorization.evaluate_memorization`.

    Returns:
        What that returns, with the "epoch" and the classifier's identity, or None, as "classifier".
    """
    found = evaluate_memorization(model, dataset, classifier, count=count, seed=seed)
    identity = None if classifier is None else classifier.identity
    return _kept(run, "memorization", {**found, "classifier": identity})


def _kept(run: Run, kind: str, entry: dict[str, Any]) -> dict[str, Any]:
    entry = {"epoch": run.epoch, **entry}
    record.record(run, kind, entry, ())
    return entry
