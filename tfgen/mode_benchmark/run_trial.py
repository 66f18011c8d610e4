"""Trains and measures one trial of the mode benchmark. The trial's folder is a run folder with the measurements."""

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
from tfgen.files import atomic_write, write_json
from tfgen.mode_benchmark.datasets import DATASETS
from tfgen.mode_benchmark.methods import REFERENCE
from tfgen.mode_benchmark.results import RESULT_FILE, SAMPLES_FILE, TrialResult, read_result
from tfgen.mode_benchmark.trial import Trial
from tfgen.models.weights import count_weights
from tfgen.runs.lock import LOCK_TIMEOUT, run_lock
from tfgen.runs.run import Run
from tfgen.training.callbacks import MetricsFile
from tfgen.training.distributed.strategy import make_strategy
from tfgen.training.prepare import make_batches_and_model, make_loop

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset

#: First seed of the measured samples. It lies beyond the seeds of the samples that training is monitored with.
FIRST_SEED = 1_000_000
#: Number of pictures that are saved for the figure.
SAVED_PICTURES = 100


def run_trial(
    trial: Trial, folder: Path, dataset: "Dataset", report: Callable[[int], None] = lambda steps: None
) -> TrialResult:
    """Train the trial's model, measure its samples and write both into the folder.

    An interrupted trial resumes from its last checkpoint. A finished trial is only read.

    Args:
        trial: the trial.
        folder: folder of the trial's run.
        dataset: the trial's data.
        report: called after each step with the number of steps so far.

    Raises:
        RunError: if the folder holds a run with other options, or another process trains the trial.
        Interrupted: after Ctrl-C; a checkpoint has been written.
    """
    if (finished := read_result(folder)) is not None:
        _open(trial, folder)
        return finished
    run = _open(trial, folder) if Run.exists(folder) else Run.create_at(folder, trial.config)
    with run_lock(folder, "training", LOCK_TIMEOUT):
        return _train(trial, run, dataset, report)


def _train(trial: Trial, run: Run, dataset: "Dataset", report: Callable[[int], None]) -> TrialResult:
    folder = run.path
    keras.backend.clear_session()
    distribution = make_strategy(MachineConfig(strategy="one"), run.config.train.batch_size)
    batches, model = make_batches_and_model(run.config, dataset, distribution)
    loop = make_loop(
        run, dataset, batches, model, distribution, resume_hint="The same command resumes from the last checkpoint."
    )
    run.keep_metrics(loop.progress.epoch)
    cost: dict[str, Any] = {
        "weights": count_weights(model.trainable_variables),
        "flops_per_example": training_flops(model, run.config.train.batch_size),
    }
    try:
        loop.run([MetricsFile(run), _StepReport(report)])
        with model.averaged_weights():
            count = DATASETS[trial.dataset].samples
            measured = _measure(count, folder, dataset, model.sample(count, seed=FIRST_SEED).numpy())
            with atomic_write(run.model_file) as temporary:
                model.save(temporary, include_optimizer=False)
    except DivergedError as error:
        measured = {"modes": 0, "mode_kl": None, "samples": 0, "diverged": str(error)}
    seconds = round(sum(row["seconds"] for row in run.metrics()), 1)
    result = TrialResult(
        trial.dataset, trial.method, seed=trial.seed, steps=trial.steps, seconds=seconds, **cost, **measured
    )
    write_json(folder / RESULT_FILE, result.to_dict())
    return result


def measure_test_set(name: str, folder: Path, dataset: "Dataset") -> TrialResult:
    """Measure the test examples as if they were samples of a model: the result of a perfect model.

    Args:
        name: key of `DATASETS`.
        folder: where the result is kept; a result that is already there is only read.
        dataset: the data.
    """
    if (finished := read_result(folder)) is not None:
        return finished
    folder.mkdir(parents=True, exist_ok=True)
    count = DATASETS[name].samples
    examples = dataset.test.examples[:count]
    if dataset.is_images:
        examples = examples / np.float32(dataset.train.levels - 1)  # type: ignore[operator]
    result = TrialResult(name, REFERENCE, **_measure(count, folder, dataset, examples))
    write_json(folder / RESULT_FILE, result.to_dict())
    return result


def _measure(count: int, folder: Path, dataset: "Dataset", examples: np.ndarray) -> dict[str, Any]:
    """Count the modes of the first `count` examples and save some of them for the figure."""
    measure = mode_measure(dataset)
    assert measure is not None
    measured = measure(examples[:count])
    saved = examples[: SAVED_PICTURES if dataset.is_images else count]
    with atomic_write(folder / SAMPLES_FILE) as temporary:
        np.savez_compressed(temporary, samples=saved.astype(np.float32))
    kl = measured["mode_kl"]
    return {**measured, "mode_kl": kl if math.isfinite(kl) else None, "samples": min(count, len(examples))}


def _open(trial: Trial, folder: Path) -> Run:
    """Open the trial's run. Raises `RunError` if its options are not those of the trial."""
    run, expected = Run.open(folder), trial.config.to_dict()
    for section, values in run.config.to_dict().items():
        if values != expected[section]:
            raise RunError(
                f"Expected a trial with these options in {folder}, or no trial. Received: a trial with other options "
                f"in the section {section}. Choose another folder with --out"
            )
    return run


class _StepReport(keras.callbacks.Callback):
    """Passes the number of steps so far to a function."""

    def __init__(self, report: Callable[[int], None]):
        super().__init__()
        self.report = report

    def on_train_batch_end(self, batch: int, logs=None):
        self.report(batch)
