"""The state of a training as HTML for the page."""

import html

from tfgen.app.training_history import duration
from tfgen.app.training_state import State
from tfgen.data.sets import counted


def training_status(state: State, ready: bool) -> str:
    """Return the state of a training as HTML: a sentence and a progress bar.

    Args:
        state: state of the training.
        ready: whether the run has a model that the other tabs can use.
    """
    if state.run is None:
        return "<p>No training is running. A training with the preset quick takes one or two minutes.</p>"
    name, reason = html.escape(state.run), html.escape(state.sentence, quote=False)
    left = f", about {duration(state.seconds_left)} left" if state.seconds_left is not None else ""
    planned = f"all {state.epochs} epochs" if state.epochs > 1 else "its only epoch"
    text = {
        "starting": "is starting; this takes a few seconds.",
        "training": f"is training: epoch {min(state.epoch + 1, state.epochs)} of {state.epochs}{left}.",
        "finishing": f"has finished {planned}; the test set is being evaluated.",
        "stopping": "is saving its state and stopping.",
        "finished": f"is trained: {planned}." + " It is in the list of models at the top." * ready,
        "stopped": f"stopped after {state.epoch} of {counted(state.epochs, 'epoch')}. {reason}",
        "failed": f"failed. {reason}",
    }[state.phase]
    percent = round(100 * state.share)
    bar = (
        f'<div class="progress" role="progressbar" aria-label="Training of {name}" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{percent}"><div style="width: {percent}%"></div></div>'
    )
    return f'<div class="{state.phase}"><p><b>{name}</b> {text}</p>{bar}</div>'
