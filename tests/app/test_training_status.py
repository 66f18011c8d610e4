"""The state of a training as HTML."""

import pytest

from tfgen.app.training_state import State
from tfgen.app.training_status import training_status


@pytest.mark.parametrize(
    ("state", "ready", "text"),
    [
        (State(), False, "No training is running."),
        (State("starting", "run", 0, 80), False, "is starting"),
        (State("training", "run", 3, 80, 0.04, 12.0), False, "is training: epoch 4 of 80, about 12 s left."),
        (State("training", "run", 80, 80, 1.0), False, "is training: epoch 80 of 80."),
        (State("finishing", "run", 80, 80, 1.0), False, "has finished all 80 epochs"),
        (State("stopping", "run", 3, 80), False, "is saving its state and stopping."),
        (State("finished", "run", 80, 80, 1.0), True, "all 80 epochs. It is in the list of models at the top."),
        (State("finished", "run", 80, 80, 1.0), False, "all 80 epochs.</p>"),
        (State("stopped", "run", 3, 80, sentence="Nothing is lost."), True, "after 3 of 80 epochs. Nothing is lost."),
        (State("failed", "run", 3, 80, sentence="<disk> full"), False, "failed. &lt;disk&gt; full"),
    ],
)
def test_every_phase_has_a_sentence(state, ready, text):
    assert text in training_status(state, ready)


def test_the_progress_bar_has_the_share_in_percent_and_the_name_of_the_run():
    html = training_status(State("training", "<b>", 1, 3, 0.3333), False)
    assert 'aria-valuenow="33"' in html
    assert 'aria-label="Training of &lt;b&gt;"' in html
