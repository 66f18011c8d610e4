"""The tab "Sample": pictures of a model, by seed and temperature."""

from typing import Any

import gradio as gr

from tfgen.app import components
from tfgen.app.context import Context
from tfgen.app.events import COMPUTING, INTERNAL, bind, unless_cleared
from tfgen.app.handlers.compare import classes_of
from tfgen.app.handlers.sample import MAX_PICTURES, sample
from tfgen.app.header import Header
from tfgen.app.labels import ANY, EACH, kept

TITLE, ELEMENT_ID = "Sample", "tab-sample"
#: Choices in place of a class.
OTHERS = (ANY, EACH)


def build(context: Context, header: Header, tab: gr.Tab) -> None:
    """Add the components of the tab and connect their events."""
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            count = components.slider(
                1, MAX_PICTURES, 36, step=1, label="Number of pictures", info="From 1 to 144 pictures"
            )
            with gr.Row():
                seed = components.seed(
                    info="Seed of the first picture. The next pictures have the next numbers", min_width=140
                )
                following = gr.Button("Next pictures", size="sm", scale=0, min_width=130, elem_classes=["quiet"])
            temperature = components.temperature()
            label = components.class_dropdown(elem_id="sample-class")
            caption = gr.Markdown(elem_classes=["caption"])
        with gr.Column(scale=3, min_width=300, elem_classes=["result"]):
            picture = components.picture("Samples", elem_id="samples")

    handler = bind(sample, context)
    inputs, outputs = [header.model, count, seed, temperature, label], [picture, caption]
    changes = [count.input, seed.input, seed.submit, temperature.input, label.input]
    components.add_api(handler, inputs, outputs, "sample", **COMPUTING)
    gr.on(changes, unless_cleared(handler, inputs, outputs), inputs, outputs, **COMPUTING, **INTERNAL)
    following.click(_following_seed, [seed, count], seed, queue=False, **INTERNAL).then(
        handler, inputs, outputs, **COMPUTING, **INTERNAL
    )
    show = bind(_show, context)
    header.update_when_shown(tab, show, inputs, [label, *outputs])
    header.blocks.load(show, inputs, [label, *outputs], **COMPUTING, **INTERNAL)


def _show(context: Context, model: str, count: int, seed: int, temperature: float, label: str) -> list[Any]:
    """Return the updates when the tab is opened or another model is chosen."""
    classes = classes_of(context, model)
    update = components.class_update(label, classes, OTHERS)
    return [update, *sample(context, model, count, seed, temperature, kept(label, classes, OTHERS))]


def _following_seed(seed: int | None, count: int) -> int:
    """Return the seed after those of the shown pictures."""
    return int(seed or 0) + int(count)
