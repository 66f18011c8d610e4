"""The tab in which a picture goes through a model and back, and is told how likely it is."""

import html
from typing import Any

import gradio as gr
import numpy as np

from tfgen.app import components
from tfgen.app.page import Page
from tfgen.app.pictures import as_picture, kept
from tfgen.app.preprocessing import as_example, looks_like_digits
from tfgen.app.validation import COMPUTING, INTERNAL, answering, whole
from tfgen.errors import DataError, TfgenError, UndefinedError
from tfgen.plots import style
from tfgen.plots.difference import signed_difference
from tfgen.plots.grid import to_bytes
from tfgen.plots.typicality import draw_typicality, share_below
from tfgen.runs.evaluations import current
from tfgen.runs.run import Run

TITLE = "Reconstruct"
#: Draws of the noise over which a likelihood is averaged.
DRAWS = 16
SIDE = 360


def build(page: Page, tab: gr.Tab) -> None:
    """Fill the tab."""

    @answering
    def reconstruct(model: str, picture: Any, fit: bool = True) -> tuple[str, str, str, str | None, str]:
        """Encode and decode a picture of yours, and say how likely the model finds it; for models that can encode.

        Args:
            model: name of a pretrained model or a run, as `models` lists them.
            picture: yours, of any size.
            fit: cut out, centre and invert it as MNIST's digits are (models of grey images).

        Returns:
            The picture as seen, its reconstruction, their difference (red: added, blue: missing)
            and its likelihood among those of the test set, drawn and in words.
        """
        with page.engine.using(model) as loaded:
            _encoders_only(loaded)
            example = as_example(picture, loaded, fit)
            again = loaded.decode(loaded.encode(example)).numpy()
            bits = loaded.bits_per_dim(np.repeat(example, DRAWS, axis=0)).mean
        pixels = (to_bytes(example)[0], to_bytes(again)[0], signed_difference(example[0], again[0]))
        names = ("as-seen", "reconstruction", "difference")
        seen, made, difference = (
            kept(as_picture(each, SIDE), f"{model}-{name}") for each, name in zip(pixels, names, strict=True)
        )
        return seen, made, difference, *_judged(page.catalogue.run(model), bits, model)

    @answering
    def test_picture(model: str, index: int = 0) -> str:
        """A picture of the test set of a model's data, to reconstruct; where the data are on this machine.

        Args:
            model: name of a pretrained model or a run, as `models` lists them.
            index: which one, from 0.

        Returns:
            The picture.
        """
        dataset = page.catalogue.model_run(model).local_dataset
        if dataset.levels is None:
            raise UndefinedError("This model's data are points of the plane, and no pictures")
        index = whole("index", index, 0, len(dataset.test) - 1)
        pixels = dataset.test.examples[index : index + 1] / np.float32(dataset.levels - 1)
        return kept(as_picture(to_bytes(pixels)[0], 1), f"test-{index}")

    notice = components.notice()
    with gr.Row():
        with gr.Column(scale=2, min_width=280) as asked:
            with gr.Tabs():
                with gr.Tab("Draw"):
                    drawing = components.pad("Draw something", elem_id="drawing")
                with gr.Tab("Upload"):
                    sent = components.upload("A picture, of any size", height=300, elem_id="sent")
                with gr.Tab("Test set"):
                    index = components.whole_number(0, label="Number", info="Of a picture of the test set, from 0")
                    take = gr.Button("Take it", size="sm", elem_id="take")
            fit = components.fit()
        with gr.Column(scale=3, min_width=300):
            with gr.Row():
                labels = ("As seen", "Reconstruction", "Difference")
                shown = [
                    components.picture(label, min_width=88, elem_id=f"reconstruct-{number}", buttons=[])
                    for number, label in enumerate(labels)
                ]
            verdict = gr.Markdown(elem_id="verdict")
            place = components.picture(
                "Among the test set", elem_id="place", elem_classes=["named"], buttons=["download"]
            )

    outputs = [*shown, place, verdict]
    components.for_programs(
        reconstruct,
        [page.model, components.upload("Picture", visible=False), fit],
        outputs,
        "reconstruct",
        **COMPUTING,
    )
    components.for_programs(
        test_picture, [page.model, index], [components.picture("Picture", visible=False)], "test_picture"
    )

    # The picture that was asked about last, wherever it is from.
    current = gr.State(None)

    def answer(model, picture, fit):
        # A picture of the data is like the data.
        return reconstruct(model, picture, fit and not (picture or {}).get("of_the_data"))

    def ask(model, picture, fit):
        return picture, *answer(model, picture, fit)

    def ask_test(model, index):
        taken = {"path": test_picture(model, index), "name": f"test picture {index}", "of_the_data": True}
        return ask(model, taken, True)

    settings = {"outputs": [current, *outputs], **COMPUTING, **INTERNAL}
    drawing.input(ask, [page.model, drawing, fit], **settings)
    sent.upload(ask, [page.model, sent, fit], **settings)
    take.click(ask_test, [page.model, index], **settings)
    fit.input(
        lambda model, picture, fit: ask(model, picture, fit) if picture else [gr.skip()] * 6,
        [page.model, current, fit],
        **settings,
    )
    nothing = [None] * 5 + [NOTHING]
    gr.on([drawing.clear, sent.clear], lambda: nothing, outputs=[current, *outputs], queue=False, **INTERNAL)

    def show(model, picture):
        try:
            with page.engine.using(model) as loaded:
                _encoders_only(loaded)
                grey = loaded.event_shape[-1] == 1
            digits = grey and looks_like_digits(page.catalogue.run(model))
            results = answer(model, picture, digits) if picture else nothing[1:]
            fitting = gr.update(visible=grey, value=digits)
            return [components.said(""), gr.update(visible=True), fitting, *results]
        except (TfgenError, gr.Error) as error:
            reason = html.unescape(error.message) if isinstance(error, gr.Error) else str(error)
            return [components.said(reason), gr.update(visible=False), gr.skip(), *[None] * 4, ""]

    page.when_shown(tab, show, [page.model, current], [notice, asked, fit, *outputs])


