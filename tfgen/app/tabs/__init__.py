"""A file a tab, each with its TITLE and a function `build(page, tab)`."""

from tfgen.app.tabs import compare, explore, interpolate, reconstruct, sample, train, training

TABS = (sample, interpolate, explore, reconstruct, compare, training, train)
