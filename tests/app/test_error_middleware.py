"""Requests that reach no handler get a message and status 400 or 404; other responses do not change."""

import asyncio
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest
from fastapi import FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from gradio.route_utils import FnIndexInferError
from starlette.middleware import Middleware

from tfgen.app.error_middleware import ErrorMiddleware, explain_input_errors


def served(route, **settings) -> httpx.Response:
    """Return the response of an app with that route."""
    app = FastAPI(middleware=[Middleware(ErrorMiddleware)])
    app.get("/", **settings)(route)

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            return await client.get("/")

    return asyncio.run(ask())


def test_a_good_response_does_not_change():
    answer = served(lambda: {"fine": 1})
    assert answer.status_code == 200
    assert answer.json() == {"fine": 1}


def test_an_http_error_of_a_route_does_not_change():
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
def test_an_exception_of_a_route_becomes_a_client_error(error, status):
    def broken():
        raise error

    answer = served(broken)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith("Expected ")
    assert "\n" not in answer.json()["detail"]
    assert type(error).__name__ in answer.json()["detail"]


def test_the_stream_of_an_unknown_session_ends():
    async def stream():
        yield b"first"
        raise HTTPException(404, "no such session")

    assert served(lambda: StreamingResponse(stream())).content == b"first"


def test_another_exception_in_a_stream_is_raised():
    async def stream():
        yield b"first"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        served(lambda: StreamingResponse(stream()))


def preprocessed(preprocess):
    blocks = SimpleNamespace(preprocess_data=preprocess)
    explain_input_errors(blocks)
    return asyncio.run(blocks.preprocess_data("function", inputs=[1]))


def test_good_inputs_do_not_change():
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
def test_bad_inputs_give_a_message_without_traceback(error, sentence):
    async def preprocess(*args, **kwargs):
        raise error

    with pytest.raises(gr.Error) as caught:
        preprocessed(preprocess)
    assert caught.value.message.endswith(sentence)
    assert "\n" not in caught.value.message
    assert caught.value.print_exception is False
    assert caught.value.__cause__ is None


def test_the_message_about_a_wrong_type_names_the_field():
    from gradio.components.image import ImageData

    async def preprocess(*args, **kwargs):
        ImageData.model_validate({"path": ["x"]})

    with pytest.raises(gr.Error) as caught:
        preprocessed(preprocess)
    assert caught.value.message.endswith("Received: path Input should be a valid string")
