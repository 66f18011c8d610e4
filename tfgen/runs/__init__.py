"""Run folders: configuration, metrics, model and measurements of one training."""

from tfgen.runs.run import Run, load
from tfgen.runs.versions import versions

__all__ = ["Run", "load", "versions"]
