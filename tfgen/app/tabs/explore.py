"""The tab "Explore latent space": a map of pictures, and the picture at a point of the map."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from tfgen.app import components
from tfgen.app.context import Context
from tfgen.app.events import COMPUTING, INTERNAL, bind, unless_cleared
from tfgen.app.handlers.explore import DIRECTIONS, explore, latent_map, map_and_point, suitable_plane
from tfgen.app.header import Header
from tfgen.app.labels import kept
from tfgen.app.latent_plane import ALONG, AROUND
from tfgen.errors import TfgenError

TITLE, ELEMENT_ID = "Explore latent space", "tab-explore"
#: Settings of events that fire many times while the user drags the point or moves a slider.
LIVE = {**COMPUTING, "show_progress": "hidden"}


@dataclass(frozen=True)
class _Components:
    """Components of the tab.

    Attributes:
        notice: says why the model has no map.
        picture: the picture at the point.
        right, up: sliders of the point.
        area: the map, on which the point is dragged.
        kind, seed, first, second: the plane, see `tfgen.app.latent_plane.LatentPlane`.
        label: the class of the pictures.
    """

    notice: gr.Markdown
    picture: gr.Image
    right: gr.Slider
    up: gr.Slider
    area: gr.HTML
    kind: gr.Radio
    seed: gr.Number
    first: gr.Number
    second: gr.Number
    label: gr.Dropdown


def build(context: Context, header: Header, tab: gr.Tab) -> None:
    """Add the components of the tab and connect their events."""
    notice = components.notice()
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            picture = components.picture("Picture at the point", elem_id="picture-at-point")
            right = _position("Horizontal position", "−1: left edge of the map; 1: right edge", "move-right")
            up = _position("Vertical position", "−1: lower edge of the map; 1: upper edge", "move-up")
        with gr.Column(scale=3, min_width=300):
            area = components.latent_map("Map of latent space: drag the point", elem_id="map")
    with gr.Row():
        kind = components.radio(
            [AROUND, ALONG],
            value=AROUND,
            label="Map",
            info="Around a sample: pictures that are as probable as the sample, farther out less like it. Along two "
            "dimensions: two of the model's numbers change, all others stay",
            scale=2,
            min_width=280,
        )
        seed = components.seed(0, "Seed of the sample", "The map goes through this picture", min_width=120)
        first, second = (
            components.integer(
                value, label=label, info="Around a sample: another seed. Along: number of a dimension", min_width=120
            )
            for value, label in zip(DIRECTIONS, ("Horizontal direction", "Vertical direction"), strict=True)
        )
        label = components.class_dropdown(min_width=120, elem_id="explore-class")
    _connect(context, header, tab, _Components(notice, picture, right, up, area, kind, seed, first, second, label))


def _position(label: str, info: str, element: str) -> gr.Slider:
    return components.slider(-1, 1, 0, step=0.01, label=label, info=info, elem_id=element)


def _connect(context: Context, header: Header, tab: gr.Tab, parts: _Components) -> None:
    model, right, up, area = header.model, parts.right, parts.up, parts.area
    plane = [parts.seed, parts.kind, parts.first, parts.second, parts.label]
    moves = [right.input, up.input]
    place, moved = [model, right, up, *plane], bind(explore, context)
    components.add_api(moved, place, [parts.picture], "explore", **LIVE)
    gr.on(moves, unless_cleared(moved, place, [parts.picture]), place, parts.picture, **LIVE, **INTERNAL)
    components.add_api(
        bind(latent_map, context),
        [model, *plane],
        [components.picture("Map", visible=False)],
        "latent_map",
        **COMPUTING,
    )
    # The point on the map follows the sliders, and the sliders follow the point.
    follow = unless_cleared(lambda right, up: [right, up], [right, up], [area])
    gr.on(moves, follow, [right, up], area, queue=False, **INTERNAL)
    dragged, followers = [model, area, *plane], [parts.picture, right, up]
    area.input(unless_cleared(bind(_drag, context), dragged, followers), dragged, followers, **LIVE, **INTERNAL)

    shown = [area, right, up, parts.picture]
    changes = [parts.seed.input, parts.first.input, parts.second.input, parts.label.input]
    # The progress covers the picture only, and no control.
    slow: dict[str, Any] = {"show_progress_on": parts.picture, **COMPUTING, **INTERNAL}
    draw = unless_cleared(bind(_draw_map, context), [model, *plane], shown)
    gr.on(changes, draw, [model, *plane], shown, **slow)

    inputs = [model, parts.kind, parts.seed, parts.label]
    outputs = [parts.notice, parts.label, parts.kind, parts.first, parts.second, *shown]
    show = bind(_show, context)
    parts.kind.input(unless_cleared(show, inputs, outputs), inputs, outputs, **slow)
    header.update_when_shown(tab, show, inputs, outputs)


def _drag(context: Context, model: str, point: list, *plane) -> tuple:
    """Return the picture at a dragged point, and the values of the sliders."""
    right, up = (float(value) for value in point[:2])
    return explore(context, model, right, up, *plane), right, up


def _draw_map(context: Context, model: str, *plane) -> tuple:
    """Return the map with the point at the sample, the values of the sliders, and the picture at the point."""
    picture, point = map_and_point(context, model, *plane)
    return [*point, picture], *point, explore(context, model, *point, *plane)


def _show(context: Context, model: str, kind: str, seed: int, label: str) -> list[Any]:
    """Return the updates when the tab is opened, or another model or kind of map is chosen."""
    try:
        plane, kinds, classes = suitable_plane(context, model, kind, seed, label)
        map_and_picture = _draw_map(context, model, seed, *plane, kept(label, classes))
    except TfgenError as error:
        return [components.notice_update(str(error)), *[gr.skip()] * 7, None]
    kind, *directions = plane
    selectors = components.class_update(label, classes), gr.update(choices=list(kinds), value=kind)
    return [components.notice_update(""), *selectors, *directions, *map_and_picture]
