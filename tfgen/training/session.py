"""`python train.py`: from the command line to a finished run."""

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.cli.train_arguments import TrainArguments
from tfgen.errors import ConfigError, DivergedError, LostWorkerError, RunError

if TYPE_CHECKING:
    from tfgen.config import RunConfig
    from tfgen.data.batches import Batches
    from tfgen.data.sets import Dataset
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run
    from tfgen.training.distributed.strategy import DistributionContext
    from tfgen.training.loop import Loop


def train(request: TrainArguments) -> "Run | None":
    """Make or reopen the run and train it to its last epoch; None after a dry run."""
    from tfgen.runs.run import Run
    from tfgen.training.distributed.strategy import make_strategy

    run = _existing(request)
    config = run.config if run else request.config
    assert config is not None
    # Data that is missing or damaged is found before other workers are waited for.
    dataset = (run or Run(Path(request.out), config)).dataset
    distribution = make_strategy(request.machine, config.train.batch_size)
    with _losing_workers(distribution):
        return _train(request, run, config, dataset, distribution)


def _train(
    request: TrainArguments, run: "Run | None", config: "RunConfig", dataset, distribution: "DistributionContext"
) -> "Run | None":
    from tfgen.evaluation.likelihood import baseline

    if distribution.cluster is not None:
        _agree_with_workers(request, run, config, distribution)
    batches, model = prepared(config, dataset, distribution)
    baselines = {}
    if model.is_image and model.can("log_prob"):
        baselines["bits_per_dim"] = baseline(model, dataset.train.examples, dataset.test.examples)
    _describe(config, dataset, batches, model, baselines, distribution)
    if request.dry_run:
        return None
    run = run or _begin(request, config, distribution)
    print(f"run        {run.path}", flush=True)
    with _recording_divergence(run, distribution):
        _fit(run, dataset, batches, model, baselines, distribution, request.machine.checkpoint_seconds)
    _finish(run, distribution)
    return run


def prepared(
    config: "RunConfig", dataset: "Dataset", distribution: "DistributionContext"
) -> tuple["Batches", "GenerativeModel"]:
    """The batches of a run and its new model, compiled.

    Raises:
        ConfigError: if the batch cannot be shared by the replicas and divided as the model needs it.
    """
    import keras

    from tfgen.data.batches import Batches
    from tfgen.models import build
    from tfgen.training.optimizers import make_optimizer

    batches = Batches(dataset.train.examples, config.train.batch_size, config.train.seed)
    keras.utils.set_random_seed(config.train.seed)
    with distribution.strategy.scope():
        model = build(config, dataset.event_shape, dataset.levels)
        model.compile(make_optimizer(config.train, batches.steps_per_epoch), clip_norm=config.train.clip_norm)
    replicas = distribution.strategy.num_replicas_in_sync
    if config.train.batch_size % (replicas * model.batch_multiple):
        raise ConfigError(
            f"--batch-size: expected a multiple of {replicas * model.batch_multiple}, as {replicas} replicas of this "
            f"model share and divide it. Received: {config.train.batch_size}"
        )
    return batches, model


def _existing(request: TrainArguments) -> "Run | None":
    """The run to go on with: that of --resume, or that of --run if it has begun."""
    from tfgen.runs.run import Run

    if request.resume is not None:
        return _reopen(request)
    if request.run is None or not Run.begun(request.run):
        return None
    run, asked = Run.reopen(request.run), request.config
    assert asked is not None
    found, expected = run.config.to_dict(), asked.to_dict()
    for section in found:
        if found[section] != expected[section]:
            raise RunError(
                f"Expected a run of these options in {run.path}, or none yet. Received: one with another {section}: "
                f"{_difference(found[section], expected[section])}. --resume {run.path} goes on with its own"
            )
    return run


def _difference(found, expected) -> str:
    if not isinstance(found, dict):
        return f"{found}, not {expected}"
    return ", ".join(f"{name} {found[name]}, not {expected[name]}" for name in found if found[name] != expected[name])


