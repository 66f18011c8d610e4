"""A file a tab, each with its TITLE and a function `build(page, tab)`."""

from tfgen.ui.tabs import sample, train, training

TABS = (sample, training, train)
