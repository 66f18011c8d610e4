"""Gradio components with the settings that all tabs share, and three components of this package.

Several functions below change how a component treats the values that the page sends. Gradio's own treatment rejects
values with messages or tracebacks of its own; the handlers check the values themselves and name the argument, the
expected range and the received value. The changes replace methods of Gradio 6.31, so the version of Gradio is pinned.
"""

import html
import json
from abc import ABCMeta
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.processing_utils import save_base64_to_cache
from gradio.utils import get_upload_folder

from tfgen.app import labels
from tfgen.app.public_text import without_folders

#: Folder of the templates, style sheets and scripts of the package's own components.
WEB = Path(__file__).with_name("web")

NAME_SCHEMA = {"type": "string"}
COPY_LINK = "Copy link to this view"


def _with_preprocess(component: Any, preprocess: Callable[[Any], Any]) -> Any:
    """Replace how a component converts a value of the page into an argument of a handler.

    The method of the object is replaced, because Gradio would write a file with type hints next to the source file of
    every subclass of a component.
    """
    component.preprocess = preprocess
    return component


def _unchanged(payload: Any) -> Any:
    return payload


def with_any_value(component: Any) -> Any:
    """Let a component pass every value on: the handler checks it."""
    return _with_preprocess(component, _unchanged)


# -- choices and numbers ----------------------------------------------------------------------------------------------


# The class is made by calling `ABCMeta.__new__`, because Gradio's metaclass would write a file with type hints next to
# this file. It has to be a class: when an event updates the choices, Gradio constructs the component again for that
# browser window, and a method replaced in an object would be lost.
_RunDropdown: Any = ABCMeta.__new__(
    type(gr.Dropdown),
    "Dropdown",
    (gr.Dropdown,),
    {
        "preprocess": lambda self, payload: payload,
        # The description for programs does not list the choices, which may be out of date.
        "api_info": lambda self: {"type": "array", "items": NAME_SCHEMA} if self.multiselect else NAME_SCHEMA,
    },
)


# A class for the same reasons: the choices depend on the model.
_Radio: Any = ABCMeta.__new__(type(gr.Radio), "Radio", (gr.Radio,), {"preprocess": lambda self, payload: payload})


def run_dropdown(**settings) -> gr.Dropdown:
    """Return a dropdown of names whose choices may change while the page is open.

    Gradio's dropdown rejects a value that is not among the choices it sent last. Runs appear and disappear meanwhile,
    so this dropdown passes every value on; the catalogue then reports an unknown name.
    """
    return _RunDropdown(**settings)


def slider(*args, **settings) -> gr.Slider:
    """Return a slider that passes every value on. Gradio's slider rejects values out of range with its own message."""
    return _with_preprocess(gr.Slider(*args, **settings), _unchanged)


def integer(value: int, **settings) -> gr.Number:
    """Return a number field for integers that passes every value on. Gradio's field would round a fraction."""
    return _with_preprocess(gr.Number(value, precision=0, **settings), _unchanged)


def radio(*args, **settings) -> gr.Radio:
    """Return radio buttons that pass every value on. Gradio's buttons reject other values with their own message."""
    return _Radio(*args, **settings)


def seed(
    value: int = 0,
    label: str = "Seed",
    info: str = "A whole number. The same seed gives the same picture again",
    **settings,
) -> gr.Number:
    """Return a number field for a seed."""
    return integer(value, label=label, info=info, **settings)


def temperature(**settings) -> gr.Slider:
    """Return a slider for the factor on the standard deviation of the latent noise."""
    info = "Below 1: more typical pictures, less varied. Above 1: more varied, less typical (factor on the noise)"
    return slider(0.0, 2.0, 1.0, step=0.05, label="Temperature", info=info, **settings)


def class_dropdown(label: str = "Class", info: str = "Class of the pictures", **settings) -> gr.Dropdown:
    """Return a dropdown of the classes of a model, invisible until `class_update` shows it for a model with classes."""
    return run_dropdown(choices=[labels.ANY], value=labels.ANY, label=label, info=info, visible=False, **settings)


def class_update(chosen: str | None, classes: Sequence[str], others: Sequence[str] = (labels.ANY,)) -> dict[str, Any]:
    """Return the update of a `class_dropdown` for another model. A chosen class that the model lacks is replaced.

    Args:
        chosen: the chosen class.
        classes: names of the model's classes, () for a model without classes.
        others: choices in place of a class.
    """
    return gr.update(
        choices=labels.choices(classes, others) or list(others),
        value=labels.kept(chosen, classes, others),
        visible=bool(classes),
    )


def preprocess_checkbox() -> gr.Checkbox:
    """Return a checkbox: preprocess a picture like the digits of the data, or not."""
    return gr.Checkbox(
        True,
        label="Crop and centre the drawing, light on dark",
        info="The model was trained on pictures of this kind",
    )


# -- pictures from the user -------------------------------------------------------------------------------------------


def upload(label: str, **settings) -> gr.Image:
    """Return a field for an uploaded picture. A handler gets {"path": file or None, "name": user's file name}.

    The file is not opened here: Gradio's own reading answers a damaged file with a traceback. And Gradio verifies that
    a file was uploaded only if the request declares it as an upload, so a request without the declaration could read
    any file of the machine. Here, a file outside Gradio's upload folder becomes the path None.
    """

    component = gr.Image(label=label, type="filepath", sources=["upload", "clipboard"], buttons=[], **settings)
    return _with_preprocess(component, _uploaded)


