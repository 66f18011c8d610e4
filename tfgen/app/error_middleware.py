"""Error messages for requests that never reach a handler, because Gradio cannot interpret them.

Gradio answers many of these requests with status 500 and a traceback in the log, as if the program were at fault. The
functions below answer with a message, and with status 400, 404 or 413 if the request is at fault. Every exception that
is not one of a handler's own gets a line in the log.
"""

import errno
import html
import logging
from typing import TYPE_CHECKING, Any

import gradio as gr
import httpx

from tfgen.app.public_text import without_folders
from tfgen.serving.body_limit import BodyLimit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

#: Longest part of an error's text in an answer, in characters.
MAX_LENGTH = 300
#: Exceptions that Gradio raises for a request that it cannot interpret, besides those for an unknown handler.
_OF_REQUEST = (
    *(TypeError, ValueError, RecursionError, OverflowError, AttributeError, AssertionError, PermissionError),
    *(gr.Error, httpx.InvalidURL),
)
#: Numbers of the operating system's errors for a path that leads to no file.
_NO_FILE = (errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EINVAL)


def explain_input_errors(blocks: gr.Blocks) -> None:
    """Answer inputs that Gradio cannot convert with a message, as `events.user_errors` does for handlers.

    Examples: a file that was never uploaded, an address of the web, too few values, a wrong type. Gradio would fetch a
    public address that is given in place of the path of a picture. The app fetches nothing.

    Args:
        blocks: the page. Its method `preprocess_data` is replaced.
    """
    preprocess = blocks.preprocess_data

    async def preprocess_with_message(block_fn, inputs, *args, **kwargs) -> list[Any]:
        try:
            _refuse_addresses(inputs)
            return await preprocess(block_fn, inputs, *args, **kwargs)
        except gr.Error as error:
            message = without_folders(error.message)
        except Exception as error:
            _log("inputs", error)
            message = f"Expected inputs as /gradio_api/info describes them. Received: {_first_line(error)}"
        raise gr.Error(html.escape(message, quote=False), title="Not possible", print_exception=False) from None

    blocks.preprocess_data = preprocess_with_message  # type: ignore[method-assign]


def _refuse_addresses(inputs: Any) -> None:
    """Raise `gr.Error` if the path of a file among the inputs is an address of the web."""
    waiting = [inputs]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            path = value.get("path")
            if isinstance(path, str) and "://" in path:
                raise gr.Error("Expected an uploaded file. Received: an address, which is not fetched")
            waiting += value.values()
        elif isinstance(value, (list, tuple)):
            waiting += value


class BodyLimits:
    """ASGI middleware: the size of an upload and the size of every other request have a limit.

    Args:
        app: the application.
        upload, other: largest body in bytes.
    """

    def __init__(self, app: "ASGIApp", upload: int, other: int):
        self.upload, self.other = BodyLimit(app, upload, "detail"), BodyLimit(app, other, "detail")

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        is_upload = scope.get("path", "").rstrip("/").endswith("/gradio_api/upload")
        await (self.upload if is_upload else self.other)(scope, receive, send)


class ErrorMiddleware:
    """ASGI middleware: an exception of a route becomes a response with a message, and a line in the log.

    The status is 404 for an unknown handler, 400 for an exception that Gradio raises about a request, and 500 for any
    other. Exceptions of the handlers never come here: Gradio runs the handlers in its queue.
    """

    def __init__(self, app: "ASGIApp"):
        self.app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = False

        async def send_and_note(message: "Message") -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception as error:
            if not started:
                await _error_response(error, f"{scope['method']} {scope['path'][:MAX_LENGTH]!r}")(scope, receive, send)
            elif error.__cause__ is not None and hasattr(error.__cause__, "status_code"):
                # An event stream of an unknown session: Gradio raises after it has sent the start of the response.
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                raise


def _error_response(error: Exception, request: str):
    from gradio.route_utils import FnIndexInferError
    from starlette.responses import JSONResponse

    is_unknown_file = isinstance(error, OSError) and error.errno in _NO_FILE
    if is_unknown_file or isinstance(error, (FnIndexInferError, KeyError)):
        status, expected = 404, "a file, or one of the handlers that /gradio_api/info describes"
    elif isinstance(error, _OF_REQUEST):
        status, expected = 400, "a request as /gradio_api/info describes"
    else:
        _log(request, error)
        return JSONResponse({"detail": "Expected to answer the request. Received: an error of the server"}, 500)
    if not isinstance(error, FnIndexInferError):
        _log(request, error)
    message = f"Expected {expected}. Received: {type(error).__name__}: {_first_line(error)}"
    return JSONResponse({"detail": message}, status)


def _log(request: str, error: Exception) -> None:
    """Write a line about an exception to the log: the request, the exception, and where it was raised."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    place = "" if last is None else f" ({last.tb_frame.f_code.co_filename}:{last.tb_lineno})"
    logger.warning("tfgen app: %s: %s: %s%s", request, type(error).__name__, _first_line(error), place)


def _first_line(error: Exception) -> str:
    if callable(found := getattr(error, "errors", None)):  # An error of pydantic, whose text has many lines.
        return ", ".join(" ".join(map(str, (*each["loc"], each["msg"]))) for each in found())[:MAX_LENGTH]
    lines = str(error).strip().splitlines()
    return without_folders(lines[0])[:MAX_LENGTH] if lines else type(error).__name__
