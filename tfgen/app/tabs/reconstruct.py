"""The tab "Reconstruct": a picture of the user, its reconstruction and its likelihood."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tfgen.app import components, validation
from tfgen.app.context import Context
from tfgen.app.events import COMPUTING, INTERNAL, bind
from tfgen.app.handlers.reconstruct import reconstruct, test_picture
from tfgen.app.header import Header
from tfgen.app.labels import kept
from tfgen.app.preprocessing import has_fitted_digits
from tfgen.errors import TfgenError

TITLE, ELEMENT_ID = "Reconstruct", "tab-reconstruct"
NO_PICTURE = "Draw a picture, upload one, or use a picture of the test set."
#: Values of the current picture and of the five outputs while there is no picture.
EMPTY = [None] * 5 + [NO_PICTURE]


@dataclass(frozen=True)
class _Source:
    """Components in which the user chooses a picture.

    Attributes:
        controls: the column of all the others.
        drawing, upload: a picture of the user.
        index, use: position of a picture in the test set, and the button that uses it.
        fit: whether to preprocess the picture like the data.
        label: the class of the picture.
    """

    controls: gr.Column
    drawing: gr.HTML
    upload: gr.Image
    index: gr.Number
    use: gr.Button
    fit: gr.Checkbox
    label: gr.Dropdown


def build(context: Context, header: Header, tab: gr.Tab) -> None:
    """Add the components of the tab and connect their events."""
    notice = components.notice()
    with gr.Row():
        source = _source()
        with gr.Column(scale=3, min_width=300) as results:
            with gr.Row():
                pictures = [
                    components.picture(label, min_width=88, elem_id=f"reconstruct-{number}", buttons=[])
                    for number, label in enumerate(("Model input", "Reconstruction", "Difference"))
                ]
            gr.Markdown(
                "Model input: your picture after preprocessing. Difference: in grey pictures red where the "
                "reconstruction is lighter than the input, blue where it is darker; in colour pictures the absolute "
                "difference of each channel.",
                elem_classes=["caption"],
            )
            typicality = gr.Markdown(elem_id="typicality")
            plot = components.picture(
                "Likelihood compared with the test set",
                elem_id="likelihood",
                elem_classes=["named"],
                buttons=["download"],
            )
    _connect(context, header, tab, notice, source, results, [*pictures, plot, typicality])


def _source() -> _Source:
    with gr.Column(scale=2, min_width=280) as controls:
        with gr.Tabs():
            with gr.Tab("Draw"):
                drawing = components.drawing_pad("Draw a picture", elem_id="drawing")
            with gr.Tab("Upload"):
                upload = components.upload("Upload a picture of any size", height=300, elem_id="upload")
            with gr.Tab("Test set"):
                index = components.integer(0, label="Number of the picture", info="Position in the test set, from 0")
                use = gr.Button("Use this picture", size="sm", elem_id="use-test-picture")
        fit = components.preprocess_checkbox()
        label = components.class_dropdown(
            info="Class of the picture; any class: the most probable one", elem_id="reconstruct-class"
        )
    return _Source(controls, drawing, upload, index, use, fit, label)


def _connect(context: Context, header: Header, tab: gr.Tab, notice, source: _Source, results, outputs: list) -> None:
    model, fit, label = header.model, source.fit, source.label
    components.add_api(
        bind(reconstruct, context),
        [model, components.upload("Picture", visible=False), fit, label],
        outputs,
        "reconstruct",
        **COMPUTING,
    )
    components.add_api(
        bind(test_picture, context),
        [model, source.index],
        [components.picture("Picture", visible=False)],
        "test_picture",
    )
    # The picture that was reconstructed last, from any of the three sources.
    current = gr.State(None)
    settings: dict[str, Any] = {"outputs": [current, *outputs], **COMPUTING, **INTERNAL}
    use_picture = bind(_use_picture, context)
    # One event for a picture and its removal: of two events, the result of the earlier one may arrive last.
    drawn, uploaded = [source.drawing.input, source.drawing.clear], [source.upload.upload, source.upload.clear]
    gr.on(drawn, use_picture, [model, source.drawing, fit, label], **settings)
    gr.on(uploaded, use_picture, [model, source.upload, fit, label], **settings)
    source.use.click(bind(_use_test_picture, context), [model, source.index, label], **settings)
    gr.on([fit.input, label.input], bind(_use_again, context), [model, current, fit, label], **settings)
    header.update_when_shown(
        tab, bind(_show, context), [model, current, label], [notice, source.controls, results, fit, label, *outputs]
    )


def _reconstruct(context: Context, model: str, picture: dict, fit: bool, label: str):
    # A picture of the test set needs no preprocessing.
    return reconstruct(context, model, picture, fit and not (picture or {}).get("of_test_set"), label)


def _use_picture(context: Context, model: str, picture: dict | None, fit: bool, label: str) -> Sequence:
    """Return the picture as the current one, and the outputs for it; those of no picture if it was removed."""
    if not picture:
        return EMPTY
    return picture, *_reconstruct(context, model, picture, fit, label)


def _use_test_picture(context: Context, model: str, index: int, label: str) -> Sequence:
    path = test_picture(context, model, index)
    picture = {"path": path, "name": f"test picture {index}", "of_test_set": True}
    return _use_picture(context, model, picture, True, label)


def _use_again(context: Context, model: str, picture: dict | None, fit: bool, label: str):
    return _use_picture(context, model, picture, fit, label) if picture else [gr.skip()] * 6


def _show(context: Context, model: str, picture: dict | None, label: str) -> list[Any]:
    """Return the updates when the tab is opened or another model is chosen."""
    try:
        with context.models.using(model) as loaded:
            validation.expect_encoder(loaded, "A reconstruction")
            is_grey, classes = loaded.event_shape[-1] == 1, loaded.classes
        fit = is_grey and has_fitted_digits(context.catalogue.run(model))
        results = _reconstruct(context, model, picture, fit, kept(label, classes)) if picture else EMPTY[1:]
    except TfgenError as error:
        hidden = [gr.update(visible=False)] * 2
        return [components.notice_update(str(error)), *hidden, *[gr.skip()] * 2, *[None] * 4, ""]
    checkbox = gr.update(visible=is_grey, value=fit)
    selector = components.class_update(label, classes)
    return [components.notice_update(""), *[gr.update(visible=True)] * 2, checkbox, selector, *results]
