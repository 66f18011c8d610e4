"""Components of the tab "Runs" with which a model is trained on pictures of the user, and which show these pictures."""

import json
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tfgen.app import components
from tfgen.app.context import Context
from tfgen.app.events import INTERNAL, bind
from tfgen.app.handlers.describe_pictures import describe_pictures, description_of
from tfgen.app.handlers.own_pictures import FITS, MINUTES, train_on_pictures
from tfgen.app.public_text import without_folders
from tfgen.app.training_history import escaped
from tfgen.app.views import values_of
from tfgen.config.families import FAMILIES
from tfgen.errors import TfgenError

#: Settings of the events that read pictures. One such event runs at a time, and the events that compute with a model
#: do not wait for it.
READING: dict[str, Any] = {"concurrency_id": "pictures", "concurrency_limit": 1}
#: JavaScript that puts the proposed image size into the field, unless the user has typed a size meanwhile. A size that
#: was proposed for other pictures is replaced.
PROPOSE = """(size, shown) => {
  const { proposed, replaced } = JSON.parse(shown || '{}');
  return !size || size === replaced ? proposed ?? 0 : size;
}"""


@dataclass(frozen=True)
class OwnPictures:
    """The components, and the button that starts the training.

    Attributes:
        archive: a .zip that the user uploads.
        folder: path of a folder or archive on this machine. Invisible if the page serves other machines.
        minutes, image_size, conditional, fit, skip_broken, groups: options of the training.
        start: the button.
        description, sheet: what training would see of the pictures.
        shown: invisible text, the values that the description belongs to, as JSON.
    """

    archive: gr.File
    folder: gr.Textbox
    minutes: gr.Number
    image_size: gr.Number
    conditional: gr.Checkbox
    fit: gr.Radio
    skip_broken: gr.Checkbox
    groups: gr.Number
    start: gr.Button
    description: gr.Markdown
    sheet: gr.Image
    shown: gr.Textbox

    @property
    def options(self) -> list[Any]:
        """The components whose values `train_on_pictures` takes, in its order, before the seed."""
        return [self.archive, self.folder, self.minutes, self.image_size, self.conditional]

    @property
    def reading(self) -> list[Any]:
        """The components whose values `train_on_pictures` takes after the seed."""
        return [self.fit, self.skip_broken]


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
            size = components.with_any_value(
                gr.Number(
                    0,
                    precision=0,
                    label="Image size",
                    info="Side in pixels; 0: that of the files",
                    min_width=120,
                    elem_id="own-size",
                )
            )
        fit = components.radio(
            [("Crop to a square", FITS[0]), ("Keep all, with a border", FITS[1])],
            value=FITS[0],
            label="Pictures that are not square",
            info="How they are fitted to the image size",
        )
        with gr.Row():
            conditional = gr.Checkbox(
                False, label="Learn the classes", info="The names of the sub-folders", min_width=160
            )
            skip = gr.Checkbox(
                False, label="Leave out broken files", info="Training refuses them otherwise", min_width=160
            )
        groups = components.with_any_value(
            gr.Number(
                0,
                precision=0,
                label="Groups of similar pictures",
                info="The model learns them as classes, in place of sub-folders; 0: none",
                elem_id="own-groups",
            )
        )
        start = gr.Button("Train on these pictures", elem_id="own-start")
        text = gr.Markdown(elem_classes=["facts"], elem_id="own-description")
        sheet = components.picture(
            "Training pictures", elem_id="own-sheet", visible=False, buttons=["download", "fullscreen"]
        )
        shown = gr.Textbox(visible=False, label="Shown pictures")
    return OwnPictures(archive, folder, minutes, size, conditional, fit, skip, groups, start, text, sheet, shown)


# -- events -----------------------------------------------------------------------------------------------------------


