"""Completing the configuration of a new run: the preset auto from the data, the number of epochs from the time."""

import gc
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tfgen.config import RunConfig
from tfgen.config.arguments import TrainArguments
from tfgen.config.auto import auto_config, choose, choose_length, has_rules
from tfgen.config.auto_facts import DEFAULT_MINUTES, Choice, Facts
from tfgen.config.auto_training import may_use_bfloat16
from tfgen.errors import ConfigError
from tfgen.products import bfloat16_speedup
from tfgen.runs.run import Run
from tfgen.training.prepare import make_batches_and_model, make_loop
from tfgen.training.speed import Speed, measure_speed, steps_in

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.training.distributed.strategy import DistributionContext

#: Seconds of training steps on which a plan for a time is based.
CALIBRATION_SECONDS = 3.0
#: Options that a plan for a time sets in a run of another preset than auto.
LENGTH = ("epochs", "steps_per_epoch")


@dataclass(frozen=True)
class Plan:
    """A complete configuration and how it came about.

    Attributes:
        config: the configuration.
        choices: options that the rules of the preset auto have chosen, with their reasons.
        speed: the measured speed; None if nothing had to be measured.
    """

    config: RunConfig
    choices: tuple[Choice, ...] = ()
    speed: Speed | None = None


def facts_of(
    config: RunConfig,
    dataset: "Dataset",
    distribution: "DistributionContext",
    minutes: float,
    given: Mapping[str, Any],
) -> Facts:
    """The facts about the data, the device and the time from which the rules of the preset auto choose."""
    height, width, channels = dataset.event_shape
    assert dataset.levels is not None
    device: Literal["cpu", "gpu"] = "gpu" if any("GPU" in name for name in distribution.devices) else "cpu"
    # Several workers would measure different numbers, and might choose different formats.
    measured = device == "cpu" and distribution.cluster is None and may_use_bfloat16(config.model, given)
    return Facts(
        height,
        width,
        channels,
        dataset.levels,
        examples=len(dataset.train),
        classes=len(dataset.classes) if config.data.conditional else 0,
        device=device,
        replicas=distribution.strategy.num_replicas_in_sync,
        minutes=minutes,
        bfloat16_speedup=bfloat16_speedup() if measured else 1.0,
    )


def complete(
    arguments: TrainArguments, config: RunConfig, dataset: "Dataset", distribution: "DistributionContext"
) -> Plan:
    """Complete the configuration of a new run.

    The steps that fit in a time are counted from the measured duration of some steps of the model, which is discarded.

    Args:
        arguments: of the training.
        config: the configuration so far, with the options that the user has set.
        dataset: the data.
        distribution: the devices.

    Raises:
        ConfigError: if a number of epochs is to be planned with several workers, or the model cannot be built.
    """
    auto, minutes = has_rules(config), arguments.minutes
    given = dict(arguments.given)
    if auto and minutes is None and "epochs" not in given:
        minutes = DEFAULT_MINUTES
    if not auto and minutes is None:
        return Plan(config)
    if minutes is not None and distribution.cluster is not None:
        raise ConfigError(
            "--epochs: expected with several workers, each of which would plan another number. Received: none"
        )
    choices: list[Choice] = []
    if auto:
        facts = facts_of(config, dataset, distribution, minutes or DEFAULT_MINUTES, given)
        if config.train.init_from is not None:
            architecture = _architecture_of_start(config, given)
            given |= architecture
            config = config.with_options(architecture)
        choices = choose(config.model, facts, given)
        config = auto_config(config, choices)
    speed = None
    if minutes is not None:
        print(f"measuring  the speed of a training, to plan {minutes:g} minutes", flush=True)
        speed = calibrate(config, dataset, distribution)
        steps, epochs = steps_in(minutes, speed)
    else:
        steps, epochs = _planned_steps(config, dataset), config.train.epochs
    length = choose_length(config, len(dataset.train), given, steps, epochs)
    if not auto:
        length = [choice for choice in length if choice.option in LENGTH]
    return Plan(auto_config(config, length), (*choices, *length) if auto else (), speed)


def _planned_steps(config: RunConfig, dataset: "Dataset") -> int:
    steps_per_epoch = config.train.steps_per_epoch or max(1, len(dataset.train) // config.train.batch_size)
    return config.train.epochs * steps_per_epoch


def calibrate(config: RunConfig, dataset: "Dataset", distribution: "DistributionContext") -> Speed:
    """Measure the speed of a training on a model that is discarded."""
    with tempfile.TemporaryDirectory() as folder:
        batches, model = make_batches_and_model(config, dataset, distribution)
        loop = make_loop(Run(Path(folder), config), dataset, batches, model, distribution)
        speed = measure_speed(loop, CALIBRATION_SECONDS)
    del loop, model, batches
    # The compiled functions of the model refer to each other, and hold its variables until they are collected.
    gc.collect()
    return speed


def _architecture_of_start(config: RunConfig, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the architecture of the model from which the training starts, without those that are given."""
    from tfgen.training.init_from import open_start

    architecture = open_start(config).config.architecture
    return {name: value for name, value in architecture if name not in given}
