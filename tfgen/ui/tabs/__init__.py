"""A file a tab, each with its TITLE and a function `build(page, tab)`."""

from tfgen.ui.tabs import compare, explore, interpolate, reconstruct, sample

TABS = (sample, interpolate, explore, reconstruct, compare)
