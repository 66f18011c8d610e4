"""The tabs of the page.

Each module has the title of its tab, the id of its HTML element, and a function `build(context, header, tab)` that adds
the components of the tab and connects their events to the handlers.
"""

from tfgen.app.tabs import compare, explore, interpolate, mix, overview, reconstruct, runs, sample

TABS = (overview, sample, interpolate, mix, explore, reconstruct, compare, runs)
