"""Pictures of a trained model: tfgen sample RUN --n 64 --seed 7 --temperature 0.8 --out grid.png"""

import argparse
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


def int_in_range(low: int, high: int = 2**31 - 1):
    """An argparse type: an integer from `low` to `high`."""

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"expected an integer from {low} to {high}. Received: {text!r}")
        return value

    return convert


def non_negative_float(text: str) -> float:
    """An argparse type: a finite number, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0.0):
        raise argparse.ArgumentTypeError(f"expected a finite number, 0 or more. Received: {text!r}")
    return value
