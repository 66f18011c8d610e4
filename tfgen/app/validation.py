"""How handlers answer: with a result, or with the sentence of what was wrong."""

import functools
import html
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import gradio as gr

from tfgen.errors import TfgenError

Handler = TypeVar("Handler", bound=Callable[..., Any])

#: Settings of every event that computes with a model: one of them runs at a time, and of the changes that arrive while
#: it runs only the last one is computed.
COMPUTING: dict[str, Any] = {
    "concurrency_id": "model",
    "concurrency_limit": 1,
    "trigger_mode": "always_last",
    "show_progress": "minimal",
}
#: Settings of events that are no question of their own: those of the page itself.
INTERNAL: dict[str, Any] = {"api_visibility": "private"}


def answering(handler: Handler) -> Handler:
    """Shows a `TfgenError` as its sentence, on the page and to a program that calls."""

    @functools.wraps(handler)
    def answer(*args, **kwargs):
        try:
            return handler(*args, **kwargs)
        except TfgenError as error:
            # The page takes messages for HTML, and parts of them are what somebody sent.
            message = html.escape(str(error), quote=False)
            raise gr.Error(message, title="Not possible", print_exception=False) from None

    return answer  # type: ignore[return-value]


def whole(name: str, value: Any, low: int, high: int) -> int:
    """An integer that came in. Raises `ConfigError` if it is none, or out of range."""
    from tfgen.errors import ConfigError

    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigError(f"{name}: expected an integer from {low} to {high}. Received: {_shown(value)}")
    return value


def number(name: str, value: Any, low: float, high: float) -> float:
    """A number that came in. Raises `ConfigError` if it is none, or out of range."""
    from tfgen.errors import ConfigError

    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ConfigError(f"{name}: expected a number from {low:g} to {high:g}. Received: {_shown(value)}")
    return float(value)


def one_of(name: str, value: Any, allowed: Iterable[str]) -> str:
    """One of a few words that came in. Raises `ConfigError` on anything else."""
    from tfgen.errors import ConfigError

    allowed = list(allowed)
    if value not in allowed:
        raise ConfigError(f"{name}: expected one of {', '.join(allowed)}. Received: {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    """What came in, shortened: it may be of any size."""
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits, which Python does not write
        return "an integer out of range"
    return text if len(text) <= 80 else f"{text[:80]}…"
