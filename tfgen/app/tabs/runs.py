"""The tab "Runs": curves and samples of a run over its epochs, and controls that start, stop and resume a training."""

import gradio as gr

from tfgen.app.context import Context
from tfgen.app.header import Header
from tfgen.app.tabs import train, training_history

TITLE, ELEMENT_ID = training_history.TITLE, "tab-runs"


def build(context: Context, header: Header, tab: gr.Tab) -> None:
    """Add the components of the tab and connect their events."""
    controls = train.build(context) if header.can_train else None
    run = training_history.build(context, header, tab)
    if controls is not None:
        train.connect(context, header, tab, controls, run)
