"""Part of the tab "Runs": curves, samples and a summary of a run, also while it trains."""

import json
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tfgen.app import components, training_history
from tfgen.app.context import Context
from tfgen.app.events import FURTHER, INTERNAL, bind
from tfgen.app.handlers.training_history import epoch_samples, samples_of_epoch, training
from tfgen.app.header import Header
from tfgen.app.pictures import cache_image
from tfgen.app.trainer import unfinished
from tfgen.errors import TfgenError

TITLE = "Runs"
#: Seconds between two updates of a run that trains.
PERIOD = 2.0
#: Settings of events that only read files. They need not wait for computations with a model. They run one after the
#: other, so that the result of the latest event is shown.
READING: dict[str, Any] = {"show_progress": "hidden", "concurrency_id": "reading", "concurrency_limit": 1}
NO_RUN = "There is no run yet. Train a model above, or with: tfgen train --model flow"


@dataclass(frozen=True)
class _Components:
    """Components of the tab.

    Attributes:
        run: dropdown of the runs.
        notice: says what cannot be shown.
        epoch, pixels: which samples are shown.
        picture, caption: the samples of the epoch.
        numbers: the numbers of the last epoch.
        curves: the training curves.
        table: the summary.
        timer: updates the tab while the run trains.
        seen: JSON text of what the page shows: "stamp" of the run's folder, "run" and the "last" epoch.
        chosen_epoch: an earlier epoch that the user went back to. None if the page follows the latest epoch.
    """

    run: gr.Dropdown
    notice: gr.Markdown
    epoch: gr.HTML
    pixels: gr.Checkbox
    picture: gr.Image
    caption: gr.Markdown
    numbers: gr.Markdown
    curves: gr.Gallery
    table: gr.Markdown
    timer: gr.Timer
    seen: gr.State
    chosen_epoch: gr.State


def build(context: Context, header: Header, tab: gr.Tab) -> gr.Dropdown:
    """Add the components, connect their events, and return the dropdown of the runs."""
    with gr.Row(elem_id="training-history"):
        with gr.Column(scale=2, min_width=280):
            run = components.run_dropdown(
                choices=context.catalogue.trained(),
                value=None,
                label="Run",
                info="A pretrained model or one of your runs, also one that is still training",
            )
            notice = components.notice()
            epoch = components.epoch_slider("Samples after", elem_id="epoch")
            pixels = gr.Checkbox(
                label="Sample the pixels",
                info="Draw each pixel from its predicted distribution instead of showing the mean",
                visible=False,
            )
            caption = gr.Markdown(elem_classes=["caption"])
            numbers = gr.Markdown(elem_id="run-numbers", elem_classes=["numbers"])
        with gr.Column(scale=3, min_width=300, elem_classes=["result"]):
            picture = components.picture("Samples after an epoch", elem_id="epoch-samples")
        with gr.Column(min_width=280):
            curves = components.curve_gallery(elem_id="training-curves")
        # A narrow window shows this column last, a wide window shows it below the controls.
        with gr.Column(scale=2, min_width=280):
            table = gr.Markdown(elem_classes=["facts"], elem_id="facts")
    timer, seen, chosen_epoch = gr.Timer(PERIOD, active=False), gr.State(""), gr.State(None)
    parts = _Components(run, notice, epoch, pixels, picture, caption, numbers, curves, table, timer, seen, chosen_epoch)
    _connect(context, header, tab, parts)
    return run


def _connect(context: Context, header: Header, tab: gr.Tab, parts: _Components) -> None:
    inputs = [parts.run, parts.pixels, parts.seen, parts.chosen_epoch]
    outputs = [
        parts.notice,
        parts.epoch,
        parts.pixels,
        parts.picture,
        parts.caption,
        parts.numbers,
        parts.curves,
        parts.table,
        parts.timer,
        parts.seen,
        parts.chosen_epoch,
    ]
    show, update = bind(_show, context), bind(_update, context)
    if_open = [header.active_tab, *inputs]
    quiet = {**READING, **INTERNAL}
    tab.select(bind(_choose, context), [parts.run, header.model], parts.run, **quiet).then(
        show, inputs, outputs, **quiet
    )
    header.model.change(bind(_follow, context), header.model, parts.run, **FURTHER, **quiet).then(
        update, if_open, outputs, **quiet
    )
    # Also when a training that was started on this page is chosen.
    parts.run.change(show, inputs, outputs, trigger_mode="always_last", **quiet)
    parts.timer.tick(update, if_open, outputs, **quiet)
    parts.epoch.input(_chosen_epoch, [parts.epoch, parts.seen], parts.chosen_epoch, queue=False, **INTERNAL)
    gr.on(
        [parts.epoch.input, parts.pixels.input],
        bind(epoch_samples, context),
        [parts.run, parts.epoch, parts.pixels],
        [parts.picture, parts.caption],
        api_name="epoch_samples",
        trigger_mode="always_last",
        **READING,
    )
    gr.api(bind(training, context), api_name="training")


