"""Error messages for requests that never reach a handler, because Gradio cannot interpret them.

Gradio answers many of these requests with status 500 and a traceback in the log, as if the program were at fault. The
functions below answer with status 400 or 404 and a message instead.
"""

import html
from typing import TYPE_CHECKING, Any

import gradio as gr

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Longest part of an error's text in an answer, in characters.
MAX_LENGTH = 300


def explain_input_errors(blocks: gr.Blocks) -> None:
    """Answer inputs that Gradio cannot convert with a message, as `events.user_errors` does for handlers.

    Examples: a file that was never uploaded, an address that cannot be fetched, too few values, a wrong type.

    Args:
        blocks: the page. Its method `preprocess_data` is replaced.
    """
    preprocess = blocks.preprocess_data

    async def preprocess_with_message(*args, **kwargs) -> list[Any]:
        try:
            return await preprocess(*args, **kwargs)
        except gr.Error as error:
            message = error.message
        except Exception as error:
            message = f"Expected inputs as /gradio_api/info describes them. Received: {_first_line(error)}"
        raise gr.Error(html.escape(message, quote=False), title="Not possible", print_exception=False) from None

    blocks.preprocess_data = preprocess_with_message  # type: ignore[method-assign]


class ErrorMiddleware:
    """ASGI middleware: an exception of a route becomes status 404 for an unknown handler, and status 400 otherwise.

    Exceptions of the handlers never come here: Gradio runs the handlers in its queue.
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
                await _error_response(error)(scope, receive, send)
            elif error.__cause__ is not None and hasattr(error.__cause__, "status_code"):
                # An event stream of an unknown session: Gradio raises after it has sent the start of the response.
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                raise


def _error_response(error: Exception):
    from gradio.route_utils import FnIndexInferError
    from starlette.responses import JSONResponse

    status = 404 if isinstance(error, (FnIndexInferError, KeyError)) else 400
    expected = "one of the handlers that" if status == 404 else "a request as"
    message = f"Expected {expected} /gradio_api/info describes. Received: {type(error).__name__}: {_first_line(error)}"
    return JSONResponse({"detail": message}, status)


def _first_line(error: Exception) -> str:
    if callable(found := getattr(error, "errors", None)):  # An error of pydantic, whose text has many lines.
        return ", ".join(" ".join(map(str, (*each["loc"], each["msg"]))) for each in found())[:MAX_LENGTH]
    lines = str(error).strip().splitlines()
    return lines[0][:MAX_LENGTH] if lines else type(error).__name__
