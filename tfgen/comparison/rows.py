"""What is known of several runs, from what their folders hold. Nothing is measured and no model is loaded here."""

import dataclasses
import json
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfgen.errors import ConfigError, RunError
from tfgen.evaluation.evaluate import QUALITY
from tfgen.runs import evaluations as record
from tfgen.runs.run import Run

#: What may differ between two runs that are to be compared in one row: only the seed makes another model.
_SEEDS = {"data": ("data_dir",), "train": ("seed", "evaluate_test", "sample_every")}
#: What makes two runs runs on the same data, whose test images are the same ones.
_DATA = ("data", "image_size", "color")


@dataclass(frozen=True)
class Spread:
    """A figure over the finished runs of a row.

    Attributes:
        mean: over the runs.
        deviation: standard deviation between the runs (divided by n − 1), None of a single one.
        runs: how many have the figure.
    """

    mean: float
    deviation: float | None
    runs: int

    @classmethod
    def of(cls, values: Iterable[float | None]) -> "Spread | None":
        """Of the values that are there; None where none is."""
        known = [float(value) for value in values if value is not None]
        if not known:
            return None
        return cls(statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else None, len(known))


@dataclass(frozen=True)
class Row:
    """Runs that differ in nothing but their seed.

    Attributes:
        name: the first run's, with the number of runs where there are several.
        runs: names of their folders.
        model, preset: of all of them.
        seeds: of each.
        states: how many are "finished", "unfinished" and "diverged". All figures are of the finished ones.
        training: "seconds" and "examples" of the whole training, and "flops", where counted.
        cost: "weights", "training_flops_per_example", "sampling_seconds_per_example".
        machines: on which sampling was timed, in words.
        memorization: "pixels" and "features", each as `tfgen.evaluation.memorization` names its figures.
        pairs: PNGs in base64, one a run: the samples nearest to training images, above these.
    """

    name: str
    runs: tuple[str, ...]
    model: str
    preset: str
    seeds: tuple[int, ...]
    states: dict[str, int]
    training: dict[str, Spread] = field(default_factory=dict)
    cost: dict[str, Spread] = field(default_factory=dict)
    machines: tuple[str, ...] = ()
    memorization: dict[str, dict[str, Spread]] = field(default_factory=dict)
    pairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bound:
    """A row's likelihood by one estimator.

    Attributes:
        name: of the row.
        estimator, samples: how it was estimated. All but "exact" are lower bounds of the log-likelihood.
        figure: over the runs of the row.
        standard_error: over the examples, of a row of a single run.
    """

    name: str
    estimator: str
    samples: int
    figure: Spread
    standard_error: float | None


@dataclass(frozen=True)
class Likelihoods:
    """Likelihoods of the same data, and only these may be ranked.

    Attributes:
        split, levels, binarization, examples: of what, and of how many examples; levels are None for points.
        unit: "bits/dim", or "nats" for points.
        baseline: what the pixel marginals reach, in the same unit; for points, the true density.
        bounds: best first.
    """

    split: str
    levels: int | None
    binarization: str | None
    examples: int
    unit: str
    baseline: float | None
    bounds: tuple[Bound, ...]

    @property
    def figures(self) -> dict[str, Spread]:
        """Row's name → the tightest of its bounds, best first."""
        found: dict[str, Spread] = {}
        for bound in self.bounds:
            found.setdefault(bound.name, bound.figure)
        return found


@dataclass(frozen=True)
class Quality:
    """Sample quality, measured of every row in the same way.

    Attributes:
        split, samples, temperature: against what, how many of each, and how they were drawn.
        classifier: its name, SHA-256 and test accuracy.
        floor: what as many other real pictures reach.
        figures: row's name → name of the figure → figure.
        pictures: row's name → what was measured, samples or means.
        histograms: row's name → samples of each class, of the first run that was measured.
    """

    split: str
    samples: int
    temperature: float
    classifier: dict[str, Any]
    floor: dict[str, Any]
    figures: dict[str, dict[str, Spread]]
    pictures: dict[str, str]
    histograms: dict[str, list[int]]


@dataclass(frozen=True)
class Comparison:
    """Runs on the same data, side by side.

    Attributes:
        data: its name.
        rows: in the order in which their first runs were given.
        likelihoods: one for each group of figures that can be ranked.
        quality: None where none is known.
    """

    data: str
    rows: tuple[Row, ...]
    likelihoods: tuple[Likelihoods, ...]
    quality: Quality | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        return dataclasses.asdict(self)


