"""Comparison of runs on the same data.

>>> from tfgen.comparison import compare, compare_recorded, comparison_figure, comparison_markdown
>>> comparison = compare_recorded(runs)      # only recorded measurements; no model is loaded
>>> comparison = compare(runs)               # makes the missing measurements and records them
>>> print(comparison_markdown(comparison))
>>> comparison_figure(comparison).savefig("comparison.png")
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgen.comparison.figure import comparison_figure
    from tfgen.comparison.measure import compare, measure_missing
    from tfgen.comparison.recorded import compare_recorded
    from tfgen.comparison.records import Comparison
    from tfgen.comparison.table import comparison_markdown
    from tfgen.comparison.write import write_comparison

_HOMES = {
    "Comparison": "records",
    "compare": "measure",
    "compare_recorded": "recorded",
    "comparison_figure": "figure",
    "comparison_markdown": "table",
    "measure_missing": "measure",
    "write_comparison": "write",
}

__all__ = [
    "Comparison",
    "compare",
    "compare_recorded",
    "comparison_figure",
    "comparison_markdown",
    "measure_missing",
    "write_comparison",
]


def __getattr__(name: str):
    # Only `compare` imports TensorFlow, and only the figure imports matplotlib.
    if name not in _HOMES:
        raise AttributeError(f"module 'tfgen.comparison' has no attribute {name!r}")
    return getattr(importlib.import_module(f"tfgen.comparison.{_HOMES[name]}"), name)
