"""Building what a training needs: batches, the compiled model, and the training loop."""

from pathlib import Path
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from tfgen.config import RunConfig
from tfgen.data.batches import Batches
from tfgen.errors import ConfigError
from tfgen.models import build
from tfgen.training.loop import Loop
from tfgen.training.optimizers import make_optimizer
from tfgen.training.tracking import tracker

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run
    from tfgen.training.distributed.strategy import DistributionContext


def make_batches_and_model(
    config: RunConfig, dataset: "Dataset", distribution: "DistributionContext"
) -> tuple[Batches, "GenerativeModel"]:
    """Make the batches of a run and its new model, compiled with the optimizer of the configuration.

    Raises:
        ConfigError: if the replicas cannot share the batch, or the model cannot divide a replica's part of the batch.
    """
    labels = dataset.train.labels if config.data.conditional else None
    batches = Batches(dataset.train.examples, config.train.batch_size, config.train.seed, labels=labels)
    keras.utils.set_random_seed(config.train.seed)
    with distribution.strategy.scope():
        model = build(config, dataset.event_shape, dataset.levels, dataset.classes, dataset.class_frequencies)
        model.compile(make_optimizer(config.train, batches.steps_per_epoch), clip_norm=config.train.clip_norm)
    replicas = distribution.strategy.num_replicas_in_sync
    if config.train.batch_size % (replicas * model.batch_multiple):
        raise ConfigError(
            f"--batch-size: expected a multiple of {replicas * model.batch_multiple}, as {replicas} replicas of this "
            f"model share and divide it. Received: {config.train.batch_size}"
        )
    return batches, model


def uses_xla(config: RunConfig, model: "GenerativeModel") -> bool:
    """Whether the training step is compiled with XLA.

    With `--xla auto`, steps of fully connected networks are compiled. On CPUs, XLA makes them faster and makes
    convolutions slower.
    """
    return model.is_fully_connected if config.train.xla == "auto" else config.train.xla == "on"


def make_loop(
    run: "Run",
    dataset: "Dataset",
    batches: Batches,
    model: "GenerativeModel",
    distribution: "DistributionContext",
    *,
    scratch: Path | None = None,
    checkpoint_seconds: float = 60.0,
    resume_hint: str = "",
) -> Loop:
    """Make the loop of a run, and restore its latest checkpoint if there is one.

    Args:
        run: the run.
        dataset: its data.
        batches, model: see `make_batches_and_model`.
        distribution: the devices.
        scratch, checkpoint_seconds, resume_hint: see `Loop`.

    Raises:
        RunError: if the run has metrics but no checkpoint that fits.
    """
    validation, config = dataset.validation, run.config.train
    # Only the chief writes rows. The tracker's classifier is loaded outside of the scope, because loading inside the
    # scope would wait for the other workers, which load none.
    tracking = {"track": tracker(model, dataset, config)} if distribution.is_chief else {}
    with distribution.strategy.scope():
        loop = Loop(
            model,
            batches,
            validation,
            config.epochs,
            run.path / "checkpoints",
            scratch=scratch,
            xla=uses_xla(run.config, model),
            checkpoint_seconds=checkpoint_seconds,
            resume_hint=resume_hint,
            all_reduce_mean=distribution.all_reduce_mean,
            **tracking,
        )
        if loop.checkpoints.latest or run.metrics():
            loop.restore()
        else:
            # A new run, or a run that was killed before its first checkpoint.
            examples, *label = tf.nest.flatten(batches.at(0))
            model.initialize_from(examples, **model.given(*label))
    return loop
