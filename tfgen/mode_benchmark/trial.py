"""One trial: a model trained on a bed and judged, in a run's folder that remembers both."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from tfgen.config import MachineConfig
from tfgen.errors import DivergedError, RunError
from tfgen.evaluation.cost import training_flops
from tfgen.evaluation.modes import mode_measure
from tfgen.files import replacing, write_json
from tfgen.mode_benchmark.datasets import BEDS, DATA, Trial
from tfgen.runs.run import Run
from tfgen.training.callbacks import MetricsFile
from tfgen.training.distributed.strategy import make_strategy
from tfgen.training.session import loop_of, prepared

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset

#: What a trial found, in its run's folder; and samples for the figure.
RESULT, SAMPLES = "trial.json", "samples.npz"
#: Samples that are judged lie beyond the seeds by which training was followed.
FIRST_SEED = 1_000_000
#: Pictures kept for the figure.
KEPT_PICTURES = 100


def result_of(folder: Path) -> dict[str, Any] | None:
    """What a finished trial left in its folder, or None. Raises `RunError` where it cannot be read."""
    file = folder / RESULT
    try:
        return json.loads(file.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise RunError(f"Expected what a trial found in {file}. Received: {error}") from None


def carry_out(
    trial: Trial, folder: Path, dataset: "Dataset", report: Callable[[int], None] = lambda steps: None
) -> dict[str, Any]:
    """Train and judge, from wherever an earlier attempt stopped.

    Args:
        trial: which.
        folder: of its run.
        dataset: of its bed.
        report: called with the number of steps made so far.

    Returns:
        What was recorded: "bed", "entrant", "seed", "budget"; "modes", "mode_kl" (None where it has none) and for
        points "high_quality", of "samples" samples; "weights" and "flops_per_example" of training; "seconds" of it;
        "diverged", None or the message of a loss that became infinite, with which there is nothing to judge.

    Raises:
        RunError: if the folder holds a run of other options.
        Interrupted: after Ctrl-C, with everything saved.
    """
    if (found := result_of(folder)) is not None:
        _same_run(trial, folder)
        return found
    run = _same_run(trial, folder) if Run.begun(folder) else Run.create_at(folder, trial.config)
    keras.backend.clear_session()
    distribution = make_strategy(MachineConfig(strategy="one"), run.config.train.batch_size)
    batches, model = prepared(run.config, dataset, distribution)
    loop = loop_of(run, dataset, batches, model, distribution, resume_hint="The same command goes on from there.")
    run.keep_metrics(loop.progress.epoch)
    facts = {
        "bed": trial.bed,
        "entrant": trial.entrant,
        "seed": trial.seed,
        "budget": trial.budget,
        "weights": sum(int(variable.shape.num_elements()) for variable in model.trainable_variables),
        "flops_per_example": training_flops(model, run.config.train.batch_size),
    }
    try:
        loop.run([MetricsFile(run), _Steps(report)])
        with model.averaged_weights():
            found = {**facts, **judged(trial, folder, dataset, model.sample), "diverged": None}
            with replacing(run.model_file) as fresh:
                model.save(fresh, include_optimizer=False)
    except DivergedError as error:
        found = {**facts, "modes": 0, "mode_kl": None, "samples": 0, "diverged": str(error)}
    found["seconds"] = round(sum(row["seconds"] for row in run.metrics()), 1)
    write_json(folder / RESULT, found)
    return found


def judge_data(bed: str, folder: Path, dataset: "Dataset") -> dict[str, Any]:
    """What the same judge says of the test set itself: the best that any model could be."""
    if (found := result_of(folder)) is not None:
        return found
    folder.mkdir(parents=True, exist_ok=True)
    examples = dataset.test.examples
    if dataset.is_images:
        examples = examples[: BEDS[bed].samples] / np.float32(dataset.train.levels - 1)  # type: ignore[operator]
    found = {"bed": bed, "entrant": DATA, **_judged(BEDS[bed].samples, folder, dataset, examples)}
    write_json(folder / RESULT, found)
    return found


def judged(trial: Trial, folder: Path, dataset: "Dataset", sample) -> dict[str, Any]:
    """Count the modes of what `sample(n, seed=…)` draws, and keep some of it for the figure."""
    count = BEDS[trial.bed].samples
    return _judged(count, folder, dataset, sample(count, seed=FIRST_SEED).numpy())


def _judged(count: int, folder: Path, dataset: "Dataset", examples: np.ndarray) -> dict[str, Any]:
    measure = mode_measure(dataset)
    assert measure is not None
    found = measure(examples[:count])
    with replacing(folder / SAMPLES) as fresh:
        np.savez_compressed(fresh, samples=examples[: KEPT_PICTURES if dataset.is_images else count].astype(np.float32))
    kl = found["mode_kl"]
    return {**found, "mode_kl": kl if math.isfinite(kl) else None, "samples": min(count, len(examples))}


def _same_run(trial: Trial, folder: Path) -> Run:
    run, expected = Run.open(folder), trial.config.to_dict()
    for section, values in run.config.to_dict().items():
        if values != expected[section]:
            raise RunError(
                f"Expected a trial of these options in {folder}, or none yet. Received: one with another {section}. "
                "Another --out keeps both"
            )
    return run


class _Steps(keras.callbacks.Callback):
    def __init__(self, report: Callable[[int], None]):
        super().__init__()
        self.report = report

    def on_train_batch_end(self, batch: int, logs=None):
        self.report(batch)
