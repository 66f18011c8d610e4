"""Gradio's components with the settings that every tab shares."""

import html
from abc import ABCMeta
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.processing_utils import save_base64_to_cache
from gradio.utils import get_upload_folder

WEB = Path(__file__).with_name("web")

NAME = {"type": "string"}


def _html(file: str, label: str) -> str:
    """A template with its label. What else changes is filled in by the page."""
    return (WEB / file).read_text().replace("LABEL", label)


def _passing(component: Any, passed) -> Any:
    """The component, handing on what `passed` makes of what came in.

    Not a subclass: Gradio writes a file of types beside the source of each.
    """
    component.preprocess = passed
    return component


def _as_it_came(payload: Any) -> Any:
    return payload


# By hand: Gradio's metaclass would write a file of types beside this one.
_Names: Any = ABCMeta.__new__(
    type(gr.Dropdown),
    "Dropdown",
    (gr.Dropdown,),
    {
        "preprocess": lambda self, payload: payload,
        # Nor are programs told the choices of the start.
        "api_info": lambda self: {"type": "array", "items": NAME} if self.multiselect else NAME,
    },
)


def run_choice(**settings) -> gr.Dropdown:
    """A choice among names that may change while the page is open.

    Gradio compares what comes in with the choices that it sent last, and refuses a run that began since, or that was
    chosen just before it was gone. The catalogue knows better, and says what it expected.

    A class, since an update makes Gradio build the component again for that window.
    """
    return _Names(**settings)


def slider(*args, **settings) -> gr.Slider:
    """A number in a range, passed on as it came: handlers say by name what they expected, and round nothing."""
    return _passing(gr.Slider(*args, **settings), _as_it_came)


def whole_number(value: int, **settings) -> gr.Number:
    """An integer, passed on as it came."""
    return _passing(gr.Number(value, precision=0, **settings), _as_it_came)


def options(*args, **settings) -> gr.Radio:
    """One of a few, passed on as it came."""
    return _passing(gr.Radio(*args, **settings), _as_it_came)


def upload(label: str, **settings) -> gr.Image:
    """A picture that comes in, passed on as the path of its file and under its own name, not yet opened.

    Gradio's own way to read it answers a damaged file with a traceback. And Gradio checks that a file was uploaded only
    where the request calls it one: a path without that word would be read, wherever it leads.
    """

    def passed(payload):
        if payload is None:
            return None
        path = Path(payload.path or "").resolve()
        uploaded = path.is_relative_to(Path(get_upload_folder()).resolve()) and path.is_file()
        return {"path": str(path) if uploaded else None, "name": payload.orig_name}

    component = gr.Image(label=label, type="filepath", sources=["upload", "clipboard"], buttons=[], **settings)
    return _passing(component, passed)


def pad(label: str, **settings) -> gr.HTML:
    """A page to draw on with mouse, pen or finger; passed on as `upload` does, None while nothing is drawn."""

    def passed(payload):
        if not payload:
            return None
        if not isinstance(payload, str) or not payload.startswith("data:image/png;base64,"):
            raise gr.Error("Expected a drawing as a PNG in a data address.", print_exception=False)
        return {"path": save_base64_to_cache(payload, get_upload_folder(), "drawing.png"), "name": "the drawing"}

    component = gr.HTML(
        "",
        label=label,
        html_template=_html("pad.html", label),
        css_template=(WEB / "pad.css").read_text(),
        js_on_load=(WEB / "pad.js").read_text(),
        **settings,
    )
    return _passing(component, passed)


def latent_map(label: str, **settings) -> gr.HTML:
    """A map on which a point is dragged; its value is [right, up] from −1 to 1, and a new picture's address third."""
    return gr.HTML(
        [0.0, 0.0],
        label=label,
        html_template=_html("map.html", label),
        css_template=(WEB / "map.css").read_text(),
        js_on_load=(WEB / "map.js").read_text(),
        **settings,
    )


def epochs(label: str, **settings) -> gr.HTML:
    """A slider over the epochs that have pictures, its `epochs`; its value is one of them.

    It hides by itself where there is nothing to choose: one that is made invisible loses what it is sent meanwhile.
    """
    component = gr.HTML(
        0,
        label=label,
        html_template=_html("epochs.html", label),
        css_template=(WEB / "epochs.css").read_text(),
        js_on_load=(WEB / "epochs.js").read_text(),
        epochs=[],
        **settings,
    )
    component.api_info = lambda: {"type": "integer"}  # type: ignore[method-assign]
    return component


def picture(label: str, **settings) -> gr.Image:
    """A picture that the page shows, to be downloaded as the PNG it is."""
    defaults: dict[str, Any] = {
        "format": "png",
        "interactive": False,
        "buttons": ["download", "fullscreen"],
        "elem_classes": ["pixels"],
        "alt_text": label,
    }
    return gr.Image(label=label, **{**defaults, **settings})


def look_of(plot: bool) -> list[str]:
    """Classes of a `picture` that shows a plot, whose lines stay smooth, or else pixels, which stay squares."""
    return ["named"] if plot else ["pixels"]


def curves(**settings) -> gr.Gallery:
    """Panels with a curve each, in as many columns as the window has room for."""
    return gr.Gallery(
        label="Curves",
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


def seed(value: int = 0, label: str = "Seed", info: str = "One seed is one picture", **settings) -> gr.Number:
    """An integer seed."""
    return whole_number(value, label=label, info=info, **settings)


def temperature(**settings) -> gr.Slider:
    """Factor on the latent noise."""
    info = "Below 1: more typical, less varied; above 1: wilder"
    return slider(0.0, 2.0, 1.0, step=0.05, label="Temperature", info=info, **settings)


def notice() -> gr.Markdown:
    """Where it is said what a model cannot do; filled by `said`."""
    return gr.Markdown(elem_classes=["notice"], visible=False)


def said(reason: str) -> dict[str, Any]:
    """The update of a `notice`: the reason, capitalized and escaped; hidden where there is none."""
    return gr.update(value=html.escape(reason[:1].upper() + reason[1:], quote=False), visible=bool(reason))


def for_programs(handler: Callable, inputs: Sequence, outputs: Sequence, api_name: str, **settings) -> None:
    """Offer a handler to programs, under another form than the page has it."""
    button = gr.Button(visible=False)
    button.click(handler, list(inputs), list(outputs), api_name=api_name, **settings)


def fit() -> gr.Checkbox:
    """Whether a drawing is made like the data's digits."""
    return gr.Checkbox(
        True,
        label="Make it like the data",
        info="Cut out, centre and turn dark on light into light on dark, as MNIST's digits are",
    )