def _reopen(request: TrainArguments) -> "Run":
    from tfgen.files import write_json
    from tfgen.runs.run import Run

    run = Run.reopen(request.resume or "")
    if request.epochs is not None and request.epochs != run.config.train.epochs:
        if run.config.train.schedule == "cosine":
            raise RunError(
                f"--epochs: expected {run.config.train.epochs}, as the run was planned: its cosine schedule depends on "
                f"it. Received: {request.epochs}"
            )
        run = Run(run.path, run.config.with_options({"epochs": request.epochs}))
        if not request.dry_run:
            write_json(run.path / "config.json", run.config.to_dict())
    return run


@contextlib.contextmanager
def _losing_workers(distribution: "DistributionContext"):
    """Says of TensorFlow's errors about a connection what they mean: another worker is gone."""
    import tensorflow as tf

    errors = tf.errors
    gone = (errors.UnavailableError, errors.AbortedError, errors.DeadlineExceededError, errors.CancelledError)
    try:
        yield
    except (*gone, errors.InternalError) as error:
        if distribution.cluster is None:
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise LostWorkerError(
            f"Expected all {len(distribution.cluster.workers)} workers to stay. Lost one ({reason}). Start all of them "
            "again: they go on from the last checkpoint"
        ) from None


def _agree_with_workers(
    request: TrainArguments, run: "Run | None", config: "RunConfig", distribution: "DistributionContext"
) -> None:
    from tfgen.training.distributed.cluster import compare, fingerprint

    assert distribution.cluster is not None
    if request.run is None and run is None:
        raise ConfigError(
            "--run: expected the run's folder, the same for all workers and on a file system that they share. "
            "Received: none"
        )
    for warning in compare(distribution.cluster, distribution.gather(fingerprint(config))):
        print(f"warning: {warning}", file=sys.stderr)


def _begin(request: TrainArguments, config: "RunConfig", distribution: "DistributionContext") -> "Run":
    from tfgen.runs.run import Run

    if request.run is None:
        return Run.create(request.out, config)
    if distribution.is_chief:
        Run.create_at(request.run, config)
    distribution.all_reduce_mean([0.0])
    try:
        return Run.open(request.run)
    except RunError:
        raise RunError(
            f"Expected the run's folder on a file system that all workers share. Received: {request.run}, in which "
            "this worker does not find what the chief has just written"
        ) from None


def uses_xla(config: "RunConfig", model: "GenerativeModel") -> bool:
    """Whether the step is compiled: on CPUs it pays for fully connected networks, not for convolutions."""
    return model.is_fully_connected if config.train.xla == "auto" else config.train.xla == "on"


def _describe(config, dataset, batches, model, baselines, distribution) -> None:
    sizes = [len(split) if split is not None else 0 for split in (dataset.train, dataset.validation, dataset.test)]
    shape = "×".join(map(str, dataset.event_shape))
    levels = f", {dataset.levels} levels" if dataset.levels else ""
    print(f"data       {dataset.name}, {shape}{levels}; training {sizes[0]}, validation {sizes[1]}, test {sizes[2]}")
    weights = sum(int(variable.shape.num_elements() or 1) for variable in model.trainable_variables)
    print(f"model      {config.model}, preset {config.preset}, {weights:,} weights")
    print(f"devices    {distribution.description}")
    print(
        f"training   {config.train.epochs} epochs of {batches.steps_per_epoch} steps, batch {batches.batch_size}, "
        f"seed {config.train.seed}, XLA {'on' if uses_xla(config, model) else 'off'}"
    )
    for name, value in baselines.items():
        print(f"yardstick  {name.replace('_', ' ')} of pixel marginals on the test set: {value:.4f}")
    sys.stdout.flush()


@contextlib.contextmanager
def _recording_divergence(run: "Run", distribution: "DistributionContext"):
    """Leaves it in the run's folder if a loss ceases to be finite, so that a comparison can count it."""
    from tfgen.files import write_json

    if distribution.is_chief:
        run.divergence_file.unlink(missing_ok=True)
    try:
        yield
    except DivergedError as error:
        if distribution.is_chief:
            write_json(run.divergence_file, {"epochs": run.epoch or 0, "message": str(error)})
        raise


