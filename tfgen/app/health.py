"""The address that a container or a load balancer asks whether the app answers: /health, without a password."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def health(request: Request) -> JSONResponse:
    """Return {"status": "ok"}. It tells nothing about runs or models, which a password may protect."""
    return JSONResponse({"status": "ok"})


#: The route, for the application that Gradio makes.
HEALTH = Route("/health", health)
