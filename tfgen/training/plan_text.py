"""The plan of a training as text, printed before its first step."""

import sys
import textwrap
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tfgen.config import RunConfig
from tfgen.config.auto_facts import Choice
from tfgen.config.command import to_command
from tfgen.data.sets import counted
from tfgen.models.weights import count_weights
from tfgen.training.memory import machine_memory, peak_memory
from tfgen.training.prepare import phase_start, uses_xla
from tfgen.training.speed import Speed

if TYPE_CHECKING:
    from tfgen.data.batches import Batches
    from tfgen.data.sets import Dataset
    from tfgen.models.contract import GenerativeModel
    from tfgen.training.distributed.strategy import DistributionContext

_WIDTH, _INDENT = 118, " " * 11


def print_choices(config: RunConfig, choices: Iterable[Choice]) -> None:
    """Print what the preset auto has chosen: each option with its reason, and the equivalent command."""
    if not (choices := [choice for choice in choices if choice.value is not None]):
        return
    print("chosen     by the preset auto:")
    for choice in choices:
        value = " ".join(map(str, choice.value)) if isinstance(choice.value, tuple) else str(choice.value)
        option = f"{choice.option.replace('_', '-')} {value}"
        print(textwrap.fill(f"{option:<28} {choice.reason}", _WIDTH, initial_indent="  ", subsequent_indent=" " * 31))
    if command := to_command(config):
        print(textwrap.fill(f"command    {command}", _WIDTH, subsequent_indent=_INDENT, break_on_hyphens=False))


def print_plan(
    config: RunConfig,
    dataset: "Dataset",
    batches: "Batches",
    model: "GenerativeModel",
    baselines: dict[str, float],
    distribution: "DistributionContext",
    memory: float,
) -> None:
    """Print the data, the model, the devices, the length of the training, its memory and the baselines.

    Args:
        config: the configuration of the run.
        dataset, batches, model, distribution: what it trains with.
        baselines: metric → value of the baseline of independent pixels on the test set.
        memory: estimate of the memory in bytes.
    """
    sizes = [len(split) if split is not None else 0 for split in (dataset.train, dataset.validation, dataset.test)]
    shape = "×".join(map(str, dataset.event_shape))
    levels = f", {dataset.levels} levels" if dataset.levels else ""
    print(f"data       {dataset.name}, {shape}{levels}; training {sizes[0]}, validation {sizes[1]}, test {sizes[2]}")
    if config.data.conditional:
        print(
            f"classes    {len(dataset.classes)}: {', '.join(dataset.classes[:8])}{', …' * (len(dataset.classes) > 8)}"
        )
    elif len(dataset.classes) > 1:
        print(f"classes    {len(dataset.classes)} in the data, which this model does not use; --conditional uses them")
    for note in dataset.notes:
        print(f"note       {note}")
    if dataset.skipped:
        print(f"skipped    {len(dataset.skipped)} broken pictures; skipped.txt of the run lists them")
    weights = count_weights(model.trainable_variables)
    print(f"model      {config.model}, preset {config.preset}, {weights:,} trainable weights")
    if config.train.init_from is not None:
        print(f"start      weights of {config.train.init_from}")
    print(f"devices    {distribution.description}")
    print(f"memory     at least {memory / 1e9:.1f} GB of {machine_memory() / 1e9:.1f} GB")
    print(f"training   {_length(config, batches, model)}")
    for line in _notes(config, batches):
        print(f"note       {line}")
    for name, value in baselines.items():
        print(f"baseline   {value:.4f} {name.replace('_', ' ')} on the test set, by independent pixels")
    sys.stdout.flush()


def _length(config: RunConfig, batches: "Batches", model: "GenerativeModel") -> str:
    steps = config.train.steps_per_epoch or batches.steps_per_epoch
    first_epoch, _ = phase_start(config)
    epochs = counted(config.train.epochs, "epoch")
    if config.earlier:
        epochs = f"epochs {first_epoch + 1} to {config.train.epochs} (phase {len(config.earlier) + 1})"
    xla = "compiled with XLA" if uses_xla(config, model) else "not compiled with XLA"
    precision = "" if config.train.precision == "float32" else f", precision {config.train.precision}"
    images = (config.train.epochs - first_epoch) * steps * batches.batch_size
    return (
        f"{epochs} of {steps} steps, batch size {batches.batch_size}, {images:,} examples in all, seed "
        f"{config.train.seed}, {xla}{precision}"
    )


def _notes(config: RunConfig, batches: "Batches") -> list[str]:
    """Sentences about options that the length of the training makes doubtful."""
    train, (first_epoch, _) = config.train, phase_start(config)
    steps = (train.epochs - first_epoch) * (train.steps_per_epoch or batches.steps_per_epoch)
    warmups = {"kl_warmup": getattr(config.architecture, "kl_warmup", 0), "warmup": train.warmup}
    return [
        f"the {name.replace('_', ' ')} of {count} steps takes more than half of the {steps} steps; "
        f"--{name.replace('_', '-')} {max(1, steps // 5)} or more --epochs"
        for name, count in warmups.items()
        if count > steps // 2
    ]


def print_time(config: RunConfig, batches: "Batches", speed: Speed) -> None:
    """Print the estimated time of an epoch and of the training, and the memory that the measured steps needed."""
    epochs = config.train.epochs - phase_start(config)[0]
    epoch = speed.epoch(config.train.steps_per_epoch or batches.steps_per_epoch)
    total = epochs * epoch
    rate = batches.batch_size / max(speed.step, 1e-9)
    end = time.strftime("%H:%M", time.localtime(time.time() + total))
    print(
        f"time       about {duration(epoch)} an epoch, {duration(total)} in all (until {end}), at {rate:,.0f} "
        f"examples/s; {peak_memory() / 1e9:.1f} GB of memory used so far",
        flush=True,
    )


def duration(seconds: float) -> str:
    """A duration in one or two units: "0.4 s", "45 s", "12 min", "3 h 20 min"."""
    if seconds < 10.0:
        return f"{seconds:.1f} s"
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60.0)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
