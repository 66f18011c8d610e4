"""What the trials found, in rows: an entrant on a bed over its seeds."""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfgen.mode_benchmark.datasets import BEDS, DATA, ENTRANTS


@dataclass(frozen=True)
class Row:
    """An entrant on a bed.

    Attributes:
        bed, entrant: keys of `BEDS`, and of `ENTRANTS` or "data".
        trials: what each of its trials found, by seed.
        folders: theirs.
    """

    bed: str
    entrant: str
    trials: tuple[dict[str, Any], ...]
    folders: tuple[Path, ...]

    @property
    def title(self) -> str:
        return "the data itself" if self.entrant == DATA else ENTRANTS[self.entrant].title

    @property
    def diverged(self) -> int:
        """How many trials ended in a loss that is not finite."""
        return sum(trial.get("diverged") is not None for trial in self.trials)

    def values(self, name: str) -> list[float]:
        """A figure of every trial that has it."""
        return [trial[name] for trial in self.trials if trial.get(name) is not None]

    def mean(self, name: str) -> float | None:
        values = self.values(name)
        return statistics.fmean(values) if values else None

    def deviation(self, name: str) -> float | None:
        """Standard deviation between trials; None of a single one."""
        values = self.values(name)
        return statistics.stdev(values) if len(values) > 1 else None

    def history(self, name: str) -> list[list[tuple[int, float]]]:
        """(step, value) of a figure over the training of each trial."""
        found = []
        for folder in self.folders:
            file = folder / "metrics.jsonl"
            rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
            found.append([(row["step"], row[name]) for row in rows if name in row])
        return found

    def to_dict(self) -> dict[str, Any]:
        names = [name for name in FIGURES if self.values(name)]
        figures = {name: {"mean": self.mean(name), "standard_deviation": self.deviation(name)} for name in names}
        return {
            "bed": self.bed,
            "entrant": self.entrant,
            "title": self.title,
            **figures,
            "diverged": self.diverged,
            "trials": list(self.trials),
        }


#: The figures of a trial, as they are averaged over seeds.
FIGURES = ("modes", "high_quality", "mode_kl", "weights", "flops_per_example", "seconds")


def table(rows: list[Row]) -> str:
    """Every bed as a Markdown table, with its budget above."""
    parts = ["# Mode collapse"]
    for bed in dict.fromkeys(row.bed for row in rows):
        parts += [*_section(bed, [row for row in rows if row.bed == bed])]
    return "\n\n".join(parts) + "\n"


def _section(bed: str, rows: list[Row]) -> list[str]:
    known, trained = BEDS[bed], [row for row in rows if row.entrant != DATA]
    seeds = len({trial["seed"] for row in trained for trial in row.trials})
    budgets = sorted({trial["budget"] for row in trained for trial in row.trials})
    plain = next((row.mean("flops_per_example") for row in trained if row.entrant == "gan"), None)
    points = any(row.values("high_quality") for row in rows)
    head = ["model", f"modes of {known.modes:,}", "of each seed"]
    head += (["samples near a mode"] if points else []) + ["KL to uniform, nats", "weights", "work a step"]
    head += ["diverged"] if any(row.diverged for row in rows) else []
    lines = [head, ["---"] * len(head)]
    for row in rows:
        work = row.mean("flops_per_example")
        line = [
            row.title,
            _spread(row, "modes", ".1f" if row.entrant != DATA else ".0f"),
            ", ".join(f"{value:,}" for value in row.values("modes")) if row.entrant != DATA else "",
        ]
        line += [_spread(row, "high_quality", ".1%")] if points else []
        line += [
            _spread(row, "mode_kl", ".3f"),
            f"{row.mean('weights'):,.0f}" if row.values("weights") else "",
            f"{work / plain:.2f}" if work and plain else "",
        ]
        line += [str(row.diverged)] if len(head) > len(line) else []
        lines.append(line)
    return [
        f"## {bed}",
        f"{' or '.join(f'{budget:,}' for budget in budgets)} steps of {known.options['batch_size']} examples for every "
        f"model, {seeds} seeds, {known.samples:,} samples each; ± is the standard deviation between seeds. Work is in "
        "operations, the GAN's being 1.",
        "\n".join("| " + " | ".join(line) + " |" for line in lines),
    ]


def _spread(row: Row, name: str, form: str) -> str:
    mean, deviation = row.mean(name), row.deviation(name)
    if mean is None:
        return "–"
    return format(mean, form) + ("" if deviation is None else f" ± {format(deviation, form)}")
