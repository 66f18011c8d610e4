"""Training a run from its first or its last step to its last epoch, as the command `tfgen train` does."""

import contextlib
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.config import RunConfig
from tfgen.config.arguments import TrainArguments
from tfgen.config.auto import has_rules
from tfgen.config.image_size import sides
from tfgen.errors import DivergedError
from tfgen.evaluation.likelihood import baseline_bits_per_dim
from tfgen.files import remove_partial, write_json
from tfgen.runs.data_record import check_data, record_data
from tfgen.runs.lock import LOCK_TIMEOUT, run_lock
from tfgen.runs.run import Run
from tfgen.training import callbacks
from tfgen.training.choose import Plan, complete
from tfgen.training.distributed.agreement import check_agreement, lost_worker_errors
from tfgen.training.distributed.heartbeat import is_launched
from tfgen.training.distributed.strategy import DistributionContext, make_strategy
from tfgen.training.final_measurements import measure_and_draw
from tfgen.training.init_from import open_start
from tfgen.training.memory import check_memory, check_memory_before_build, training_memory
from tfgen.training.open_run import check_shared_folder, create_run, keep_config, new_config, open_existing_run
from tfgen.training.plan_text import print_choices, print_plan, print_time
from tfgen.training.prepare import make_batches_and_model, make_loop
from tfgen.training.progress import ProgressLine
from tfgen.training.speed import Speed, measure_speed

if TYPE_CHECKING:
    from tfgen.data.batches import Batches
    from tfgen.data.sets import Dataset
    from tfgen.models.contract import GenerativeModel


def train(arguments: TrainArguments) -> Run | None:
    """Create or resume a run and train it to its last epoch.

    Returns:
        The run; None after a dry run.

    Raises:
        ConfigError: if the devices or the cluster cannot be used, or the replicas cannot share the batch.
        DataError: if the data are missing or damaged.
        RunError: if the run cannot be created or resumed, or another process trains the run.
        DivergedError, Interrupted: see `tfgen.training.loop.Loop.run`.
        LostWorkerError: if another worker of the cluster ends.
    """
    run = open_existing_run(arguments)
    config = run.config if run else new_config(arguments)
    if run is None:
        _check_before_reading(config)
    # Missing or damaged data are reported before this worker waits for others.
    source = run or Run(Path(arguments.out), config)
    dataset = source.current_dataset if arguments.accept_changed_data else source.dataset
    # The preset auto chooses a batch that the replicas can share.
    distribution = make_strategy(arguments.machine, 0 if not run and has_rules(config) else config.train.batch_size)
    with lost_worker_errors(distribution):
        if distribution.cluster is not None:
            check_shared_folder(arguments, run)
        plan = Plan(config) if run else complete(arguments, config, dataset, distribution)
        if distribution.is_chief:
            print_choices(plan.config, plan.choices)
        if distribution.cluster is not None:
            check_agreement(plan.config, distribution)
        return _train(arguments, run, plan, dataset, distribution)


def _check_before_reading(config: RunConfig) -> None:
    """Refuse what can be refused before the pictures are read, which may take minutes.

    Raises:
        ConfigError, RunError: if there is no model to start from, or the weights of the model cannot fit into memory.
    """
    if config.train.init_from is not None:
        open_start(config)
    if config.data.image_size is not None and not has_rules(config):
        # Pictures that are not converted have at least one channel.
        shape = (*sides(config.data.image_size), 3 if config.data.color == "rgb" else 1)
        check_memory_before_build(config, shape, classes=("0", "1") if config.data.conditional else ())


def _train(
    arguments: TrainArguments, run: Run | None, plan: Plan, dataset: "Dataset", distribution: DistributionContext
) -> Run | None:
    config = plan.config
    batches, model = make_batches_and_model(config, dataset, distribution)
    memory = training_memory(config, model, batches)
    check_memory(memory)
    baselines = _baselines(dataset, model)
    print_plan(config, dataset, batches, model, baselines, distribution, memory)
    if arguments.dry_run:
        print_time(config, batches, plan.speed or _speed(config, dataset, batches, model, distribution))
        return None
    is_new = run is None
    run = run or create_run(arguments, config, distribution)
    # Nothing of a run that another process trains is changed.
    with _training_lock(run, distribution):
        if distribution.is_chief:
            _keep_options(run, config, dataset, None if is_new else arguments.accept_changed_data)
        print(f"run        {run.path}", flush=True)
        with _record_divergence(run, distribution):
            _fit(run, dataset, batches, model, baselines, distribution, arguments.machine.checkpoint_seconds)
        warning = measure_and_draw(run, distribution)
    if distribution.is_chief:
        path = shlex.quote(str(run.path))
        files = f"{run.path}: samples/, curves.png, metrics.jsonl, model.keras"
        print(f"done       {files}" if warning is None else f"ended      {files}\nwarning    {warning}")
        print(f"next       tfgen sample {path}  |  tfgen app --runs {shlex.quote(str(run.path.parent))}", flush=True)
    return run