def recorded(
    runs: Sequence[Run], evaluations: Mapping[Path, dict[str, list[dict[str, Any]]]] | None = None
) -> Comparison:
    """Compare runs by what is recorded in their folders.

    Args:
        runs: different ones, on the same data.
        evaluations: of a run's folder, what to take in place of its `evaluation.json`.

    Raises:
        ConfigError: if there is no run, one twice, or runs on different data.
        RunError: if what a folder holds is not what tfgen writes.
    """
    _check(runs)
    try:
        return _comparison(runs, evaluations or {})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        names = ", ".join(run.path.name for run in runs)
        raise RunError(
            f"Expected evaluation.json and metrics.jsonl as tfgen writes them in {names}. Received: {error!r}"
        ) from None


def _comparison(runs: Sequence[Run], evaluations: Mapping[Path, dict[str, list[dict[str, Any]]]]) -> Comparison:
    rows, kept = [], []
    for members in _groups(runs):
        found = [evaluations.get(run.path) or record.current(run) for run in members]
        finished = [(run, entries) for run, entries in zip(members, found, strict=True) if run.state == "finished"]
        entries = [entries for _, entries in finished]
        rows.append(_row(_name(members, runs), members, [run for run, _ in finished], entries))
        kept.append((rows[-1].name, entries))
    return Comparison(_data(runs[0])["data"], tuple(rows), tuple(_likelihoods(kept)), _quality(kept))


def _check(runs: Sequence[Run]) -> None:
    if not runs:
        raise ConfigError("Expected at least one run. Received none")
    paths = [run.path.resolve() for run in runs]
    if twice := [str(path) for path, count in Counter(paths).items() if count > 1]:
        raise ConfigError(f"Expected different runs. Received one of them twice: {', '.join(twice)}")
    for run in runs[1:]:
        if _data(run) != _data(runs[0]):
            raise ConfigError(
                f"Expected runs on the same data. Received {runs[0].path.name} on {_told(runs[0])} and {run.path.name} "
                f"on {_told(run)}: their figures measure different things"
            )


def _data(run: Run) -> dict[str, Any]:
    return {name: getattr(run.config.data, name) for name in _DATA}


def _told(run: Run) -> str:
    return ", ".join(f"{name} {value}" if name != "data" else str(value) for name, value in _data(run).items() if value)


