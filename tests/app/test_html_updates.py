"""An update of a `gr.HTML` contains all values of its template, or none."""

import asyncio
import gc
import warnings

import gradio as gr
import pytest
from gradio.state_holder import SessionState

from tfgen.app.html_updates import send_complete_updates


@pytest.fixture(scope="module")
def page():
    """A page with a template, a text box, and a handler that returns both."""
    with warnings.catch_warnings():
        # Gradio makes event loops and leaves them open.
        warnings.simplefilter("ignore", ResourceWarning)
        with gr.Blocks() as blocks:
            template = gr.HTML("old", html_template="${value} ${colour} ${size}", colour="red", size=3)
            text = gr.Textbox("old")
            gr.Button().click(lambda: None, None, [template, text])
        asyncio.set_event_loop(None)
        gc.collect()
    send_complete_updates(blocks)
    return blocks


@pytest.fixture
def sent(page):
    """A function from the handler's results to the updates that a new session gets."""
    (handler,) = page.fns.values()
    session = SessionState(page)

    def send(*returned, state=session):
        return asyncio.run(page.postprocess_data(handler, list(returned), state))

    return send


def test_a_skipped_output_has_no_values(sent):
    assert sent(gr.skip(), gr.skip()) == [{"__type__": "update"}, {"__type__": "update"}]


def test_a_result_without_update_changes_the_value_only(sent):
    assert sent("new", "new") == ["new", "new"]
    assert "props" not in sent(gr.update(value="new"), "new")[0]


def test_an_update_contains_all_values_of_the_template(sent):
    update, text = sent(gr.update(value="new", colour="blue"), gr.update(value="new"))
    assert update["value"] == "new"
    assert update["props"] == {"colour": "blue", "size": 3}
    assert text == {"__type__": "update", "value": "new"}


def test_an_update_keeps_the_values_of_earlier_updates(sent):
    sent(gr.update(colour="blue"), "")
    sent(gr.skip(), "")
    assert sent(gr.update(size=4), "")[0]["props"] == {"colour": "blue", "size": 4}


def test_without_a_session_the_other_values_are_the_initial_ones(sent):
    assert sent(gr.update(size=4), "", state=None)[0]["props"] == {"colour": "red", "size": 4}
