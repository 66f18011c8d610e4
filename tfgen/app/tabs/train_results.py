"""What the tab "Runs" shows of a training: its state, its output, and which controls can be used."""

from typing import Any

import gradio as gr

from tfgen.app.context import Context
from tfgen.app.training_state import State
from tfgen.app.training_status import training_status
from tfgen.errors import TfgenError


def changed(context: Context, state: State, seen: str, unfinished: str | None) -> list[Any]:
    """Return the values of the outputs up to `seen`. Outputs that have not changed since `seen` are skipped."""
    ready = state.phase in ("finished", "stopped") and _has_model(context, state.run)
    output = context.trainer.output()
    return [
        training_status(state, ready),
        gr.update(visible=ready),
        gr.update(visible=bool(output)),
        output,
        gr.update(interactive=not state.busy),
        gr.update(interactive=state.busy and state.phase != "stopping"),
        *([gr.skip()] * 2 if seen == state.phase else _unfinished_runs(context, state, unfinished)),
        state.phase,
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
