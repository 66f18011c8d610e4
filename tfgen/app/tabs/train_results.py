"""What the tab "Train a model" shows of a training: its state, numbers, samples, curves and output."""

from typing import Any

import gradio as gr

from tfgen.app import components, training_history
from tfgen.app.context import Context
from tfgen.app.pictures import cache_image
from tfgen.app.training_state import State
from tfgen.app.training_status import training_status
from tfgen.errors import TfgenError


def changed(context: Context, state: State, seen: str, unfinished: str | None) -> list[Any]:
    """Return the values of the outputs up to `seen`. Outputs that have not changed since `seen` are skipped."""
    phase, _, stamp = seen.partition(" ")
    ready = state.phase in ("finished", "stopped") and _has_model(context, state.run)
    numbers, picture, curves, stamp = _results(context, state, stamp)
    output = context.trainer.output()
    return [
        training_status(state, ready),
        gr.update(visible=ready),
        numbers,
        picture,
        curves,
        gr.update(visible=bool(output)),
        output,
        gr.update(interactive=not state.busy),
        gr.update(interactive=state.busy and state.phase != "stopping"),
        *([gr.skip()] * 2 if phase == state.phase else _unfinished_runs(context, state, unfinished)),
        f"{state.phase} {stamp}",
    ]


def _has_model(context: Context, name: str | None) -> bool:
    try:
        return bool(context.catalogue.model_run(name or ""))
    except TfgenError:
        return False


def _unfinished_runs(context: Context, state: State, unfinished: str | None) -> list[Any]:
    """Return the updates of the unfinished runs. The run that was stopped last is chosen."""
    names = context.trainer.unfinished()
    chosen = next((name for name in (state.run, unfinished, *names) if name in names), None)
    return [gr.update(visible=bool(names)), gr.update(choices=names, value=chosen)]


def _results(context: Context, state: State, seen: str) -> tuple[Any, Any, Any, str]:
    """Return numbers, samples and curves of the run in training, and the stamp of its folder."""
    empty = "", gr.update(value=None, visible=False), gr.update(value=None, visible=False), ""
    if state.run is None:
        return empty
    try:
        run = context.catalogue.run(state.run)
        stamp = training_history.stamp(run)
        if stamp == seen:
            return gr.skip(), gr.skip(), gr.skip(), seen
        curves = [(cache_image(curve, f"{state.run}-{title}"), title) for title, curve in training_history.curves(run)]
        samples = training_history.samples(run) if training_history.epochs(run) else None
        numbers = training_history.latest(run)
    except TfgenError:
        return empty  # The status says why the training failed.
    picture: dict[str, Any] = gr.update(value=None, visible=False)
    if samples:
        picture = gr.update(
            value=cache_image(samples[0], f"{state.run}-epoch-{samples[1]}"),
            label=f"Samples after {samples[1]} epochs" if samples[1] else "Samples before the first training step",
            elem_classes=components.picture_classes(training_history.is_plot(run)),
            visible=True,
        )
    return numbers, picture, gr.update(value=curves, visible=bool(curves)), stamp
