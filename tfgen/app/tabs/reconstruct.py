"""The tab "Reconstruct": a picture of the user, its reconstruction and its likelihood."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tfgen.app import components, validation
from tfgen.app.context import Context
from tfgen.app.events import COMPUTING, INTERNAL, bind
from tfgen.app.handlers.reconstruct import SEARCHING, reconstruct, reconstruct_in_steps, test_picture
from tfgen.app.header import Header
from tfgen.app.labels import kept
from tfgen.app.preprocessing import has_fitted_digits
from tfgen.app.streaming import bind_stream
from tfgen.errors import TfgenError

TITLE, ELEMENT_ID = "Reconstruct", "tab-reconstruct"
NO_PICTURE = "Draw a picture, upload one, or use a picture of the test set."
#: Values of the current picture and of the six outputs while there is no picture.
EMPTY = [*[None] * 4, *[gr.update(value=None, visible=False)] * 2, NO_PICTURE]


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
            settings: dict[str, Any] = {
                "elem_classes": ["named"],
                "buttons": ["download"],
                "visible": False,
                # Beside each other only where both can be read.
                "min_width": 250,
            }
            with gr.Row():
                plot = components.picture("Likelihood compared with the test set", elem_id="likelihood", **settings)
                bits = components.picture("Pixels that surprise the model", elem_id="bits", **settings)
            stop = gr.Button("Stop the search", size="sm", visible=False, elem_id="stop-search")
    _connect(context, header, tab, notice, source, results, [*pictures, bits, plot, typicality], stop)


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


def _connect(
    context: Context, header: Header, tab: gr.Tab, notice, source: _Source, results, outputs: list, stop: gr.Button
) -> None:
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
    settings: dict[str, Any] = {"outputs": [current, *outputs, stop], **COMPUTING, **INTERNAL}
    use_picture = bind_stream(_use_picture, context)
    use_test_picture, use_again = bind_stream(_use_test_picture, context), bind_stream(_use_again, context)
    # One event for a picture and its removal: of two events, the result of the earlier one may arrive last.
    drawn, uploaded = [source.drawing.input, source.drawing.clear], [source.upload.upload, source.upload.clear]
    searches = [
        gr.on(drawn, use_picture, [model, source.drawing, fit, label], **settings),
        gr.on(uploaded, use_picture, [model, source.upload, fit, label], **settings),
        source.use.click(use_test_picture, [model, source.index, label], **settings),
        gr.on([fit.input, label.input], use_again, [model, current, fit, label], **settings),
    ]
    typicality = outputs[-1]
    stop.click(_stopped, typicality, [typicality, stop], cancels=searches, queue=False, **INTERNAL)
    header.update_when_shown(
        tab, bind(_show, context), [model, current, label], [notice, source.controls, results, fit, label, *outputs]
    )


def _stopped(sentence: str) -> tuple[str, Any]:
    """Return the sentence about a search that the user has stopped, and the update of the button."""
    so_far = sentence.partition("The nearest")
    return (f"Search stopped. {so_far[1]}{so_far[2]}" if so_far[1] else sentence), gr.update(visible=False)


def _shown(results: Sequence) -> list[Any]:
    """Return the updates of the outputs for what `reconstruct` returns. A figure that is missing takes no place."""
    *pictures, bits, plot, sentence = results
    return [*pictures, *(gr.update(value=each, visible=each is not None) for each in (bits, plot)), sentence]


def _use_picture(context: Context, model: str, picture: dict | None, fit: bool, label: str) -> Iterator[list]:
    """Yield the picture as the current one, the outputs for it, and the update of the button that stops a search.

    Without a picture, because the user has removed it, the outputs are empty.
    """
    if not picture:
        yield [*EMPTY, gr.update(visible=False)]
        return
    # A picture of the test set needs no preprocessing.
    fit = fit and not picture.get("of_test_set")
    for results in reconstruct_in_steps(context, model, picture, fit, label):
        goes_on = results[-1].startswith(SEARCHING)
        yield [picture, *_shown(results), gr.update(visible=goes_on)]


def _use_test_picture(context: Context, model: str, index: int, label: str) -> Iterator[list]:
    path = test_picture(context, model, index)
    picture = {"path": path, "name": f"test picture {index}", "of_test_set": True}
    yield from _use_picture(context, model, picture, True, label)


def _use_again(context: Context, model: str, picture: dict | None, fit: bool, label: str) -> Iterator[list]:
    if picture:
        yield from _use_picture(context, model, picture, fit, label)


def _show(context: Context, model: str, picture: dict | None, label: str) -> list[Any]:
    """Return the updates when the tab is opened or another model is chosen."""
    try:
        with context.models.using(model) as loaded:
            validation.expect_images(loaded, "A reconstruction")
            is_grey, classes = loaded.event_shape[-1] == 1, loaded.classes
        fit = is_grey and has_fitted_digits(context.catalogue.run(model))
        results = EMPTY[1:]
        if picture:
            needs_fit = fit and not picture.get("of_test_set")
            results = _shown(reconstruct(context, model, picture, needs_fit, kept(label, classes)))
    except TfgenError as error:
        hidden = [gr.update(visible=False)] * 2
        return [components.notice_update(str(error)), *hidden, *[gr.skip()] * 2, *[None] * 5, ""]
    checkbox = gr.update(visible=is_grey, value=fit)
    selector = components.class_update(label, classes)
    return [components.notice_update(""), *[gr.update(visible=True)] * 2, checkbox, selector, *results]
