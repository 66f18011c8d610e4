"""A limit on the number of requests of a client in a minute."""

import math
import time
from typing import TYPE_CHECKING

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

#: Requests a minute of a client of another machine. A slider that is moved without pause sends a few in a second.
USUAL = 600
#: Attempts to log in, of a client in a minute.
LOGINS = 20


class RateLimit:
    """ASGI middleware: a client that sends too many requests in a minute gets status 429 and a sentence.

    Requests that may compute something or send data are counted: those with the method POST. Attempts to log in have a
    smaller limit of their own. A client is known by its address. Behind a proxy, Uvicorn takes the address from the
    header X-Forwarded-For of proxies whose address stands in the environment variable FORWARDED_ALLOW_IPS.

    Args:
        app: the application.
        requests: largest number of requests in a minute; 0 for any number.
        logins: largest number of attempts to log in, in a minute.
    """

    def __init__(self, app: "ASGIApp", requests: int, logins: int = LOGINS):
        self.app = app
        self.requests = RateLimitItemPerMinute(requests) if requests else None
        self.logins = RateLimitItemPerMinute(logins)
        self.limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            return await self.app(scope, receive, send)
        is_login = scope["path"].rstrip("/").endswith("/login")
        limit, kind = (self.logins, "logins") if is_login else (self.requests, "requests")
        address = (scope.get("client") or ("unknown", 0))[0]
        if limit is None or await self.limiter.hit(limit, kind, address):
            return await self.app(scope, receive, send)
        reset = (await self.limiter.get_window_stats(limit, kind, address)).reset_time
        wait = max(1, math.ceil(reset - time.time()))
        sentence = f"Expected at most {limit.amount} {kind} a minute. Received: more. Try again in {wait} s"
        await JSONResponse({"detail": sentence}, 429, {"Retry-After": str(wait)})(scope, receive, send)
