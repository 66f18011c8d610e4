"""The tab "Interpolate": a strip and an animation from one picture to another."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tfgen.app import components, validation, views
from tfgen.app.context import Context
from tfgen.app.events import COMPUTING, INTERNAL, bind
from tfgen.app.handlers.interpolate import MAX_STEPS, interpolate, interpolate_pictures
from tfgen.app.header import Header
from tfgen.app.labels import kept
from tfgen.app.latent_paths import PATHS
from tfgen.app.preprocessing import has_fitted_digits
from tfgen.errors import UndefinedError

TITLE, ELEMENT_ID = "Interpolate", "tab-interpolate"
#: What the ends of the path are: names of the inner tabs.
SAMPLES, PICTURES = "samples", "pictures"
#: Arguments of the handlers for the classes of both ends.
LABELS = ("first_label", "last_label")


@dataclass(frozen=True)
class _Ends:
    """Components in which the user chooses the two ends of the path.

    Attributes:
        tabs: the two inner tabs.
        samples_tab, first_seed, last_seed, temperature: two samples.
        labels: the classes of the first and the last picture.
        pictures_tab, drawings, uploads, fit: two pictures of the user, drawn or uploaded.
        notice: says why the model cannot interpolate.
        picture_controls: the column of the drawings and uploads.
    """

    tabs: gr.Tabs
    samples_tab: gr.Tab
    first_seed: gr.Number
    last_seed: gr.Number
    temperature: gr.Slider
    labels: list[gr.Dropdown]
    pictures_tab: gr.Tab
    drawings: list[gr.HTML]
    uploads: list[gr.Image]
    fit: gr.Checkbox
    notice: gr.Markdown
    picture_controls: gr.Column


def build(context: Context, header: Header, tab: gr.Tab) -> None:
    """Add the components of the tab and connect their events."""
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            ends = _choice_of_ends()
            steps = components.slider(
                2, MAX_STEPS, 7, step=1, label="Steps", info="Number of pictures in the strip, with both ends"
            )
            path = components.radio(
                PATHS,
                value="spherical",
                label="Path",
                info="Spherical: all pictures are as probable as the ends. Linear: a straight line, often paler",
            )
        with gr.Column(scale=3, min_width=300, elem_classes=["result"]):
            strip = components.picture("Interpolation", elem_id="strip")
            film = components.picture(
                "Animation to the last picture and back", elem_id="film", format="webp", buttons=["download"]
            )
    components.view_buttons()
    _connect(context, header, ends, steps, path, [strip, film])


def _choice_of_ends() -> _Ends:
    with gr.Tabs() as tabs:
        with gr.Tab("Between two samples", id=SAMPLES) as samples_tab:
            with gr.Row():
                first_seed = components.seed(0, "First seed", "Seed of the first picture", min_width=120)
                last_seed = components.seed(1, "Last seed", "Seed of the last picture", min_width=120)
            temperature = components.temperature()
        with gr.Tab("Between two pictures of yours", id=PICTURES) as pictures_tab:
            notice = components.notice()
            with gr.Column() as picture_controls:
                with gr.Row():
                    drawings = [
                        components.drawing_pad(f"Draw the {end} picture", min_width=130) for end in ("first", "last")
                    ]
                with gr.Accordion("Or upload two pictures", open=False), gr.Row():
                    uploads = [components.upload(f"{end} picture", height=170) for end in ("First", "Last")]
                fit = components.preprocess_checkbox()
    with gr.Row():
        labels = [
            components.class_dropdown(
                f"{end} class", f"Class of the {end.lower()} picture", min_width=120, elem_id=f"{end.lower()}-class"
            )
            for end in ("First", "Last")
        ]
    return _Ends(
        tabs,
        samples_tab,
        first_seed,
        last_seed,
        temperature,
        labels,
        pictures_tab,
        drawings,
        uploads,
        fit,
        notice,
        picture_controls,
    )


def _connect(context: Context, header: Header, ends: _Ends, steps, path, outputs: list) -> None:
    drawings, uploads = ends.drawings, ends.uploads
    of_seeds = [header.model, ends.first_seed, ends.last_seed, steps, path, ends.temperature, *ends.labels]
    components.add_api(bind(interpolate, context), of_seeds, outputs, "interpolate", **COMPUTING)
    components.add_api(
        bind(interpolate_pictures, context),
        [
            header.model,
            *(components.upload("Picture", visible=False) for _ in range(2)),
            *(steps, path, ends.fit, *ends.labels),
        ],
        outputs,
        "interpolate_pictures",
        **COMPUTING,
    )
    kind = gr.Textbox(SAMPLES, visible=False, label="Kind of the ends")
    ends.samples_tab.select(None, None, kind, js=f"() => '{SAMPLES}'", **INTERNAL)
    ends.pictures_tab.select(None, None, kind, js=f"() => '{PICTURES}'", **INTERNAL)
    names = [name for name in inspect.signature(interpolate).parameters if name not in ("context", "model")]
    view = views.View(
        "interpolate",
        TITLE,
        {"ends": kind, **dict(zip(names, of_seeds[1:], strict=True))},
        _update,
        [ends.tabs, *ends.labels, *outputs, ends.notice, ends.picture_controls, ends.fit],
        [drawings[0], uploads[0], drawings[1], uploads[1], ends.fit],
    )
    changes = [event for each in drawings for event in (each.input, each.clear)]
    changes += [each.upload for each in uploads] + [ends.fit.input]
    changes += [each.input for each in of_seeds[1:]]
    views.connect(context, header, view, changes)


def _update(context: Context, values: dict[str, Any], before: dict[str, Any] | None, *pictures) -> tuple[dict, list]:
    """Return what `tfgen.app.views.Update` says. `pictures` are two drawings and uploads, and the box for cropping."""
    model, (*drawn, fit) = values["model"], pictures
    validation.one_of("ends", values["ends"], (SAMPLES, PICTURES))
    if before and before.get("model") == model:
        return {}, [*[gr.skip()] * 3, *_between_ends(context, values, drawn, fit), *[gr.skip()] * 3]
    try:
        with context.models.using(model) as loaded:
            validation.expect_images(loaded, "An interpolation")
            can_fit = loaded.event_shape[-1] == 1
            classes = loaded.classes
        fit = can_fit and has_fitted_digits(context.catalogue.run(model))
    except UndefinedError as error:
        hidden = [components.class_update(None, ())] * 2
        notice = components.notice_update(str(error))
        return {}, [gr.skip(), *hidden, None, None, notice, gr.update(visible=False), gr.skip()]
    if before:
        values = values | {name: kept(values[name], classes) for name in LABELS}
    # A strip of the model before would look like a result of the new one.
    has_none = values["ends"] == PICTURES and not _both(drawn)
    strip_and_film = [None, None] if has_none else _between_ends(context, values, drawn, fit)
    # The visitor may open the other inner tab until the result arrives.
    tabs = gr.update(selected=values["ends"]) if before is None else gr.skip()
    selectors = [components.class_update(values[name], classes) for name in LABELS]
    box = gr.update(visible=can_fit, value=fit)
    notice = components.notice_update("")
    return values, [tabs, *selectors, *strip_and_film, notice, gr.update(visible=True), box]


def _both(drawn: Sequence) -> list[Any]:
    """Return the first and the last picture of the user; [] while one of them is missing. A drawing comes first."""
    ends = [drawn[0] or drawn[1], drawn[2] or drawn[3]]
    return ends if all(ends) else []


def _between_ends(context: Context, values: dict[str, Any], drawn: Sequence, fit: bool) -> Sequence[Any]:
    """Interpolate between the ends of the open inner tab. Nothing changes while a picture of the user is missing."""
    if values["ends"] == SAMPLES:
        return interpolate(context, **{name: value for name, value in values.items() if name != "ends"})
    settings = values["steps"], values["path"], fit, *(values[name] for name in LABELS)
    pictures = _both(drawn)
    return interpolate_pictures(context, values["model"], *pictures, *settings) if pictures else [gr.skip()] * 2