def _keep_options(run: Run, config: RunConfig, dataset: "Dataset", accept_changed: bool | None) -> None:
    """Record options and data of a run. A resumed run is checked first, whether its data have changed.

    Args:
        run: the run.
        config: its options.
        dataset: its data as they are now.
        accept_changed: whether other data than before are accepted; None for a new run.

    Raises:
        DataError: if the data have changed and this is not accepted.
    """
    if accept_changed is None:
        record_data(run, dataset)
        return
    check_data(run, dataset, accept_changed)
    keep_config(run, config)


def _speed(
    config: RunConfig,
    dataset: "Dataset",
    batches: "Batches",
    model: "GenerativeModel",
    distribution: DistributionContext,
) -> Speed:
    """The speed of a training, from some steps in a folder that is deleted."""
    with tempfile.TemporaryDirectory() as folder:
        return measure_speed(make_loop(Run(Path(folder), config), dataset, batches, model, distribution))


def _baselines(dataset: "Dataset", model: "GenerativeModel") -> dict[str, float]:
    """Metric → value of the baseline of independent pixels on the test set; empty for models without bits/dim."""
    if not (model.is_image and model.can("log_prob")):
        return {}
    return {"bits_per_dim": baseline_bits_per_dim(model, dataset.train.examples, dataset.test.examples)}


@contextlib.contextmanager
def _training_lock(run: Run, distribution: DistributionContext) -> Iterator[None]:
    """Hold the locks of the run. Of several workers, the chief holds the lock for all."""
    with contextlib.ExitStack() as locks:
        if distribution.is_chief:
            # The launcher holds its lock also while it starts the workers again.
            if not is_launched():
                locks.enter_context(run_lock(run.path, "launch", LOCK_TIMEOUT))
            locks.enter_context(run_lock(run.path, "training", LOCK_TIMEOUT))
        yield


@contextlib.contextmanager
def _record_divergence(run: Run, distribution: DistributionContext) -> Iterator[None]:
    """Write `diverged.json` if a loss becomes infinite or NaN in the `with` block. Comparisons count such runs."""
    if distribution.is_chief:
        run.divergence_file.unlink(missing_ok=True)
    try:
        yield
    except DivergedError as error:
        if distribution.is_chief:
            write_json(run.divergence_file, {"epochs": run.epoch or 0, "message": str(error)})
        raise


def _fit(
    run: Run,
    dataset: "Dataset",
    batches: "Batches",
    model: "GenerativeModel",
    baselines: dict[str, float],
    distribution: DistributionContext,
    checkpoint_seconds: float,
) -> None:
    """Run the training loop, on the chief with the callbacks that write the run's files."""
    with tempfile.TemporaryDirectory() as scratch:
        loop = make_loop(
            run,
            dataset,
            batches,
            model,
            distribution,
            scratch=None if distribution.is_chief else Path(scratch),
            checkpoint_seconds=checkpoint_seconds,
            resume_hint=f"Resume with: tfgen train --resume {shlex.quote(str(run.path))}",
        )
        if not distribution.is_chief:
            loop.run()
            return
        remove_partial(run.path)
        run.keep_metrics(loop.progress.epoch)
        # The callbacks run outside of the strategy's scope: variables that they create inside the scope would have to
        # be created by every worker.
        if loop.step == 0 and distribution.cluster is None:
            print_time(run.config, batches, measure_speed(loop))
        loop.run(
            [
                callbacks.MetricsFile(run),
                callbacks.BestModel(run, validated=dataset.validation is not None and model.can("log_prob")),
                callbacks.TensorBoard(run),
                callbacks.SampleGrids(run, None if dataset.is_images else dataset.test.examples),
                callbacks.Curves(run, baselines),
                ProgressLine(loop.epochs, loop.last_step(loop.epochs - 1), loop.step),
            ]
        )
