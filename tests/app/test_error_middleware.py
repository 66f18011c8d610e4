"""Requests that reach no handler get a message and status 400 or 404; other responses do not change."""

import asyncio
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse
from gradio.route_utils import FnIndexInferError
from starlette.middleware import Middleware

from tfgen.app.error_middleware import BodyLimits, ErrorMiddleware, explain_input_errors


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
def test_an_exception_of_a_route_becomes_a_client_error(error, status, caplog):
    def broken():
        raise error

    with caplog.at_level("WARNING", "tfgen.app"):
        answer = served(broken)
    assert answer.status_code == status
    # An unknown handler is a mistake of the client; any other exception gets a line.
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == (not isinstance(error, FnIndexInferError))
    assert all("GET '/'" in line and type(error).__name__ in line and "\n" not in line for line in lines)
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


def test_any_other_exception_is_an_error_of_the_server_without_details(caplog):
    def broken():
        raise ZeroDivisionError("/home/me/secret.py")

    with caplog.at_level("WARNING", "tfgen.app"):
        answer = served(broken)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    (line,) = (record.getMessage() for record in caplog.records)
    assert "ZeroDivisionError" in line and "test_error_middleware.py" in line


@pytest.mark.parametrize(
    "value",
    [
        {"path": "https://example.com/a.png"},
        {"path": "HTTP://example.com/a.png", "meta": {"_type": "gradio.FileData"}},
        [{"value": [{"path": "ftp://example.com/a.png"}]}],
    ],
)
def test_an_address_in_place_of_a_file_is_refused_before_gradio_sees_it(value):
    async def preprocess(*_):
        raise AssertionError("fetches")

    blocks = SimpleNamespace(preprocess_data=preprocess)
    explain_input_errors(blocks)
    with pytest.raises(gr.Error, match="an address, which is not fetched"):
        asyncio.run(blocks.preprocess_data("function", [value], None))


def test_the_folders_of_the_machine_are_not_told():
    def broken():
        raise ValueError("Cannot move /home/me/pictures/cat.png")

    assert served(broken).json()["detail"].endswith("ValueError: Cannot move cat.png")


@pytest.mark.parametrize(("path", "size", "status"), [
    ("/gradio_api/upload", 900, 200), ("/gradio_api/upload", 1100, 413), ("/x", 90, 200), ("/x", 110, 413),
    ("/x/gradio_api/upload", 1100, 413),
])  # fmt: skip
@pytest.mark.parametrize("declared", [True, False])
def test_bodies_are_limited(path, size, status, declared):
    app = FastAPI(middleware=[Middleware(BodyLimits, 1000, 100), Middleware(ErrorMiddleware)])

    @app.post("/{path:path}")
    async def read(request: Request):
        return len(await request.body())

    async def parts():
        for _ in range(size // 10):
            yield b"x" * 10

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            return await client.post(path, content=b"x" * size if declared else parts())

    answer = asyncio.run(ask())
    assert answer.status_code == status
    assert status == 200 or "detail" in answer.json()
