"""What no handler gets to see is answered by a sentence, and what is no refusal passes as it is."""

import asyncio
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest
from fastapi import FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from gradio.route_utils import FnIndexInferError
from starlette.middleware import Middleware

from tfgen.app.error_middleware import Refusals, refuse_inputs


def served(route, **settings) -> httpx.Response:
    """The answer of an app with that route."""
    app = FastAPI(middleware=[Middleware(Refusals)])
    app.get("/", **settings)(route)

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            return await client.get("/")

    return asyncio.run(ask())


def test_a_good_answer_passes():
    answer = served(lambda: {"fine": 1})
    assert answer.status_code == 200
    assert answer.json() == {"fine": 1}


def test_what_a_route_refuses_itself_passes():
    def refuse():
        raise HTTPException(413, "too large")

    assert served(refuse).status_code == 413


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (FnIndexInferError("Could not infer function index for API name: nope"), 404),
        (KeyError(9999), 404),
        (TypeError("Parameter `bogus` is not a valid key-word argument.\nPlease …"), 400),
        (ValueError(""), 400),
    ],
)
def test_what_a_route_raises_is_the_request_s_fault(error, status):
    def broken():
        raise error

    answer = served(broken)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith("Expected ")
    assert "\n" not in answer.json()["detail"]
    assert type(error).__name__ in answer.json()["detail"]


def test_a_stream_of_a_session_that_is_none_ends():
    async def stream():
        yield b"first"
        raise HTTPException(404, "no such session")

    assert served(lambda: StreamingResponse(stream())).content == b"first"


def test_a_stream_that_breaks_for_another_reason_is_a_mistake_of_the_program():
    async def stream():
        yield b"first"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        served(lambda: StreamingResponse(stream()))


def preprocessed(preprocess):
    blocks = SimpleNamespace(preprocess_data=preprocess)
    refuse_inputs(blocks)
    return asyncio.run(blocks.preprocess_data("function", inputs=[1]))


def test_good_inputs_pass():
    async def preprocess(function, inputs):
        return [function, *inputs]

    assert preprocessed(preprocess) == ["function", 1]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (gr.Error("Value <3> is too large."), "Value &lt;3&gt; is too large."),
        (ValueError("An event handler didn't receive enough.\nWanted inputs:\n[…]"), "didn't receive enough."),
        (RuntimeError(), "Received: RuntimeError"),
        (ValueError("x" * 10_000), "x" * 300),
    ],
)
def test_bad_inputs_are_a_sentence_without_a_traceback(error, sentence):
    async def preprocess(*args, **kwargs):
        raise error

    with pytest.raises(gr.Error) as caught:
        preprocessed(preprocess)
    assert caught.value.message.endswith(sentence)
    assert "\n" not in caught.value.message
    assert caught.value.print_exception is False
    assert caught.value.__cause__ is None


def test_inputs_of_another_shape_say_which_part():
    from gradio.components.image import ImageData

    async def preprocess(*args, **kwargs):
        ImageData.model_validate({"path": ["x"]})

    with pytest.raises(gr.Error) as caught:
        preprocessed(preprocess)
    assert caught.value.message.endswith("Received: path Input should be a valid string")