def connect(context: Context, own: OwnPictures) -> None:
    """Describe the pictures as soon as they are given, and again when an option changes how training reads them."""

    # Gradio shows the progress bars of a function with this argument, whose parameters must have names.
    def read_pictures(shown, archive, folder, size, fit, skip_broken, progress=gr.Progress(track_tqdm=True)):  # noqa: B008
        return described(context, shown, archive, folder, size, fit, skip_broken)

    # Not "input": half a path or half a number would be read.
    typed = [event for field in (own.folder, own.image_size) for event in (field.submit, field.blur)]
    event = gr.on(
        [own.archive.upload, own.archive.clear, own.archive.delete, *typed, own.fit.input, own.skip_broken.input],
        read_pictures,
        [own.shown, own.archive, own.folder, own.image_size, *own.reading],
        [own.shown, own.description, own.sheet],
        trigger_mode="always_last",
        show_progress_on=own.description,
        **READING,
        **INTERNAL,
    )
    event.then(None, [own.image_size, own.shown], own.image_size, js=PROPOSE, **INTERNAL)


def described(
    context: Context, shown: str, archive: Any, folder: str | None, size: Any, fit: str, skip_broken: bool
) -> list[Any]:
    """Return the values of `OwnPictures.shown`, `description` and `sheet` for values of the fields.

    Args:
        context: shared objects of the app.
        shown: what `OwnPictures.shown` holds.
        archive, folder, size, fit, skip_broken: the values.
    """
    before, size = values_of(shown), size or None
    pictures = {"archive": (archive or {}).get("path"), "folder": folder or ""}
    # A size that was proposed for other pictures is no choice of the user.
    others = any(before.get(name) != value for name, value in pictures.items())
    replaced = size if others and size == before.get("proposed") else None
    options: dict[str, Any] = {"image_size": None if replaced else size, "fit": fit, "skip_broken": skip_broken}
    values = {**pictures, **options}
    if values == {name: before.get(name) for name in values}:
        return [gr.skip()] * 3
    # Without values: the same pictures are read again when a field is left, since the user may have changed them.
    nothing = json.dumps({"proposed": None, "replaced": replaced})
    hidden = gr.update(value=None, visible=False)
    if not any(pictures.values()):
        return [nothing, "", hidden]
    try:
        found = description_of(context, archive, folder, **options)
    except TfgenError as error:
        sentence = escaped(without_folders(str(error), context.catalogue.root))
        return [nothing, f"**Not possible.** {sentence}", hidden]
    proposed = found.proposed_size
    if options["image_size"] is None:
        # The field gets the proposed size, which is then no change.
        values["image_size"] = proposed
    elif not others and size == before.get("proposed"):
        proposed = size
    known = json.dumps({**values, "proposed": proposed, "replaced": replaced})
    return [known, found.text, gr.update(value=found.sheet, visible=True)]


def add_api(context: Context) -> None:
    """Offer the handlers to programs."""
    archive = components.archive("Pictures", visible=False)
    folder = gr.Textbox("", label="Folder", visible=False)
    size = components.with_any_value(gr.Number(0, label="Image size", visible=False))
    reading = [
        components.radio(list(FITS), value=FITS[0], label="Fit", visible=False),
        gr.Checkbox(False, label="Leave out broken files", visible=False),
    ]
    inputs = [
        gr.Dropdown(list(FAMILIES), value="vae", label="Family", visible=False),
        archive,
        folder,
        components.with_any_value(gr.Number(MINUTES, label="Minutes", visible=False)),
        size,
        gr.Checkbox(False, label="Learn the classes", visible=False),
        components.integer(0, label="Seed", visible=False),
        *reading,
        components.with_any_value(gr.Number(0, label="Groups", visible=False)),
    ]
    components.add_api(
        bind(train_on_pictures, context), inputs, [gr.Textbox(visible=False, label="Run")], "train_on_pictures"
    )
    outputs = [gr.Markdown(visible=False), components.picture("Training pictures", visible=False)]
    components.add_api(
        bind(describe_pictures, context), [archive, folder, size, *reading], outputs, "describe_pictures", **READING
    )
