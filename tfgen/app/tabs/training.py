"""The tab that shows how a run was trained, while it trains and afterwards."""

import json
from typing import Any

import gradio as gr

from tfgen.app import components
from tfgen.app import training_history as course
from tfgen.app.page import Page
from tfgen.app.pictures import kept
from tfgen.app.trainer import unfinished
from tfgen.app.validation import INTERNAL, answering, whole
from tfgen.errors import TfgenError
from tfgen.runs.run import Run

TITLE = "Training"
#: Seconds between two looks at a run that trains.
PERIOD = 2.0
#: Reading files waits for no computation of a model; one after the other, so that the last question has the last word.
READING: dict[str, Any] = {"show_progress": "hidden", "concurrency_id": "reading", "concurrency_limit": 1}


def build(page: Page, tab: gr.Tab) -> None:
    """Fill the tab."""

    @answering
    def training(run: str) -> dict:
        """Tell how a run was trained, so far or to its end.

        Args:
            run: its name, as `models` lists them; it may still train.

        Returns:
            Its configuration in short, "epochs" of "planned", the seconds spent, the best epoch, the "metrics" of every
            epoch, and after which epochs there are pictures, for `epoch_samples`.
        """
        found = page.catalogue.run(run)
        return {
            "run": run,
            **course.facts(found),
            "metrics": found.metrics(),
            "pictures": course.epochs(found),
            "pixels": course.epochs(found, pixels=True),
        }

    @answering
    def epoch_samples(run: str, epoch: int | None = None, pixels: bool = False) -> tuple[str, str]:
        """Show what a run drew from its fixed seeds after an epoch.

        Args:
            run: its name, as `models` lists them; it may still train.
            epoch: after which; the last one before it that has pictures is taken. None for the latest.
            pixels: with their pixels drawn instead of their means, where the run has both.

        Returns:
            The pictures in a grid as one PNG, and a caption.
        """
        found = page.catalogue.run(run)
        return _drawn(found, run, None if epoch is None else whole("epoch", epoch, 0, 10**9), bool(pixels))

    with gr.Row(elem_id="course"):
        with gr.Column(scale=2, min_width=280):
            chooser = components.run_choice(
                choices=page.catalogue.trained(), value=None, label="Run", info="Any run, also one that still trains"
            )
            notice = components.notice()
            epoch = components.epochs("After", elem_id="epoch")
            pixels = gr.Checkbox(
                label="Draw the pixels", info="Each from its distribution, instead of the mean", visible=False
            )
            caption = gr.Markdown(elem_classes=["caption"])
        with gr.Column(scale=3, min_width=300, elem_classes=["result"]):
            picture = components.picture("Samples along the way", elem_id="epoch-samples")
        with gr.Column(min_width=280):
            curves = components.curves(elem_id="training-curves")
        # Narrow windows show it last, wide ones under the controls.
        with gr.Column(scale=2, min_width=280):
            table = gr.Markdown(elem_classes=["facts"], elem_id="facts")
    timer = gr.Timer(PERIOD, active=False)
    # What is shown; and the epoch to which somebody went back, None for whoever follows the latest.
    seen, back = gr.State(""), gr.State(None)

    inputs = [chooser, pixels, seen, back]
    outputs = [notice, epoch, pixels, picture, caption, curves, table, timer, seen, back]

    def show(name: str | None, pixels: bool, seen: str, back: int | None) -> list[Any]:
        if not name:
            return _nothing("No run yet. Train one in the tab Train, or with: python train.py --model flow")
        try:
            return _shown(page, name, pixels, seen, back)
        except TfgenError as error:
            return _nothing(str(error))

    def refresh(active: str, name: str | None, *values) -> list[Any]:
        if active != TITLE:
            return [*[gr.skip()] * 7, gr.update(active=False), *[gr.skip()] * 2]
        return show(name, *values)

    def go_back(epoch: int, seen: str) -> int | None:
        return epoch if seen and epoch < json.loads(seen)["last"] else None

    def choose(name: str | None, model: str | None):
        names = page.catalogue.trained()
        chosen = next((known for known in (name, model, *names) if known in names), None)
        return gr.update(choices=names, value=chosen)

    def follow(model: str | None):
        names = page.catalogue.trained()
        return gr.update(choices=names, value=model) if model in names else gr.skip()

    tab.select(choose, [chooser, page.model], chooser, **READING, **INTERNAL).then(
        show, inputs, outputs, **READING, **INTERNAL
    )
    page.model.change(follow, page.model, chooser, **READING, **INTERNAL).then(
        refresh, [page.active, *inputs], outputs, **READING, **INTERNAL
    )
    chooser.input(show, inputs, outputs, trigger_mode="always_last", **READING, **INTERNAL)
    timer.tick(refresh, [page.active, *inputs], outputs, **READING, **INTERNAL)
    epoch.input(go_back, [epoch, seen], back, queue=False, **INTERNAL)
    gr.on(
        [epoch.input, pixels.input],
        epoch_samples,
        [chooser, epoch, pixels],
        [picture, caption],
        api_name="epoch_samples",
        trigger_mode="always_last",
        **READING,
    )
    gr.api(training, api_name="training")


def _shown(page: Page, name: str, pixels: bool, seen: str, back: int | None) -> list[Any]:
    """Values of the outputs; those that have not changed since `seen` are left alone."""
    run = page.catalogue.run(name)
    trains = page.trainer.state()
    live = unfinished(run) or (trains.busy and trains.run == name)
    timer, stamp = gr.update(active=live), course.stamp(run)
    before = json.loads(seen) if seen else {}
    if before.get("stamp") == stamp:
        return [*[gr.skip()] * 7, timer, *[gr.skip()] * 2]
    made = course.epochs(run)
    last = made[-1] if made else 0
    back = back if before.get("run") == name and back in made else None
    epoch = last if back is None else back
    slider: dict[str, Any] = {"epochs": made}
    if back is None:
        # Otherwise somebody moves it.
        slider["value"] = last
    has_pixels = bool(course.epochs(run, pixels=True))
    try:
        picture, caption = _drawn(run, name, epoch, pixels and has_pixels)
    except TfgenError as error:
        picture, caption = None, course.plain(error)
    panels = [(kept(panel, f"{name}-{title}"), title) for title, panel in course.curves(run)]
    return [
        components.said(""),
        gr.update(**slider),
        gr.update(visible=has_pixels),
        gr.update(value=picture, elem_classes=components.look_of(course.is_plot(run))),
        caption,
        gr.update(value=panels, visible=bool(panels)),
        course.summary(run),
        timer,
        json.dumps({"stamp": stamp, "run": name, "last": last}),
        back,
    ]


def _nothing(sentence: str) -> list[Any]:
    hidden = gr.update(visible=False)
    return [
        components.said(sentence),
        gr.update(epochs=[]),
        hidden,
        None,
        "",
        hidden,
        "",
        gr.update(active=False),
        "",
        None,
    ]


def _drawn(run: Run, name: str, epoch: int | None, pixels: bool) -> tuple[str, str]:
    picture, made = course.samples(run, epoch, pixels)
    return kept(picture, f"{name}-epoch-{made}"), _caption(run, name, made)


def _caption(run: Run, name: str, epoch: int) -> str:
    if run.is_packed:
        return f"The pictures of the seeds 0 to 63 of **{name}**. A packed model keeps those of its end only."
    if not epoch:
        return f"**{name}** before its first step."
    return f"**{name}** after {epoch} of {run.config.train.epochs} epochs. The seeds are the same at every epoch."
