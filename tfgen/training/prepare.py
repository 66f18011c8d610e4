"""Building what a training needs: batches, the compiled model, and the training loop."""

from pathlib import Path
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from tfgen.config import RunConfig
from tfgen.data.batches import Batches
from tfgen.errors import ConfigError
from tfgen.models import build
from tfgen.training.init_from import load_start
from tfgen.training.loop import Loop
from tfgen.training.memory import check_memory_before_build
from tfgen.training.optimizers import make_optimizer
from tfgen.training.tracking import tracker

#: Position of the phase's number in the seed of the batches, above all bits of the seed of the training.
PHASE_BITS = 32

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run
    from tfgen.training.distributed.strategy import DistributionContext


def phase_start(config: RunConfig) -> tuple[int, int]:
    """Numbers of epochs and of steps before the present phase of the training; zeros in the first phase."""
    return (config.earlier[-1].epochs, config.earlier[-1].steps) if config.earlier else (0, 0)


def make_batches(config: RunConfig, dataset: "Dataset") -> Batches:
    """Make the batches of the present phase of the training.

    Raises:
        ConfigError: if the batch is larger than the training set.
        ConfigError: if points are to be augmented.
    """
    if config.train.batch_size > len(dataset.train):
        raise ConfigError(
            f"--batch-size: expected a batch size of 1 to {len(dataset.train)}, the number of training examples. "
            f"Received: {config.train.batch_size}"
        )
    labels = dataset.train.labels if config.data.conditional else None
    # Each phase has an order of the examples of its own. The first phase has that of the seed itself.
    seed = config.train.seed + (len(config.earlier) << PHASE_BITS)
    if config.train.augment and not dataset.is_images:
        raise ConfigError(f"augment: expected nothing with points. Received: {' '.join(config.train.augment)}")
    return Batches(
        dataset.train.examples,
        config.train.batch_size,
        seed,
        labels=labels,
        first_step=phase_start(config)[1],
        augment=config.train.augment,
        levels=dataset.levels,
    )


def make_batches_and_model(
    config: RunConfig, dataset: "Dataset", distribution: "DistributionContext"
) -> tuple[Batches, "GenerativeModel"]:
    """Make the batches of a run and its new model, compiled with the optimizer of the configuration.

    Raises:
        ConfigError: if the model cannot fit into memory, the replicas cannot share the batch, or the model cannot
            divide a replica's part of the batch.
    """
    batches = make_batches(config, dataset)
    check_memory_before_build(config, dataset.event_shape, dataset.levels, dataset.classes)
    keras.utils.set_random_seed(config.train.seed)
    with distribution.strategy.scope():
        model = build(config, dataset.event_shape, dataset.levels, dataset.classes, dataset.class_frequencies)
        steps_per_epoch = config.train.steps_per_epoch or batches.steps_per_epoch
        optimizer = make_optimizer(config.train, steps_per_epoch, *phase_start(config))
        model.compile(optimizer, clip_norm=config.train.clip_norm)
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
    convolutions slower. XLA does not know products in bfloat16 that stand in a program of float32.
    """
    if config.train.xla == "auto":
        return model.is_fully_connected and config.train.precision != "bfloat16_products"
    return config.train.xla == "on"


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
        RunError: if the run has metrics but no checkpoint that fits, or it is new and `--init-from` names no model.
        ConfigError: if the run is new and the model of `--init-from` does not fit.
    """
    validation, config = dataset.validation, run.config.train
    first_epoch, first_step = phase_start(run.config)
    # Only the chief writes rows. The tracker's classifier is loaded outside of the scope, because loading inside the
    # scope would wait for the other workers, which load none.
    tracking = {"track": tracker(model, dataset, run.config)} if distribution.is_chief else {}
    with distribution.strategy.scope():
        loop = Loop(
            model,
            batches,
            validation,
            config.epochs,
            run.path / "checkpoints",
            steps_per_epoch=config.steps_per_epoch,
            first_epoch=first_epoch,
            first_step=first_step,
            scratch=scratch,
            xla=uses_xla(run.config, model),
            bfloat16_products=config.precision == "bfloat16_products",
            checkpoint_seconds=checkpoint_seconds,
            resume_hint=resume_hint,
            all_reduce_mean=distribution.all_reduce_mean,
            **tracking,
        )
        if loop.checkpoints.latest or run.metrics():
            loop.restore()
        else:
            # A new run, or a run that was killed before its first checkpoint.
            if config.init_from is not None:
                load_start(model, run.config)
            else:
                examples, *label = tf.nest.flatten(batches.at(0))
                model.initialize_from(examples, **model.given(*label))
    return loop
