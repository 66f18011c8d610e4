"""The tab "Sample": pictures of a model, by seed and temperature."""

from typing import Any

import gradio as gr

from tfgen.app import components, views
from tfgen.app.context import Context
from tfgen.app.events import COMPUTING, INTERNAL, bind
from tfgen.app.handlers.compare import classes_of
from tfgen.app.handlers.downloads import sample_zip
from tfgen.app.handlers.sample import MAX_PICTURES, sample
from tfgen.app.handlers.single_picture import sample_picture
from tfgen.app.header import Header
from tfgen.app.labels import ANY, EACH, kept
from tfgen.app.tabs import single_picture

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
            single = single_picture.build()

    components.view_buttons()
    with gr.Row(elem_id="zip"):
        number = components.integer(
            100,
            label="Pictures in a .zip",
            info="From 1 to 1000, one file for each, from the seed above",
            min_width=200,
        )
        prepare = gr.Button("Prepare the .zip", size="sm", scale=0, min_width=160, elem_classes=["quiet"])
        ready = gr.DownloadButton(
            "Download the .zip", size="sm", scale=0, min_width=160, visible=False, elem_id="zip-file"
        )
    inputs = [header.model, count, seed, temperature, label]
    components.add_api(bind(sample, context), inputs, [picture, caption], "sample", **COMPUTING)
    of_zip, zip_file = [header.model, number, seed, temperature, label], gr.File(visible=False)
    components.add_api(bind(sample_zip, context), of_zip, [zip_file], "sample_zip", **COMPUTING)
    of_one, one_file = [header.model, seed, temperature, label], gr.File(visible=False)
    one = [single.picture, one_file, single.caption]
    components.add_api(bind(sample_picture, context), of_one, one, "sample_picture", **COMPUTING)
    single_picture.connect(context, single, picture)
    prepare.click(bind(_prepared, context), of_zip, ready, **COMPUTING, **INTERNAL)
    following.click(_following_seed, [seed, count], seed, queue=False, **INTERNAL).then(
        None, js="() => tfgen.press('again-sample')", **INTERNAL
    )
    fields = {"count": count, "seed": seed, "temperature": temperature, "label": label}
    view = views.View("sample", TITLE, fields, _update, [label, picture, caption, *single.of_grid])
    changes = [count.input, seed.input, temperature.input, label.input]
    views.connect(context, header, view, changes)


def _update(
    context: Context, values: dict[str, Any], before: dict[str, Any] | None
) -> tuple[dict[str, Any], list[Any]]:
    """Return what `tfgen.app.views.Update` says. A class of the model before is replaced by a choice without class."""
    values, selector = dict(values), gr.skip()
    before = before or {}
    if before.get("model") != values["model"]:
        classes = classes_of(context, values["model"])
        if before:
            values["label"] = kept(values["label"], classes, OTHERS)
        selector = components.class_update(values["label"], classes, OTHERS)
    picture, caption = sample(context, *values.values())
    with context.models.using(values["model"]) as model:
        single = single_picture.for_grid(values, model.is_image)
    return values, [selector, picture, caption, *single]


def _prepared(context: Context, *values) -> Any:
    """Return the update of the button that downloads the .zip."""
    return gr.update(value=sample_zip(context, *values), visible=True)


def _following_seed(seed: int | None, count: int) -> int:
    """Return the seed after those of the shown pictures."""
    return int(seed or 0) + int(count)
