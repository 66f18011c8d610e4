"""The tab "Interpolate": a strip and an animation from one picture to another."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from tfgen.app import components, validation
from tfgen.app.context import Context
from tfgen.app.events import COMPUTING, INTERNAL, bind, unless_cleared
from tfgen.app.handlers.interpolate import MAX_STEPS, interpolate, interpolate_pictures
from tfgen.app.header import Header
from tfgen.app.labels import kept
from tfgen.app.latent_paths import PATHS
from tfgen.app.preprocessing import has_fitted_digits
from tfgen.errors import TfgenError

TITLE, ELEMENT_ID = "Interpolate", "tab-interpolate"
#: What the ends of the path are: values of a state of the page.
SAMPLES, PICTURES = "samples", "pictures"


@dataclass(frozen=True)
class _Ends:
    """Components in which the user chooses the two ends of the path.

    Attributes:
        samples_tab, first_seed, last_seed, temperature: two samples.
        labels: the classes of the first and the last picture.
        pictures_tab, drawings, uploads, fit: two pictures of the user, drawn or uploaded.
        notice: says why the model cannot use pictures of the user.
        picture_controls: the column of the drawings and uploads.
    """

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
                list(PATHS),
                value="spherical",
                label="Path",
                info="Spherical: all pictures are as probable as the ends. Linear: a straight line, often paler",
            )
        with gr.Column(scale=3, min_width=300, elem_classes=["result"]):
            strip = components.picture("Interpolation", elem_id="strip")
            film = components.picture(
                "Animation to the last picture and back", elem_id="film", format="webp", buttons=["download"]
            )
    _connect(context, header, tab, ends, steps, path, [strip, film])


def _choice_of_ends() -> _Ends:
    with gr.Tabs():
        with gr.Tab("Between two samples") as samples_tab:
            with gr.Row():
                first_seed = components.seed(0, "First seed", "Seed of the first picture", min_width=120)
                last_seed = components.seed(1, "Last seed", "Seed of the last picture", min_width=120)
            temperature = components.temperature()
        with gr.Tab("Between two pictures of yours") as pictures_tab:
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


def _connect(context: Context, header: Header, tab: gr.Tab, ends: _Ends, steps, path, outputs: list) -> None:
    drawings, uploads = ends.drawings, ends.uploads
    of_seeds = [header.model, ends.first_seed, ends.last_seed, steps, path, ends.temperature, *ends.labels]
    drawn = [drawings[0], uploads[0], drawings[1], uploads[1]]
    of_pictures = [header.model, *drawn, steps, path, ends.fit, *ends.labels]
    kind = gr.State(SAMPLES)
    everything = [kind, *of_seeds, *of_pictures]

    changes = [ends.first_seed.input, ends.last_seed.input, ends.temperature.input]
    handler = bind(interpolate, context)
    components.add_api(handler, of_seeds, outputs, "interpolate", **COMPUTING)
    gr.on(changes, unless_cleared(handler, of_seeds, outputs), of_seeds, outputs, **COMPUTING, **INTERNAL)
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
    changes = [event for each in drawings for event in (each.input, each.clear)]
    changes += [each.upload for each in uploads] + [ends.fit.input]
    between = unless_cleared(bind(_between_pictures, context), of_pictures, outputs)
    gr.on(changes, between, of_pictures, outputs, **COMPUTING, **INTERNAL)
    changes = [steps.input, path.input, *(each.input for each in ends.labels)]
    between = unless_cleared(bind(_between_ends, context), everything, outputs)
    gr.on(changes, between, everything, outputs, **COMPUTING, **INTERNAL)
    ends.samples_tab.select(lambda: SAMPLES, outputs=kind, queue=False, **INTERNAL)
    ends.pictures_tab.select(lambda: PICTURES, outputs=kind, queue=False, **INTERNAL)
    header.update_when_shown(
        tab, bind(_show, context), everything, [*ends.labels, *outputs, ends.notice, ends.picture_controls, ends.fit]
    )


def _between_pictures(context: Context, model: str, first_drawing, first_upload, last_drawing, last_upload, *settings):
    """Interpolate between two drawings or uploads. Nothing changes while one of them is missing."""
    ends = first_drawing or first_upload, last_drawing or last_upload
    return interpolate_pictures(context, model, *ends, *settings) if all(ends) else [gr.skip()] * 2


def _between_ends(context: Context, kind: str, *values):
    """Interpolate between what the open inner tab offers: the values are those of both inner tabs."""
    seeds, pictures = values[:8], values[8:]
    return interpolate(context, *seeds) if kind == SAMPLES else _between_pictures(context, *pictures)


def _show(context: Context, kind: str, model: str, *values) -> list[Any]:
    """Return the updates when the tab is opened or another model is chosen."""
    try:
        with context.models.using(model) as loaded:
            validation.expect_images(loaded, "An interpolation")
            reason = "" if loaded.can("encode") else loaded.undefined["encode"]
            can_fit = not reason and loaded.event_shape[-1] == 1
            classes = loaded.classes
        has_digits = has_fitted_digits(context.catalogue.run(model))
    except TfgenError as error:
        hidden = [components.class_update(None, ())] * 2
        return [*hidden, None, None, components.notice_update(str(error)), gr.update(visible=False), gr.skip()]
    labels = [kept(label, classes) for label in values[-2:]]
    fit = can_fit and has_digits
    values = (*values[:5], *labels, *values[7:-3], fit, *labels)
    drawings = values[8:12]
    missing = kind == PICTURES and (reason or not (drawings[0] or drawings[1]) or not (drawings[2] or drawings[3]))
    # A strip of the model before would look like a result of the new one.
    pictures = [None, None] if missing else _between_ends(context, kind, model, *values)
    checkbox = gr.update(visible=can_fit, value=fit)
    selectors = [components.class_update(label, classes) for label in labels]
    return [*selectors, *pictures, components.notice_update(reason), gr.update(visible=not reason), checkbox]
