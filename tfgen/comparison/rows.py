"""Builds the row of runs that differ only in their seed."""

import dataclasses
from collections.abc import Sequence

from tfgen.comparison.records import Classes, Cost, Nearness, Row, RunEntries, Spread, Training
from tfgen.runs.entries import Machine, NearestDistances
from tfgen.runs.run import Run


def make_row(name: str, members: Sequence[Run], finished: Sequence[Run], entries: Sequence[RunEntries]) -> Row:
    """Build a row.

    Args:
        name: name of the row.
        members: all runs of the row.
        finished: the finished runs among them.
        entries: the entries of the finished runs, in the same order.
    """
    first = members[0]
    states = [run.state for run in members]
    # A run has at most one entry of either kind, except in a file of an earlier version.
    costs = [found.cost[-1] for found in entries if found.cost]
    memorization = [found.memorization[-1] for found in entries if found.memorization]
    flops = Spread.of(entry.training_flops_per_example for entry in costs)
    return Row(
        name=name,
        runs=tuple(run.path.name for run in members),
        model=first.config.model,
        preset=first.config.preset,
        seeds=tuple(run.config.train.seed for run in members),
        finished=states.count("finished"),
        unfinished=states.count("unfinished"),
        diverged=states.count("diverged"),
        training=_training(finished, flops),
        cost=Cost(
            weights=Spread.of(entry.weights for entry in costs),
            training_flops_per_example=flops,
            sampling_seconds_per_example=Spread.of(entry.sampling_seconds_per_example for entry in costs),
        ),
        machines=tuple(sorted({machine_in_words(entry.machine) for entry in costs if entry.machine is not None})),
        pixels=_nearness([entry.pixels for entry in memorization]),
        features=_nearness([entry.features for entry in memorization if entry.features is not None]),
        classes=_classes(entries),
        nearest_pairs=tuple(entry.picture for entry in memorization if entry.picture is not None),
    )


def _training(runs: Sequence[Run], flops_per_example: Spread | None) -> Training:
    histories = [(run.config.train.batch_size, metrics) for run in runs if (metrics := run.metrics())]
    examples = Spread.of(metrics[-1].get("step", 0) * batch_size for batch_size, metrics in histories)
    flops = None
    if flops_per_example is not None and examples is not None:
        flops = Spread(flops_per_example.mean * examples.mean, None, examples.runs)
    seconds = Spread.of(sum(row.get("seconds", 0.0) for row in metrics) for _, metrics in histories)
    return Training(seconds, examples, flops)


def _nearness(found: Sequence[NearestDistances]) -> Nearness | None:
    if not found:
        return None
    names = [spec.name for spec in dataclasses.fields(Nearness)]
    return Nearness(**{name: Spread.of(getattr(one, name) for one in found) for name in names})  # type: ignore[arg-type]


def _classes(entries: Sequence[RunEntries]) -> Classes | None:
    """Return the measurements of classes; the last entry of each kind counts."""
    bayes = [found.classification[-1] for found in entries if found.classification]
    samples = [found.class_samples[-1] for found in entries if found.class_samples]
    if not bayes and not samples:
        return None
    return Classes(
        accuracy=Spread.of(entry.accuracy for entry in bayes),
        expected_calibration_error=Spread.of(entry.expected_calibration_error for entry in bayes),
        class_agreement=Spread.of(entry.class_agreement for entry in samples),
        mean_frechet_distance=Spread.of(entry.mean_frechet_distance for entry in samples),
    )


def machine_in_words(machine: Machine) -> str:
    """Return a machine as processor, number of cores and devices."""
    return f"{machine.processor}, {machine.cores} cores, {' '.join(machine.devices)}"
