"""Summaries of repeated measurements."""

import statistics
from collections.abc import Sequence


def spread(values: Sequence[float], digits: int = 3) -> dict[str, float]:
    """Return median, minimum and maximum, each with so many significant digits."""
    found = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: significant(value, digits) for name, value in found.items()}


def paired_ratio(ours: Sequence[float], other: Sequence[float]) -> dict[str, float]:
    """Return the spread of ours / other over pairs that were measured directly after each other.

    Both members of a pair have the same speed of the machine, so the ratio varies less than its two parts.
    """
    return spread([one / two for one, two in zip(ours, other, strict=True)])


def significant(value: float, digits: int = 3) -> float:
    """Round to a number of significant digits; whole numbers are never shortened."""
    if value == 0 or abs(value) >= 10**digits:
        return round(value)
    return float(f"{value:.{digits}g}")
