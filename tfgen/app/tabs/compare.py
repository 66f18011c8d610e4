"""The tab "Compare": samples and measurements of several models side by side."""

from typing import Any

import gradio as gr

from tfgen.app import components
from tfgen.app.context import Context
from tfgen.app.events import COMPUTING, INTERNAL, bind, unless_cleared
from tfgen.app.handlers.compare import (
    MAX_MODELS,
    MAX_PICTURES,
    classes_to_compare,
    comparable_models,
    compare,
    compare_samples,
)
from tfgen.app.header import Header
from tfgen.app.labels import ANY, EACH, kept
from tfgen.app.terms import explained, with_tooltips
from tfgen.errors import TfgenError

TITLE, ELEMENT_ID = "Compare", "tab-compare"
#: Choices in place of a class.
OTHERS = (ANY, EACH)


def build(context: Context, header: Header, tab: gr.Tab) -> None:
    """Add the components of the tab and connect their events."""
    notice = components.notice()
    models = components.run_dropdown(
        choices=context.catalogue.usable(),
        multiselect=True,
        max_choices=MAX_MODELS,
        label="Models",
        info="Up to six models of the same data",
        elem_id="models",
    )
    with gr.Row():
        count = components.slider(
            1, MAX_PICTURES, 16, step=1, label="Number of pictures", info="Of each model", min_width=160
        )
        seed = components.seed(info="Seed of the first picture of every model", min_width=160)
        temperature = components.temperature(min_width=160)
        label = components.class_dropdown(
            info="Class of the pictures of the models with classes", min_width=160, elem_id="compare-class"
        )
    samples = gr.Gallery(
        label="Samples of the same seeds",
        columns=3,
        object_fit="contain",
        height="auto",
        format="png",
        interactive=False,
        buttons=["download", "fullscreen"],
        elem_id="side-by-side",
        elem_classes=["pixels"],
    )
    with gr.Accordion("Recorded measurements", open=True):
        figure = components.picture("Comparison", elem_id="comparison", elem_classes=["named"])
        tables = gr.Markdown(elem_id="tables", elem_classes=["tables"])
    with gr.Accordion("What the numbers mean", open=False, elem_id="terms"):
        gr.Markdown(explained())

    settings = [models, count, seed, temperature, label]
    changes = [count.input, seed.input, seed.submit, temperature.input, label.input]
    handler = bind(compare_samples, context)
    components.add_api(handler, settings, [samples], "compare_samples", **COMPUTING)
    gr.on(changes, unless_cleared(handler, settings, [samples]), settings, samples, **COMPUTING, **INTERNAL)
    components.add_api(bind(compare, context), [models], [figure, tables], "compare")
    outputs = [label, notice, samples, figure, tables]
    again = unless_cleared(bind(_compare, context), settings, outputs)
    models.input(again, settings, outputs, **COMPUTING, **INTERNAL)
    header.update_when_shown(tab, bind(_show, context), [header.model, *settings[1:]], [models, *outputs])


def _compare(context: Context, names: list[str], count, seed, temperature, label) -> list[Any]:
    """Return the class, the notice, the samples, the figure and the tables. After an error, the parts before it."""
    if not names:
        return [gr.skip(), components.notice_update("Choose at least one model"), None, None, ""]
    reason, samples, measurements, chosen = "", None, (None, ""), gr.skip()
    try:
        classes = classes_to_compare(context, names)
        chosen = components.class_update(label, classes, OTHERS)
        samples = compare_samples(context, names, count, seed, temperature, kept(label, classes, OTHERS))
        figure, tables = compare(context, names)
        measurements = figure, with_tooltips(tables)  # type: ignore[assignment]
    except TfgenError as error:
        reason = str(error)
    return [chosen, components.notice_update(reason), samples, *measurements]


def _show(context: Context, model: str, *settings) -> list[Any]:
    """Return the updates when the tab is opened or another model is chosen in the header."""
    try:
        usable, names = comparable_models(context, model)
    except TfgenError as error:
        return [gr.skip(), gr.skip(), components.notice_update(str(error)), None, None, ""]
    return [gr.update(choices=usable, value=names), *_compare(context, names, *settings)]
