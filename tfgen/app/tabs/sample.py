"""The tab "Sample": pictures of a model, by seed and temperature."""

from typing import Any

import gradio as gr

from tfgen.app import components, decoding, validation, views
from tfgen.app.context import Context
from tfgen.app.decoding import KEPT, MOST_GUIDANCE, REMOVED
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
#: Choice of the pictures without noise, and of the same pictures with noise below them.
BOTH = "both"


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
            guidance, noise = _flow_controls()
            caption = gr.Markdown(elem_classes=["caption"])
        with gr.Column(scale=3, min_width=300, elem_classes=["result"]):
            picture = components.picture("Samples", elem_id="samples")
            noisy = components.picture("The same samples with their noise", elem_id="noisy-samples", visible=False)
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
    settings = [temperature, label, guidance, noise]
    inputs = [header.model, count, seed, *settings]
    components.add_api(bind(sample, context), inputs, [picture, caption], "sample", **COMPUTING)
    of_zip, zip_file = [header.model, number, seed, *settings], gr.File(visible=False)
    components.add_api(bind(sample_zip, context), of_zip, [zip_file], "sample_zip", **COMPUTING)
    of_one, one_file = [header.model, seed, *settings], gr.File(visible=False)
    one = [single.picture, one_file, single.caption]
    components.add_api(bind(sample_picture, context), of_one, one, "sample_picture", **COMPUTING)
    single_picture.connect(context, single, picture)
    prepare.click(bind(_prepared, context), of_zip, ready, **COMPUTING, **INTERNAL)
    following.click(_following_seed, [seed, count], seed, queue=False, **INTERNAL).then(
        None, js="() => tfgen.press('again-sample')", **INTERNAL
    )
    fields = {"count": count, "seed": seed, "temperature": temperature, "label": label}
    fields |= {"guidance": guidance, "noise": noise}
    outputs = [label, guidance, noise, picture, noisy, caption, *single.of_grid]
    view = views.View("sample", TITLE, fields, _update, outputs)
    changes = [count.input, seed.input, temperature.input, label.input, guidance.input, noise.input]
    views.connect(context, header, view, changes)


def _flow_controls() -> tuple[gr.Slider, gr.Radio]:
    """Add the controls of flows, guidance and noise, which `_update` shows for models that have them."""
    guidance = components.slider(
        0.0,
        MOST_GUIDANCE,
        0.0,
        step=0.25,
        label="Guidance",
        info="How much the flow prefers typical pictures of the class. Larger: clearer, less varied",
        visible=False,
        elem_id="guidance",
    )
    noise = components.radio(
        [REMOVED, KEPT, BOTH],
        value=REMOVED,
        label="Noise of the pictures",
        info="The flow was trained on pictures with noise, and removes the noise from its samples",
        visible=False,
        elem_id="noise",
    )
    return guidance, noise


def _update(
    context: Context, values: dict[str, Any], before: dict[str, Any] | None
) -> tuple[dict[str, Any], list[Any]]:
    """Return what `tfgen.app.views.Update` says. Another model replaces values that it does not have."""
    values, selector = dict(values), gr.skip()
    of_flow = [gr.skip(), gr.skip()]
    is_address, before = before is None, before or {}
    with context.models.using(values["model"]) as model:
        if before.get("model") != values["model"]:
            classes = classes_of(context, values["model"])
            if before:
                values["label"] = kept(values["label"], classes, OTHERS)
                values["noise"] = values["noise"] if decoding.has_noise(model) else REMOVED
            if not is_address:
                values["guidance"] = decoding.usual_guidance(model)
            selector = components.class_update(values["label"], classes, OTHERS)
            of_flow = [
                gr.update(value=values["guidance"], visible=decoding.has_guidance(model)),
                gr.update(value=values["noise"], visible=decoding.has_noise(model)),
            ]
        both = validation.one_of("noise", values["noise"], (REMOVED, KEPT, BOTH)) == BOTH
        drawn = values | ({"noise": REMOVED} if both else {})
        picture, caption = sample(context, *drawn.values())
        noisy = gr.update(value=sample(context, *(drawn | {"noise": KEPT}).values())[0] if both else None, visible=both)
        single = single_picture.for_grid(drawn, model.is_image)
    return values, [selector, *of_flow, picture, noisy, caption, *single]


def _prepared(context: Context, model, count, seed, temperature, label, guidance, noise) -> Any:
    """Return the update of the button that downloads the .zip. With `BOTH`, the files have no noise."""
    noise = KEPT if noise == KEPT else REMOVED
    file = sample_zip(context, model, count, seed, temperature, label, guidance, noise)
    return gr.update(value=file, visible=True)


def _following_seed(seed: int | None, count: int) -> int:
    """Return the seed after those of the shown pictures."""
    return int(seed or 0) + int(count)