def _chosen_epoch(epoch: int, seen: str) -> int | None:
    """Return the epoch if it is earlier than the latest, so that later updates of the page keep it."""
    return epoch if seen and epoch < json.loads(seen)["last"] else None


def _choose(context: Context, name: str | None, model: str | None):
    """Return the update of the runs when the tab is opened: keep the run, or choose that of the model, or the first."""
    names = context.catalogue.trained()
    chosen = next((known for known in (name, model, *names) if known in names), None)
    return gr.update(choices=names, value=chosen)


def _follow(context: Context, model: str | None):
    """Return the update of the runs when another model is chosen in the header."""
    names = context.catalogue.trained()
    return gr.update(choices=names, value=model) if model in names else gr.skip()


def _update(context: Context, active_tab: str, *values) -> list[Any]:
    """Return the values of all outputs if the tab is open. Otherwise stop the timer."""
    if active_tab != TITLE:
        return [*[gr.skip()] * 8, gr.update(active=False), *[gr.skip()] * 2]
    return _show(context, *values)


def _show(context: Context, name: str | None, pixels: bool, seen: str, chosen_epoch: int | None) -> list[Any]:
    """Return the values of all outputs."""
    if not name:
        return _nothing(NO_RUN)
    try:
        return _changed(context, name, pixels, seen, chosen_epoch)
    except TfgenError as error:
        return _nothing(str(error))


def _changed(context: Context, name: str, pixels: bool, seen: str, chosen_epoch: int | None) -> list[Any]:
    """Return the values of all outputs. Outputs that have not changed since `seen` are skipped."""
    run = context.catalogue.run(name)
    state = context.trainer.state()
    is_training = unfinished(run) or (state.busy and state.run == name)
    timer, stamp = gr.update(active=is_training), training_history.stamp(run)
    before = json.loads(seen) if seen else {}
    if before.get("stamp") == stamp:
        return [*[gr.skip()] * 8, timer, *[gr.skip()] * 2]
    epochs = training_history.epochs(run)
    last = epochs[-1] if epochs else 0
    if before.get("run") != name or chosen_epoch not in epochs:
        chosen_epoch = None
    slider: dict[str, Any] = {"epochs": epochs}
    if chosen_epoch is None:
        # Otherwise the value stays: the user may be moving the slider.
        slider["value"] = last
    has_pixels = bool(training_history.epochs(run, pixels=True))
    try:
        epoch = last if chosen_epoch is None else chosen_epoch
        picture, caption = samples_of_epoch(run, name, epoch, pixels and has_pixels)
    except TfgenError as error:
        picture, caption = None, training_history.escaped(error)
    curves = [(cache_image(curve, f"{name}-{title}"), title) for title, curve in training_history.curves(run)]
    return [
        components.notice_update(""),
        gr.update(**slider),
        gr.update(visible=has_pixels),
        gr.update(value=picture, elem_classes=components.picture_classes(training_history.is_plot(run))),
        caption,
        training_history.latest(run),
        gr.update(value=curves, visible=bool(curves)),
        training_history.summary(run),
        timer,
        json.dumps({"stamp": stamp, "run": name, "last": last}),
        chosen_epoch,
    ]


def _nothing(message: str) -> list[Any]:
    """Return the values of all outputs for a notice and nothing else."""
    hidden = gr.update(visible=False)
    notice, no_epochs, stopped = components.notice_update(message), gr.update(epochs=[]), gr.update(active=False)
    return [notice, no_epochs, hidden, None, "", "", hidden, "", stopped, "", None]
