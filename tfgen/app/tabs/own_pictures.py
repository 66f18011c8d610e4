"""Components of the tab "Runs" with which a model is trained on pictures of the user."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from tfgen.app import components
from tfgen.app.context import Context
from tfgen.app.events import bind
from tfgen.app.handlers.own_pictures import MINUTES, train_on_pictures
from tfgen.config.families import FAMILIES


@dataclass(frozen=True)
class OwnPictures:
    """The components, and the button that starts the training.

    Attributes:
        archive: a .zip that the user uploads.
        folder: path of a folder or archive on this machine. Invisible if the page serves other machines.
        minutes, image_size, conditional: options of the training.
        start: the button.
    """

    archive: gr.File
    folder: gr.Textbox
    minutes: gr.Number
    image_size: gr.Number
    conditional: gr.Checkbox
    start: gr.Button

    @property
    def options(self) -> list[Any]:
        """The components whose values `train_on_pictures` takes, in its order."""
        return [self.archive, self.folder, self.minutes, self.image_size, self.conditional]


def build(context: Context) -> OwnPictures:
    """Add the components to the page."""
    with gr.Column(elem_id="own-pictures"):
        gr.Markdown(
            "**Or train on pictures of yours.** Choose only the family of the model. All other options follow from the "
            "pictures, the device and the time. Sub-folders are the classes. Twenty pictures are enough to try it, a "
            "few hundred for a model.",
            elem_classes=["caption"],
        )
        archive = components.archive("Pictures in a .zip", height=120, elem_id="own-archive")
        folder = gr.Textbox(
            label="Or a folder or archive of this machine",
            info="Its path",
            visible=context.is_local,
            elem_id="own-folder",
        )
        with gr.Row():
            minutes = gr.Number(MINUTES, label="Minutes", info="Planned time of the training", min_width=120)
            size = gr.Number(
                None, precision=0, label="Image size", info="Side in pixels; 0: that of the files", min_width=120
            )
        conditional = gr.Checkbox(False, label="Learn the classes", info="The names of the sub-folders")
        start = gr.Button("Train on these pictures", elem_id="own-start")
    return OwnPictures(archive, folder, minutes, size, conditional, start)


def add_api(context: Context) -> None:
    """Offer the handler to programs."""
    inputs = [
        gr.Dropdown(list(FAMILIES), value="vae", label="Family", visible=False),
        components.archive("Pictures", visible=False),
        gr.Textbox("", label="Folder", visible=False),
        components.with_any_value(gr.Number(MINUTES, label="Minutes", visible=False)),
        components.with_any_value(gr.Number(0, label="Image size", visible=False)),
        gr.Checkbox(False, label="Learn the classes", visible=False),
        components.integer(0, label="Seed", visible=False),
    ]
    components.add_api(
        bind(train_on_pictures, context), inputs, [gr.Textbox(visible=False, label="Run")], "train_on_pictures"
    )
