"""Selects the measurements of sample quality that are comparable between rows."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tfgen.comparison.records import Quality, RowQuality, RunEntries, Spread
from tfgen.evaluation.report import quality_metrics
from tfgen.runs.entries import QualityEntry


class _Settings(NamedTuple):
    """The settings that comparable measurements have in common."""

    split: str
    samples: int
    temperature: float
    classifier: str


def _settings(entry: QualityEntry) -> _Settings:
    return _Settings(entry.split, entry.samples, entry.temperature, entry.classifier.sha256)


def common_quality(entries: Mapping[str, Sequence[RunEntries]]) -> Quality | None:
    """Return sample quality with the settings that most rows have in common, or None if none was measured.

    Among settings with the same number of rows, temperature 1 comes first, then the test split, then more samples.

    Args:
        entries: name of a row → the entries of its finished runs.
    """
    by_settings: dict[_Settings, dict[str, list[QualityEntry]]] = {}
    for name, found in entries.items():
        for one in found:
            # Measurements that differ only in the seed of the samples count once; the last one is used.
            for settings, entry in {_settings(entry): entry for entry in one.quality}.items():
                by_settings.setdefault(settings, {}).setdefault(name, []).append(entry)
    if not by_settings:
        return None
    chosen = max(
        by_settings,
        key=lambda one: (len(by_settings[one]), one.temperature == 1.0, one.split == "test", one.samples),
    )
    members = by_settings[chosen]
    first = next(iter(members.values()))[0]
    return Quality(
        split=chosen.split,
        samples=chosen.samples,
        temperature=chosen.temperature,
        classifier=first.classifier,
        real_reference=first.real_reference,
        rows=tuple(_row(name, found) for name, found in members.items()),
    )


def _row(name: str, entries: Sequence[QualityEntry]) -> RowQuality:
    metrics = quality_metrics(entries[0].classifier)
    spreads = {metric: Spread.of(getattr(entry, metric) for entry in entries) for metric in metrics}
    return RowQuality(
        name=name,
        pictures=entries[0].pictures,
        histogram=tuple(entries[0].class_histogram or ()),
        metrics={metric: spread for metric, spread in spreads.items() if spread is not None},
    )
