"""Groups likelihoods so that only comparable ones are ranked together."""

from collections.abc import Mapping, Sequence

from tfgen.comparison.records import LikelihoodGroup, RowLikelihood, RunEntries, Spread
from tfgen.runs.entries import LikelihoodEntry


def group_likelihoods(entries: Mapping[str, Sequence[RunEntries]]) -> list[LikelihoodGroup]:
    """Return the groups of comparable likelihoods, the group with the most rows first.

    Likelihoods are comparable if they are of the same split, levels, binarization and number of examples.

    Args:
        entries: name of a row → the entries of its finished runs.
    """
    groups: dict[tuple, dict[tuple[str, str, int], list[LikelihoodEntry]]] = {}
    for name, found in entries.items():
        for one in found:
            # Measurements that differ only in the seed of the estimator count once; the last one is used.
            last = {(_comparable(entry), entry.estimator, entry.samples): entry for entry in one.likelihood}
            for (group, estimator, samples), entry in last.items():
                groups.setdefault(group, {}).setdefault((name, estimator, samples), []).append(entry)
    made = [_group(members) for members in groups.values()]
    return sorted(made, key=lambda group: -len(group.best))


def _comparable(entry: LikelihoodEntry) -> tuple:
    """Return what comparable likelihoods have in common."""
    return entry.split, entry.levels, entry.binarization, entry.examples


def _group(members: Mapping[tuple[str, str, int], Sequence[LikelihoodEntry]]) -> LikelihoodGroup:
    entries = [entry for found in members.values() for entry in found]
    first = entries[0]
    rows = [
        RowLikelihood(name, estimator, samples, value, _standard_error(found[0]) if len(found) == 1 else None)
        for (name, estimator, samples), found in members.items()
        if (value := Spread.of(map(_value, found))) is not None
    ]
    baselines = [baseline for entry in entries if (baseline := _baseline(entry)) is not None]
    return LikelihoodGroup(
        split=first.split,
        levels=first.levels,
        binarization=first.binarization,
        examples=first.examples,
        unit="nats" if first.levels is None else "bits/dim",
        baseline=baselines[0] if baselines else None,
        rows=tuple(sorted(rows, key=lambda row: row.value.mean)),
    )


def _value(entry: LikelihoodEntry) -> float | None:
    """Return the negative log-likelihood: bits/dim of images, nats of points."""
    return _negative(entry.log_prob_nats) if entry.levels is None else entry.bits_per_dim


def _standard_error(entry: LikelihoodEntry) -> float | None:
    return entry.log_prob_nats_standard_error if entry.levels is None else entry.bits_per_dim_standard_error


def _baseline(entry: LikelihoodEntry) -> float | None:
    return _negative(entry.true_log_prob_nats) if entry.levels is None else entry.pixel_marginal_bits_per_dim


def _negative(value: float | None) -> float | None:
    return None if value is None else -value
