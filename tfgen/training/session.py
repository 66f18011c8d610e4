"""`python train.py`: from the command line to a finished run."""

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.cli.train_arguments import Request
from tfgen.errors import ConfigError, DivergedError, LostWorkerError, RunError

if TYPE_CHECKING:
    from tfgen.config import RunConfig
    from tfgen.data.batches import Batches
    from tfgen.data.sets import Dataset
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run
    from tfgen.training.distributed.strategy import Placement
    from tfgen.training.loop import Loop


def train(request: Request) -> "Run | None":
    """Make or reopen the run and train it to its last epoch; None after a dry run."""
    from tfgen.runs.run import Run
    from tfgen.training.distributed.strategy import place

    run = _existing(request)
    config = run.config if run else request.config
    assert config is not None
    # Data that is missing or damaged is found before other workers are waited for.
    dataset = (run or Run(Path(request.out), config)).dataset
    placement = place(request.machine, config.train.batch_size)
    with _losing_workers(placement):
        return _train(request, run, config, dataset, placement)


def _train(request: Request, run: "Run | None", config: "RunConfig", dataset, placement: "Placement") -> "Run | None":
    from tfgen.evaluation.likelihood import yardstick

    if placement.cluster is not None:
        _agree_with_workers(request, run, config, placement)
    batches, model = prepared(config, dataset, placement)
    yardsticks = {}
    if model.is_image and model.can("log_prob"):
        yardsticks["bits_per_dim"] = yardstick(model, dataset.train.examples, dataset.test.examples)
    _describe(config, dataset, batches, model, yardsticks, placement)
    if request.dry_run:
        return None
    run = run or _begin(request, config, placement)
    print(f"run        {run.path}", flush=True)
    with _recording_divergence(run, placement):
        _fit(run, dataset, batches, model, yardsticks, placement, request.machine.checkpoint_seconds)
    _finish(run, placement)
    return run


def prepared(config: "RunConfig", dataset: "Dataset", placement: "Placement") -> tuple["Batches", "GenerativeModel"]:
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
    with placement.strategy.scope():
        model = build(config, dataset.event_shape, dataset.levels)
        model.compile(make_optimizer(config.train, batches.steps_per_epoch), clip_norm=config.train.clip_norm)
    replicas = placement.strategy.num_replicas_in_sync
    if config.train.batch_size % (replicas * model.batch_multiple):
        raise ConfigError(
            f"--batch-size: expected a multiple of {replicas * model.batch_multiple}, as {replicas} replicas of this "
            f"model share and divide it. Received: {config.train.batch_size}"
        )
    return batches, model


def _existing(request: Request) -> "Run | None":
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


def _reopen(request: Request) -> "Run":
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
def _losing_workers(placement: "Placement"):
    """Says of TensorFlow's errors about a connection what they mean: another worker is gone."""
    import tensorflow as tf

    errors = tf.errors
    gone = (errors.UnavailableError, errors.AbortedError, errors.DeadlineExceededError, errors.CancelledError)
    try:
        yield
    except (*gone, errors.InternalError) as error:
        if placement.cluster is None:
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise LostWorkerError(
            f"Expected all {len(placement.cluster.workers)} workers to stay. Lost one ({reason}). Start all of them "
            "again: they go on from the last checkpoint"
        ) from None


def _agree_with_workers(request: Request, run: "Run | None", config: "RunConfig", placement: "Placement") -> None:
    from tfgen.training.distributed.cluster import compare, fingerprint

    assert placement.cluster is not None
    if request.run is None and run is None:
        raise ConfigError(
            "--run: expected the run's folder, the same for all workers and on a file system that they share. "
            "Received: none"
        )
    for warning in compare(placement.cluster, placement.gather(fingerprint(config))):
        print(f"warning: {warning}", file=sys.stderr)


def _begin(request: Request, config: "RunConfig", placement: "Placement") -> "Run":
    from tfgen.runs.run import Run

    if request.run is None:
        return Run.create(request.out, config)
    if placement.is_chief:
        Run.create_at(request.run, config)
    placement.agree([0.0])
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


