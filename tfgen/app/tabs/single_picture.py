"""Part of the tab "Sample": one picture of the grid, enlarged and as a file."""

import json
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tfgen.app import components
from tfgen.app.context import Context
from tfgen.app.decoding import KEPT, REMOVED
from tfgen.app.events import COMPUTING, INTERNAL, bind
from tfgen.app.handlers.single_picture import class_of_seed, sample_at, sample_picture
from tfgen.app.views import values_of


@dataclass(frozen=True)
class SinglePicture:
    """The components.

    Attributes:
        chooser: the row of `seed` and `show`, for models of images.
        seed, show: seed of the picture, and the button that shows the picture.
        result: the column of the following components.
        picture: the enlarged picture.
        caption: seed and class of the picture.
        file: button that downloads the picture in the model's own size.
        grid: invisible text, the values of the grid on the page, as JSON.
        shown: invisible text, the values of the grid from which the picture is.
    """

    chooser: gr.Row
    seed: gr.Number
    show: gr.Button
    result: gr.Column
    picture: gr.Image
    caption: gr.Markdown
    file: gr.DownloadButton
    grid: gr.Textbox
    shown: gr.Textbox

    @property
    def of_grid(self) -> list[Any]:
        """The components that `for_grid` updates when the page gets another grid."""
        return [self.grid, self.chooser, self.result]


def build() -> SinglePicture:
    """Add the components to the page."""
    with gr.Row(elem_id="choose-one") as chooser:
        seed = components.integer(
            0, label="Seed of one picture", info="Or click a picture above", min_width=160, elem_id="one-seed"
        )
        show = gr.Button("Show this picture", size="sm", scale=0, min_width=150, elem_classes=["quiet"])
    with gr.Column(visible=False) as result:
        picture = components.picture("One picture, enlarged", elem_id="one-picture", buttons=["fullscreen"])
        caption = gr.Markdown(elem_classes=["caption"], elem_id="one-caption")
        file = gr.DownloadButton("Download this picture as PNG", size="sm", elem_id="one-file")
    grid, shown = (gr.Textbox(visible=False, label=label) for label in ("Values of the grid", "Grid of the picture"))
    return SinglePicture(chooser, seed, show, result, picture, caption, file, grid, shown)


def for_grid(values: dict[str, Any], is_image: bool) -> list[Any]:
    """Return the updates of `SinglePicture.of_grid` for a new grid: the picture of the grid before is hidden.

    Args:
        values: arguments of `tfgen.app.handlers.sample.sample` that give the grid, by name.
        is_image: whether the grid shows images. A plot of points has no single pictures.
    """
    return [json.dumps(values), gr.update(visible=is_image), gr.update(visible=False)]


def connect(context: Context, single: SinglePicture, samples: gr.Image) -> None:
    """Show a picture when it is clicked in the grid `samples`, or its seed is entered."""
    outputs = [single.shown, single.seed, single.result, single.picture, single.caption, single.file]
    settings: dict[str, Any] = {"outputs": outputs, "show_progress_on": samples, **COMPUTING, **INTERNAL}
    events = [
        samples.select(bind(_clicked, context), single.grid, **settings),
        gr.on([single.show.click, single.seed.submit], bind(_of_seed, context), [single.grid, single.seed], **settings),
    ]
    for event in events:
        # The page may have got another grid while the picture was drawn.
        event.then(_hidden_if_old, [single.grid, single.shown], single.result, queue=False, **INTERNAL)


def _clicked(context: Context, grid: str, click: gr.SelectData) -> list[Any]:
    """Return the updates for a click on the grid. A click on a border or an empty cell changes nothing."""
    place = _place(grid)
    found = place and sample_at(context, click.index, *place)
    return _shown(context, grid, *found) if found else [gr.skip()] * 6


def _of_seed(context: Context, grid: str, seed: int | None) -> list[Any]:
    """Return the updates for a seed that the user has entered; temperature and class are those of the grid."""
    place = _place(grid)
    if not place or seed is None:
        return [gr.skip()] * 6
    return _shown(context, grid, seed, class_of_seed(context, seed, *place))


def _place(grid: str) -> list[Any]:
    """Return the values of a grid on which the place of a sample depends; [] if there is no grid."""
    values = values_of(grid)
    return [values.get(name) for name in ("model", "count", "seed", "label")] if values else []


def _shown(context: Context, grid: str, seed: int, label: str) -> list[Any]:
    """Return the updates that show the picture of a seed."""
    values = values_of(grid)
    temperature, guidance = values.get("temperature", 1.0), values.get("guidance")
    noise = KEPT if values.get("noise") == KEPT else REMOVED
    picture, file, caption = sample_picture(context, values.get("model", ""), seed, temperature, label, guidance, noise)
    return [grid, seed, gr.update(visible=True), picture, caption, file]


def _hidden_if_old(grid: str, shown: str) -> Any:
    """Return the update of the picture: hidden if it is not from the grid on the page."""
    return gr.skip() if grid == shown else gr.update(visible=False)