def loop_of(
    run: "Run",
    dataset: "Dataset",
    batches: "Batches",
    model: "GenerativeModel",
    distribution: "DistributionContext",
    *,
    scratch: Path | None = None,
    checkpoint_seconds: float = 60.0,
    resume_hint: str = "",
) -> "Loop":
    """The loop of a run, at its last checkpoint if it has one.

    Args:
        run: begun.
        dataset, batches, model: see `prepared`.
        distribution: where.
        scratch: where to write checkpoints instead, on a worker that is not the chief.
        checkpoint_seconds, resume_hint: see `Loop`.
    """
    from tfgen.training.loop import Loop
    from tfgen.training.tracking import tracker

    validation, config = dataset.validation, run.config.train
    # The rows are the chief's. Outside of the scope: the classifier that is loaded here would wait for others there.
    tracking = {"track": tracker(model, dataset, config)} if distribution.is_chief else {}
    with distribution.strategy.scope():
        loop = Loop(
            model,
            batches,
            None if validation is None else validation.examples,
            config.epochs,
            run.path / "checkpoints",
            scratch=scratch,
            xla=uses_xla(run.config, model),
            checkpoint_seconds=checkpoint_seconds,
            resume_hint=resume_hint,
            all_reduce_mean=distribution.all_reduce_mean,
            **tracking,
        )
        if loop.checkpoints.latest_checkpoint or run.metrics():
            loop.restore()
        else:
            # A run that was killed before its first checkpoint begins anew.
            model.initialize_from(batches.at(0))
    return loop


def _fit(
    run: "Run", dataset, batches, model, baselines, distribution: "DistributionContext", checkpoint_seconds
) -> None:
    from tfgen.files import remove_partial
    from tfgen.training import callbacks

    with tempfile.TemporaryDirectory() as scratch:
        loop = loop_of(
            run,
            dataset,
            batches,
            model,
            distribution,
            # A checkpoint takes numbers from every worker, but only the chief's is kept.
            scratch=None if distribution.is_chief else Path(scratch),
            checkpoint_seconds=checkpoint_seconds,
            resume_hint=f"Go on with: python train.py --resume {run.path}",
        )
        if not distribution.is_chief:
            loop.run()
            return
        remove_partial(run.path)
        run.keep_metrics(loop.progress.epoch)
        # Outside of the scope, in which the other workers would have to create what the chief's callbacks create.
        loop.run(
            [
                callbacks.MetricsFile(run),
                callbacks.BestModel(run, validated=dataset.validation is not None and model.can("log_prob")),
                callbacks.TensorBoard(run),
                callbacks.SampleGrids(run, None if dataset.is_images else dataset.test.examples),
                callbacks.Curves(run, baselines),
                callbacks.Progress(run.config.train.epochs, batches.steps_per_epoch, loop.step),
            ]
        )


#: Samples that a model without likelihood is measured by when its training ends: enough to see how it went, and soon
#: done. `tfgen evaluate` takes 10,000.
FINAL_SAMPLES = 2000


def _finish(run: "Run", distribution: "DistributionContext") -> None:
    """Pictures of the best model and its figure: the test set's likelihood or else, where it can, sample quality."""
    from tfgen.evaluation.classifier import is_shipped
    from tfgen.evaluation.evaluate import evaluate, evaluate_samples, quality_summary, summary
    from tfgen.evaluation.interpolation import interpolation
    from tfgen.plots.manifold import save_manifold

    with distribution.strategy.scope():
        model = run.load_model()
        if run.config.train.evaluate_test and model.can("log_prob"):
            entry = evaluate(run, model=model, record=distribution.is_chief)
            if distribution.is_chief:
                print(summary(entry))
    measured = run.config.train.evaluate_test and not model.can("log_prob")
    if distribution.is_chief and measured and is_shipped(run.config.data.data, model.event_shape):
        print(quality_summary(evaluate_samples(run, model=model, count=FINAL_SAMPLES)))
    if distribution.is_chief and model.is_image:
        interpolation(model, run.path / "interpolation.png", pairs=4, steps=7, seed=0)
        if model.latent_shape == (2,):
            save_manifold(model, run.path / "manifold.png")
    if distribution.is_chief:
        print(f"done       {run.path}: samples/, curves.png, metrics.jsonl, model.keras")