def _describe(config, dataset, batches, model, yardsticks, placement) -> None:
    sizes = [len(split) if split is not None else 0 for split in (dataset.train, dataset.validation, dataset.test)]
    shape = "×".join(map(str, dataset.event_shape))
    levels = f", {dataset.levels} levels" if dataset.levels else ""
    print(f"data       {dataset.name}, {shape}{levels}; training {sizes[0]}, validation {sizes[1]}, test {sizes[2]}")
    weights = sum(int(variable.shape.num_elements() or 1) for variable in model.trainable_variables)
    print(f"model      {config.model}, preset {config.preset}, {weights:,} weights")
    print(f"devices    {placement.description}")
    print(
        f"training   {config.train.epochs} epochs of {batches.steps_per_epoch} steps, batch {batches.batch_size}, "
        f"seed {config.train.seed}, XLA {'on' if uses_xla(config, model) else 'off'}"
    )
    for name, value in yardsticks.items():
        print(f"yardstick  {name.replace('_', ' ')} of pixel marginals on the test set: {value:.4f}")
    sys.stdout.flush()


@contextlib.contextmanager
def _recording_divergence(run: "Run", placement: "Placement"):
    """Leaves it in the run's folder if a loss ceases to be finite, so that a comparison can count it."""
    from tfgen.files import write_json

    if placement.is_chief:
        run.divergence_file.unlink(missing_ok=True)
    try:
        yield
    except DivergedError as error:
        if placement.is_chief:
            write_json(run.divergence_file, {"epochs": run.epoch or 0, "message": str(error)})
        raise


def loop_of(
    run: "Run",
    dataset: "Dataset",
    batches: "Batches",
    model: "GenerativeModel",
    placement: "Placement",
    *,
    scratch: Path | None = None,
    checkpoint_seconds: float = 60.0,
    resume_hint: str = "",
) -> "Loop":
    """The loop of a run, at its last checkpoint if it has one.

    Args:
        run: begun.
        dataset, batches, model: see `prepared`.
        placement: where.
        scratch: where to write checkpoints instead, on a worker that is not the chief.
        checkpoint_seconds, resume_hint: see `Loop`.
    """
    from tfgen.training.loop import Loop
    from tfgen.training.tracking import tracker

    validation, config = dataset.validation, run.config.train
    # The rows are the chief's. Outside of the scope: the classifier that is loaded here would wait for others there.
    tracking = {"track": tracker(model, dataset, config)} if placement.is_chief else {}
    with placement.strategy.scope():
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
            agree=placement.agree,
            **tracking,
        )
        if loop.checkpoints.latest_checkpoint or run.metrics():
            loop.restore()
        else:
            # A run that was killed before its first checkpoint begins anew.
            model.initialize_from(batches.at(0))
    return loop


def _fit(run: "Run", dataset, batches, model, yardsticks, placement: "Placement", checkpoint_seconds) -> None:
    from tfgen.files import remove_partial
    from tfgen.training import callbacks

    with tempfile.TemporaryDirectory() as scratch:
        loop = loop_of(
            run,
            dataset,
            batches,
            model,
            placement,
            # A checkpoint takes numbers from every worker, but only the chief's is kept.
            scratch=None if placement.is_chief else Path(scratch),
            checkpoint_seconds=checkpoint_seconds,
            resume_hint=f"Go on with: python train.py --resume {run.path}",
        )
        if not placement.is_chief:
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
                callbacks.Curves(run, yardsticks),
                callbacks.Progress(run.config.train.epochs, batches.steps_per_epoch, loop.step),
            ]
        )


#: Samples that a model without likelihood is measured by when its training ends: enough to see how it went, and soon
#: done. `tfgen evaluate` takes 10,000.
FINAL_SAMPLES = 2000


def _finish(run: "Run", placement: "Placement") -> None:
    """Pictures of the best model and its figure: the test set's likelihood or else, where it can, sample quality."""
    from tfgen.evaluation.classifier import is_shipped
    from tfgen.evaluation.evaluate import evaluate, evaluate_samples, quality_summary, summary
    from tfgen.evaluation.interpolation import interpolation
    from tfgen.plots.manifold import save_manifold

    with placement.strategy.scope():
        model = run.load_model()
        if run.config.train.evaluate_test and model.can("log_prob"):
            entry = evaluate(run, model=model, record=placement.is_chief)
            if placement.is_chief:
                print(summary(entry))
    measured = run.config.train.evaluate_test and not model.can("log_prob")
    if placement.is_chief and measured and is_shipped(run.config.data.data, model.event_shape):
        print(quality_summary(evaluate_samples(run, model=model, count=FINAL_SAMPLES)))
    if placement.is_chief and model.is_image:
        interpolation(model, run.path / "interpolation.png", pairs=4, steps=7, seed=0)
        if model.latent_shape == (2,):
            save_manifold(model, run.path / "manifold.png")
    if placement.is_chief:
        print(f"done       {run.path}: samples/, curves.png, metrics.jsonl, model.keras")
