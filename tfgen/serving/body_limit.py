"""A limit on the size of HTTP requests, before their bodies are read into memory."""

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class BodyLimit:
    """ASGI middleware: refuse a larger request with status 413 and a sentence.

    A request with the header Content-Length is refused before its body is read. Starlette's own limit counts the bytes
    of other requests, and raises an HTTPException.

    Args:
        app: the application.
        max_body: largest body in bytes.
        key: key of the sentence in the JSON object of the response.
    """

    def __init__(self, app: "ASGIApp", max_body: int, key: str = "error"):
        self.counted = RequestBodyLimitMiddleware(app, max_body)
        self.max_body, self.key = max_body, key

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        length = Headers(scope=scope).get("content-length", "0") if scope["type"] == "http" else "0"
        # Python does not convert a number of more than 4,300 digits.
        if length.isdecimal() and (len(length) > 18 or int(length) > self.max_body):
            await too_large(self.max_body, length[:40], self.key)(scope, receive, send)
        else:
            await self.counted(scope, receive, send)


def too_large(max_body: int, received: str, key: str = "error") -> JSONResponse:
    """Return the response to a request that is too large."""
    sentence = f"Expected a request of {max_body} bytes or fewer. Received: {received}"
    return JSONResponse({key: sentence}, status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
