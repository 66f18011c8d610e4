"""Requests that no handler gets to see, because they are none of Gradio's: answered by a sentence too.

Gradio answers many of them with an error of its own making: status 500 and a traceback in the log, as if the program
were at fault.
"""

import html
from typing import TYPE_CHECKING, Any

import gradio as gr

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST = 300


def refuse_inputs(blocks: gr.Blocks) -> None:
    """Let what cannot even be handed to a handler be answered as `answers.answering` answers.

    Files that were never uploaded, addresses that cannot be fetched, too few values, values of another type.
    """
    preprocess = blocks.preprocess_data

    async def explained(*args, **kwargs) -> list[Any]:
        try:
            return await preprocess(*args, **kwargs)
        except gr.Error as error:
            message = error.message
        except Exception as error:
            message = f"Expected inputs as /gradio_api/info describes them. Received: {_first_line(error)}"
        raise gr.Error(html.escape(message, quote=False), title="Not possible", print_exception=False) from None

    blocks.preprocess_data = explained  # type: ignore[method-assign]


class Refusals:
    """ASGI middleware: what a route raises becomes status 404, where there is no such handler, or 400.

    Handlers' own exceptions never come here: Gradio runs them behind its queue.
    """

    def __init__(self, app: "ASGIApp"):
        self.app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = False

        async def watched(message: "Message") -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if not started:
                await _refusal(error)(scope, receive, send)
            elif error.__cause__ is not None and hasattr(error.__cause__, "status_code"):
                # A stream of events for a session that there is not: Gradio finds out when it has begun to answer.
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                raise


def _refusal(error: Exception):
    from gradio.route_utils import FnIndexInferError
    from starlette.responses import JSONResponse

    status = 404 if isinstance(error, (FnIndexInferError, KeyError)) else 400
    expected = "one of the handlers that" if status == 404 else "a request as"
    sentence = f"Expected {expected} /gradio_api/info describes. Received: {type(error).__name__}: {_first_line(error)}"
    return JSONResponse({"detail": sentence}, status)


def _first_line(error: Exception) -> str:
    if callable(found := getattr(error, "errors", None)):  # pydantic's, whose text is many lines
        return ", ".join(" ".join(map(str, (*each["loc"], each["msg"]))) for each in found())[:LONGEST]
    lines = str(error).strip().splitlines()
    return lines[0][:LONGEST] if lines else type(error).__name__