NOTHING = "Draw something, upload a picture, or take one of the test set."


def _encoders_only(model) -> None:
    if not model.is_image:
        raise UndefinedError("A reconstruction needs images, and this is a model of points of the plane")
    if not model.can("encode"):
        raise UndefinedError(model.undefined["encode"])


def _judged(run: Run, bits: float, model: str) -> tuple[str | None, str]:
    """The place of bits/dim among those of the test set, as a picture and in words."""
    figure = f"**{bits:.3f} bits/dim**"
    # That with one sample, if it is there: it is what each draw was asked for here.
    entries = sorted(current(run).get("likelihood", ()), key=lambda entry: entry.get("samples") != 1)
    tested = [entry for entry in entries if entry.get("split") == "test" and "bits_per_dim_percentiles" in entry]
    try:
        entry = tested[0]
        percentiles = entry["bits_per_dim_percentiles"]
        below = share_below(percentiles, bits)
    except (IndexError, DataError):
        return None, (
            f"{figure}. How usual that is, `tfgen evaluate` of this run would tell: it records the "
            "distribution over the test set."
        )
    return (
        kept(style.picture(draw_typicality(percentiles, bits)), f"{model}-place"),
        f"{figure}, {_verdict(below)} ({entry.get('estimator')}; here the mean of {DRAWS} draws).",
    )


def _verdict(below: float) -> str:
    if below >= 1.0:
        return "more than any picture of the test set: to this model it is odd"
    if below >= 0.95:
        return f"more than {100 * below:.1f} % of the test set: unusual"
    if below <= 0.0:
        return "less than any picture of the test set: simpler than all of them, which makes it likely, not typical"
    return f"more than {100 * below:.0f} % of the test set: usual"