def _groups(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs that differ only in what `_SEEDS` names, in the order of the first of each."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        config = run.config.to_dict()
        for section, names in _SEEDS.items():
            config[section] = {key: value for key, value in config[section].items() if key not in names}
        groups.setdefault(json.dumps(config, sort_keys=True), []).append(run)
    return list(groups.values())


def _name(members: Sequence[Run], runs: Sequence[Run]) -> str:
    """Of the first of a row's runs: its folder's name, or where another has the same, its path."""
    first = members[0].path
    name = str(first) if sum(run.path.name == first.name for run in runs) > 1 else first.name
    return name + (f" ({len(members)} runs)" if len(members) > 1 else "")


def _row(name: str, members: list[Run], finished: list[Run], evaluations: list[dict[str, list[dict[str, Any]]]]) -> Row:
    first = members[0]
    costs = [entry for found in evaluations for entry in found.get("cost", [])[-1:]]
    memories = [entry for found in evaluations for entry in found.get("memorization", [])[-1:]]
    histories = [(run, rows) for run in finished if (rows := run.metrics())]
    batch = first.config.train.batch_size
    flops = Spread.of(entry.get("training_flops_per_example") for entry in costs)
    examples = Spread.of(rows[-1].get("step", 0) * batch for _, rows in histories)
    training = {
        "seconds": Spread.of(sum(row.get("seconds", 0.0) for row in rows) for _, rows in histories),
        "examples": examples,
        "flops": Spread(flops.mean * examples.mean, None, examples.runs) if flops and examples else None,
    }
    spaces = {
        space: {
            name: Spread.of(entry[space][name] for entry in memories if space in entry)
            for name in ("distance", "test_distance", "ratio", "test_ratio", "near")
        }
        for space in ("pixels", "features")
    }
    return Row(
        name=name,
        runs=tuple(run.path.name for run in members),
        model=first.config.model,
        preset=first.config.preset,
        seeds=tuple(run.config.train.seed for run in members),
        states={state: sum(run.state == state for run in members) for state in ("finished", "unfinished", "diverged")},
        training=_known(training),
        cost=_known(
            {
                name: Spread.of(entry.get(name) for entry in costs)
                for name in ("weights", "training_flops_per_example", "sampling_seconds_per_example")
            }
        ),
        machines=tuple(sorted({machine_in_words(entry["machine"]) for entry in costs if "machine" in entry})),
        memorization={space: found for space, figures in spaces.items() if (found := _known(figures))},
        pairs=tuple(entry["picture"] for entry in memories if "picture" in entry),
    )


def _known(figures: dict[str, Spread | None]) -> dict[str, Spread]:
    return {name: figure for name, figure in figures.items() if figure is not None}


def machine_in_words(machine: dict[str, Any]) -> str:
    """A machine as `tfgen.evaluation.cost.machine` describes it, in a few words."""
    return f"{machine['processor']}, {machine['cores']} cores, {' '.join(machine['devices'])}"


def _likelihoods(kept: list[tuple[str, list[dict[str, list[dict[str, Any]]]]]]) -> list[Likelihoods]:
    """The groups of comparable figures, those of most rows first."""
    groups: dict[tuple, dict[tuple, list[dict[str, Any]]]] = {}
    for name, evaluations in kept:
        for entry in (entry for found in evaluations for entry in found.get("likelihood", [])):
            group = tuple(entry.get(part) for part in ("split", "levels", "binarization", "examples"))
            bound = name, entry["estimator"], entry["samples"]
            groups.setdefault(group, {}).setdefault(bound, []).append(entry)
    made = []
    for (split, levels, binarization, examples), members in groups.items():
        images = levels is not None
        value, error = (
            ("bits_per_dim", "bits_per_dim_standard_error")
            if images
            else ("log_prob_nats", "log_prob_nats_standard_error")
        )
        sign = 1.0 if images else -1.0
        bounds = [
            Bound(name, estimator, samples, figure, entries[0][error] if len(entries) == 1 else None)
            for (name, estimator, samples), entries in members.items()
            if (figure := Spread.of(sign * entry[value] for entry in entries)) is not None
        ]
        baselines = [
            sign * entry[part]
            for entries in members.values()
            for entry in entries
            for part in ("pixel_marginal_bits_per_dim", "true_log_prob_nats")
            if part in entry
        ]
        made.append(
            Likelihoods(
                split=split,
                levels=levels,
                binarization=binarization,
                examples=examples,
                unit="bits/dim" if images else "nats",
                baseline=baselines[0] if baselines else None,
                bounds=tuple(sorted(bounds, key=lambda bound: bound.figure.mean)),
            )
        )
    return sorted(made, key=lambda group: -len(group.figures))


def _quality(kept: list[tuple[str, list[dict[str, list[dict[str, Any]]]]]]) -> Quality | None:
    """The way of measuring that most rows have in common; of several such, that of the most samples."""
    settings: dict[tuple, dict[str, list[dict[str, Any]]]] = {}
    for name, evaluations in kept:
        for found in evaluations:
            # Several seeds of the samples of one run are one measurement; the last one counts.
            own = {
                (entry["split"], entry["samples"], entry["temperature"], entry["classifier"]["sha256"]): entry
                for entry in found.get("quality", [])
            }
            for key, entry in own.items():
                settings.setdefault(key, {}).setdefault(name, []).append(entry)
    if not settings:
        return None
    # Temperature 1 is the model itself.
    split, samples, temperature, sha256 = max(
        settings, key=lambda key: (len(settings[key]), key[2] == 1.0, key[0] == "test", key[1])
    )
    members = settings[split, samples, temperature, sha256]
    first = next(iter(members.values()))[0]
    return Quality(
        split=split,
        samples=samples,
        temperature=temperature,
        classifier=first["classifier"],
        floor=first["floor"],
        figures={
            name: _known({figure: Spread.of(entry.get(figure) for entry in entries) for figure in QUALITY})
            for name, entries in members.items()
        },
        pictures={name: entries[0]["pictures"] for name, entries in members.items()},
        histograms={name: entries[0]["class_histogram"] for name, entries in members.items()},
    )