def _uploaded(payload: Any) -> dict[str, Any] | None:
    """Return path and name of an uploaded file; see `upload`."""
    if payload is None:
        return None
    path = Path(payload.path or "").resolve()
    is_uploaded = path.is_relative_to(Path(get_upload_folder()).resolve()) and path.is_file()
    return {"path": str(path) if is_uploaded else None, "name": payload.orig_name}


def archive(label: str, **settings) -> gr.File:
    """Return a field for an uploaded .zip. A handler gets the same dictionary as from `upload`."""
    return _with_preprocess(gr.File(label=label, file_types=[".zip"], **settings), _uploaded)


def drawing_pad(label: str, **settings) -> gr.HTML:
    """Return an area to draw on with mouse, pen or finger.

    A handler gets the same dictionary as from `upload`, or None while nothing is drawn.
    """

    def preprocess(payload):
        if not payload:
            return None
        if not isinstance(payload, str) or not payload.startswith("data:image/png;base64,"):
            raise gr.Error("Expected a drawing as a PNG in a data URL. Received: another value", print_exception=False)
        return {"path": save_base64_to_cache(payload, get_upload_folder(), "drawing.png"), "name": "the drawing"}

    return _with_preprocess(_html_component("pad", "", label, **settings), preprocess)


# -- own components ---------------------------------------------------------------------------------------------------


def latent_map(label: str, **settings) -> gr.HTML:
    """Return a picture on which the user drags a point.

    The value is [horizontal, vertical], each from −1 to 1. To change the picture, the server sends its data URL as a
    third item.
    """
    return _html_component("map", [0.0, 0.0], label, **settings)


def epoch_slider(label: str, **settings) -> gr.HTML:
    """Return a slider over a list of epochs, its property `epochs`. The value is one of the epochs.

    The template itself hides the slider if there is nothing to choose. Gradio's `visible=False` cannot be used: an
    invisible component loses the updates that it gets.
    """
    component = _html_component("epochs", 0, label, epochs=[], **settings)
    component.api_info = lambda: {"type": "integer"}  # type: ignore[method-assign]
    return component


def _html_component(name: str, value: Any, label: str, **settings) -> gr.HTML:
    """Return a component of the files `web/name.html`, `.css` and `.js`, with LABEL in the template replaced."""
    template, css, script = ((WEB / f"{name}.{suffix}").read_text() for suffix in ("html", "css", "js"))
    return gr.HTML(
        value,
        label=label,
        html_template=template.replace("LABEL", label),
        css_template=css,
        js_on_load=script,
        **settings,
    )


# -- shown pictures and texts -----------------------------------------------------------------------------------------


def picture(label: str, **settings) -> gr.Image:
    """Return a picture with buttons to download it as PNG and to enlarge it."""
    defaults: dict[str, Any] = {
        "format": "png",
        "interactive": False,
        "buttons": ["download", "fullscreen"],
        "elem_classes": ["pixels"],
        "alt_text": label,
    }
    return gr.Image(label=label, **{**defaults, **settings})


def picture_classes(is_plot: bool) -> list[str]:
    """Return the CSS classes of a `picture`: a plot is scaled smoothly, and the pixels of an image stay squares."""
    return ["named"] if is_plot else ["pixels"]


def curve_gallery(**settings) -> gr.Gallery:
    """Return a gallery of training curves with as many columns as the window has room for."""
    return gr.Gallery(
        label="Training curves",
        format="png",
        interactive=False,
        object_fit="contain",
        height="auto",
        columns=3,
        visible=False,
        buttons=["download", "fullscreen"],
        elem_classes=["curves", "named"],
        **settings,
    )


def view_buttons() -> None:
    """Add a button that copies a link to the view of a tab, and one that undoes the last change of the view."""
    with gr.Row():
        copy = gr.Button(COPY_LINK, size="sm", scale=0, min_width=200, elem_classes=["quiet", "copy-link"])
        undo = gr.Button("Undo last change", size="sm", scale=0, min_width=160, elem_classes=["quiet", "undo"])
    settings: dict[str, Any] = {"queue": False, "api_visibility": "private"}
    copied = copy.click(None, None, copy, js="() => tfgen.copyLink()", **settings)
    wait = f"async () => {{ await new Promise((later) => setTimeout(later, 2000)); return {json.dumps(COPY_LINK)}; }}"
    copied.then(None, None, copy, js=wait, **settings)
    undo.click(None, js="() => tfgen.undo()", **settings)


def notice() -> gr.Markdown:
    """Return an invisible text that says what a model cannot do. `notice_update` fills and shows it."""
    return gr.Markdown(elem_classes=["notice"], visible=False)


def notice_update(message: str) -> dict[str, Any]:
    """Return the update of a `notice`: the message with a capital letter and escaped HTML. Empty: hide the notice."""
    message = without_folders(message)
    return gr.update(value=html.escape(message[:1].upper() + message[1:], quote=False), visible=bool(message))


def add_api(handler: Callable, inputs: Sequence, outputs: Sequence, api_name: str, **settings) -> None:
    """Offer a handler to programs whose arguments differ from what the page has. The event's button is invisible."""
    button = gr.Button(visible=False)
    button.click(handler, list(inputs), list(outputs), api_name=api_name, **settings)
