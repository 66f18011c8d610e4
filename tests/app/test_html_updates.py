"""Updates of what is made of a template name all of its values, or none."""

import asyncio
import gc
import warnings

import gradio as gr
import pytest
from gradio.state_holder import SessionState

from tfgen.app.html_updates import whole_updates


@pytest.fixture
def sent():
    """A function from what a handler returns for a template and a text to what the page is sent."""
    with warnings.catch_warnings():
        # Event loops that Gradio makes, takes a lock of and leaves open.
        warnings.simplefilter("ignore", ResourceWarning)
        with gr.Blocks() as blocks:
            template = gr.HTML("old", html_template="${value} ${colour} ${size}", colour="red", size=3)
            text = gr.Textbox("old")
            gr.Button().click(lambda: None, None, [template, text])
        asyncio.set_event_loop(None)
        gc.collect()
    whole_updates(blocks)
    (handler,) = blocks.fns.values()
    session = SessionState(blocks)

    def send(*returned, state=session):
        return asyncio.run(blocks.postprocess_data(handler, list(returned), state))

    return send


def test_what_is_skipped_has_no_update(sent):
    assert sent(gr.skip(), gr.skip()) == [{"__type__": "update"}, {"__type__": "update"}]


def test_a_value_alone_leaves_the_others(sent):
    assert sent("new", "new") == ["new", "new"]
    assert "props" not in sent(gr.update(value="new"), "new")[0]


def test_an_update_names_all_values(sent):
    update, text = sent(gr.update(value="new", colour="blue"), gr.update(value="new"))
    assert update["value"] == "new"
    assert update["props"] == {"colour": "blue", "size": 3}
    assert text == {"__type__": "update", "value": "new"}


def test_what_was_changed_before_stays_changed(sent):
    sent(gr.update(colour="blue"), "")
    sent(gr.skip(), "")
    assert sent(gr.update(size=4), "")[0]["props"] == {"colour": "blue", "size": 4}


def test_without_a_session_the_others_are_those_of_the_start(sent):
    assert sent(gr.update(size=4), "", state=None)[0]["props"] == {"colour": "red", "size": 4}
