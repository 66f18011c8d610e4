"""Runs on the same data, side by side.

>>> from tfgen.comparison import compare, figure, recorded, table
>>> print(table(recorded(runs)))             # from what is in the runs' folders: no model is loaded
>>> found = compare(runs)                    # measures what is missing, and records it
>>> figure(found).savefig("comparison.png")
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgen.comparison.figure import figure
    from tfgen.comparison.measure import compare, measure
    from tfgen.comparison.rows import Comparison, recorded
    from tfgen.comparison.table import table

_HOMES = {
    "Comparison": "rows",
    "recorded": "rows",
    "table": "table",
    "figure": "figure",
    "compare": "measure",
    "measure": "measure",
}

__all__ = ["Comparison", "compare", "figure", "measure", "recorded", "table"]


def __getattr__(name: str):
    # TensorFlow is imported with what measures, and matplotlib with what draws.
    if name not in _HOMES:
        raise AttributeError(f"module 'tfgen.comparison' has no attribute {name!r}")
    return getattr(importlib.import_module(f"tfgen.comparison.{_HOMES[name]}"), name)
