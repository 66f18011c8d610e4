"""The tab "Explore latent space": a map of pictures, and the picture at a point of the map."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from tfgen.app import components, validation, views
from tfgen.app.context import Context
from tfgen.app.events import COMPUTING, INTERNAL, bind
from tfgen.app.handlers.explore import DIRECTIONS, explore, latent_map, map_and_point, suitable_plane
from tfgen.app.header import Header
from tfgen.app.labels import kept
from tfgen.app.latent_plane import ALONG, AROUND
from tfgen.errors import UndefinedError

TITLE, ELEMENT_ID = "Explore latent space", "tab-explore"
#: Arguments of the handlers that define the plane.
PLANE = ("seed", "plane", "first", "second", "label")


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
    components.view_buttons()
    _connect(context, header, _Components(notice, picture, right, up, area, kind, seed, first, second, label))


def _position(label: str, info: str, element: str) -> gr.Slider:
    return components.slider(-1, 1, 0, step=0.01, label=label, info=info, elem_id=element)


def _connect(context: Context, header: Header, parts: _Components) -> None:
    model, right, up, area = header.model, parts.right, parts.up, parts.area
    plane: list[Any] = [parts.seed, parts.kind, parts.first, parts.second, parts.label]
    components.add_api(bind(explore, context), [model, right, up, *plane], [parts.picture], "explore", **COMPUTING)
    components.add_api(
        bind(latent_map, context),
        [model, *plane],
        [components.picture("Map", visible=False)],
        "latent_map",
        **COMPUTING,
    )
    # The point on the map follows the sliders, and the sliders follow the point, in the browser.
    moves: list[Any] = [right.input, up.input]  # type: ignore[attr-defined]
    gr.on(moves, None, [right, up], area, js="(right, up) => [[right, up]]", **INTERNAL)
    area.input(None, area, [right, up], js="(point) => [point[0], point[1]]", **INTERNAL)
    fields = {"right": right, "up": up, **dict(zip(PLANE, plane, strict=True))}
    outputs = [parts.notice, parts.label, parts.kind, parts.first, parts.second, area, right, up, parts.picture]
    view = views.View("explore", TITLE, fields, _update, outputs)
    views.connect(context, header, view, [*moves, area.input, *(each.input for each in plane)])


def _update(
    context: Context, values: dict[str, Any], before: dict[str, Any] | None
) -> tuple[dict[str, Any], list[Any]]:
    """Return what `tfgen.app.views.Update` says.

    Another plane gets a map, with the point at the sample. The point of an address stays where it is.
    """
    before = before or {}
    changed = {name for name in values if before.get(name) != values[name]}
    if before and changed <= {"right", "up"}:
        return {}, [*[gr.skip()] * 8, explore(context, **values)]
    values, given = dict(values), values["plane"]
    validation.one_of("plane", given, (AROUND, ALONG))
    try:
        plane, kinds, classes = suitable_plane(context, *(values[name] for name in ("model", "plane", "seed", "label")))
    except UndefinedError as error:
        return {}, [components.notice_update(str(error)), *[gr.skip()] * 7, None]
    if plane[0] != given or (before and changed & {"model", "plane"}):
        values["plane"], values["first"], values["second"] = plane
    if before and "model" in changed:
        values["label"] = kept(values["label"], classes)
    picture, point = map_and_point(context, *(values[name] for name in ("model", *PLANE)))
    if before or plane[0] != given:
        values["right"], values["up"] = point
    place = [values["right"], values["up"]]
    selectors = components.class_update(values["label"], classes), gr.update(choices=list(kinds), value=values["plane"])
    shown = [values["first"], values["second"], [*place, picture], *place, explore(context, **values)]
    return values, [components.notice_update(""), *selectors, *shown]
