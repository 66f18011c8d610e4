"""The tab in which one walks through latent space."""

import gradio as gr

from tfgen.app import components
from tfgen.app.latent_paths import images_of
from tfgen.app.latent_plane import ALONG, AROUND, Plane, most_visible
from tfgen.app.page import Page
from tfgen.app.pictures import as_picture, data_address, grid_picture, kept
from tfgen.app.validation import COMPUTING, INTERNAL, answering, number, whole
from tfgen.errors import TfgenError, UndefinedError
from tfgen.plots.grid import image_grid

TITLE = "Explore"
#: A map this many pictures a side.
SIDE = 9
#: Seeds of the directions in which the map around a sample extends.
DIRECTIONS = 101, 102
DIRECTION = "A seed, or a dimension"
LIVE = {**COMPUTING, "show_progress": "hidden"}


def build(page: Page, tab: gr.Tab) -> None:
    """Fill the tab."""

    def plane_of(kind, seed, first, second) -> Plane:
        low, high = -(2**31), 2**31 - 1
        return Plane(kind, *(whole(name, value, low, high) for name, value in _named(seed, first, second)))

    @answering
    def explore(
        model: str,
        right: float = 0.0,
        up: float = 0.0,
        seed: int = 0,
        plane: str = AROUND,
        first: int = DIRECTIONS[0],
        second: int = DIRECTIONS[1],
    ) -> str:
        """The picture at a point of a plane through a model's latent space.

        Args:
            model: name of a pretrained model or a run, as `models` lists them.
            right: from -1 to 1, the left and the right edge of the map.
            up: from -1 to 1, its lower and its upper edge.
            seed: of the sample that the plane goes through.
            plane: "around a sample", whose edge is a right angle away from the sample, towards two others; or "along
                two dimensions", whose edge is 3 standard deviations away from 0.
            first: what lies to the right: the seed of a sample, or the number of a latent dimension, from 0.
            second: what lies upwards, likewise.

        Returns:
            The picture.
        """
        right, up = number("right", right, -1.0, 1.0), number("up", up, -1.0, 1.0)
        with page.engine.using(model) as loaded:
            _images_only(loaded)
            place = plane_of(plane, seed, first, second)
            images = images_of(loaded, place.normal(loaded, [[right, up]])).numpy()
        return kept(grid_picture(images, target=480), f"{model}-seed-{place.seed}-at-{right:g}-{up:g}")

    @answering
    def latent_map(
        model: str, seed: int = 0, plane: str = AROUND, first: int = DIRECTIONS[0], second: int = DIRECTIONS[1]
    ) -> str:
        """A map of 9 × 9 pictures of a plane through a model's latent space.

        Args:
            model: name of a pretrained model or a run, as `models` lists them.
            seed: of the sample that the plane goes through.
            plane: "around a sample" or "along two dimensions", as for `explore`.
            first: what lies to the right: the seed of a sample, or the number of a latent dimension, from 0.
            second: what lies upwards, likewise.

        Returns:
            The map.
        """
        with page.engine.using(model) as loaded:
            _images_only(loaded)
            place = plane_of(plane, seed, first, second)
            return kept(grid_picture(place.map(loaded, SIDE), SIDE), f"{model}-map-of-seed-{place.seed}")

    notice = components.notice()
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            picture = components.picture("Here", elem_id="here")
            right = components.slider(
                -1,
                1,
                0,
                step=0.01,
                label="Right",
                info="From the left to the right edge of the map",
                elem_id="move-right",
            )
            up = components.slider(
                -1, 1, 0, step=0.01, label="Up", info="From its lower to its upper edge", elem_id="move-up"
            )
        with gr.Column(scale=3, min_width=300):
            area = components.latent_map("Drag the point", elem_id="map")
    with gr.Row():
        kind = components.options(
            [AROUND, ALONG],
            value=AROUND,
            label="Map",
            info="All pictures as likely as a sample, or two latent dimensions from −3 to 3 standard deviations",
            scale=2,
            min_width=280,
        )
        seed = components.seed(0, "Sample", "Its seed", min_width=90)
        first = components.whole_number(DIRECTIONS[0], label="To the right", info=DIRECTION, min_width=90)
        second = components.whole_number(DIRECTIONS[1], label="Upwards", info=DIRECTION, min_width=90)

    place = [seed, kind, first, second]
    gr.on(
        [right.input, up.input],
        explore,
        [page.model, right, up, *place],
        picture,
        api_name="explore",
        **LIVE,
    )
    components.for_programs(
        latent_map, [page.model, *place], [components.picture("Map", visible=False)], "latent_map", **COMPUTING
    )
    # The point follows the sliders, and they the point.
    gr.on([right.input, up.input], lambda *at: list(at), [right, up], area, queue=False, **INTERNAL)

    def dragged(model, at, *place):
        at = [float(value) for value in at[:2]]
        return explore(model, *at, *place), *at

    area.input(dragged, [page.model, area, *place], [picture, right, up], **LIVE, **INTERNAL)

    def drawn(model, *place):
        """The map, the point at its start, and the picture there."""
        with page.engine.using(model) as loaded:
            _images_only(loaded)
            here = plane_of(place[1], place[0], *place[2:])
            pixels = image_grid(here.map(loaded, SIDE))
            at = here.start(loaded)
        address = data_address(as_picture(pixels, SIDE))
        return [*at, address], *at, explore(model, *at, *place)

    shown = [area, right, up, picture]
    gr.on(
        [seed.input, first.input, second.input], answering(drawn), [page.model, *place], shown, **COMPUTING, **INTERNAL
    )

    def suited(model, kind, seed):
        """The kind of map that the model has, and what lies to its right and upwards."""
        with page.engine.using(model) as loaded:
            _images_only(loaded)
            flat = len(loaded.latent_shape) == 1 and loaded.latent_shape[0] < 3
            kind = ALONG if flat else kind
            directions = (
                DIRECTIONS if kind == AROUND else most_visible(loaded, whole("seed", seed, -(2**31), 2**31 - 1))
            )
        return kind, *directions

    def show(model, kind, seed):
        try:
            kind, *directions = suited(model, kind, seed)
            return [components.said(""), kind, *directions, *drawn(model, seed, kind, *directions)]
        except TfgenError as error:
            return [components.said(str(error)), *[gr.skip()] * 6, None]

    everything = [notice, kind, first, second, *shown]
    kind.input(show, [page.model, kind, seed], everything, **COMPUTING, **INTERNAL)
    page.when_shown(tab, show, [page.model, kind, seed], everything)


def _named(seed, first, second):
    return zip(("seed", "first", "second"), (seed, first, second), strict=True)


def _images_only(model) -> None:
    if not model.is_image:
        raise UndefinedError("A map needs images, and this is a model of points of the plane")
