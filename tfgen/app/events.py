"""Settings that the events of all tabs share, and the link from an event to a handler."""

import functools
import html
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr

from tfgen.app.context import Context
from tfgen.app.public_text import without_folders
from tfgen.errors import TfgenError

Handler = TypeVar("Handler", bound=Callable[..., Any])

#: Settings of every event that computes with a model. One such event runs at a time. Of the events that arrive while
#: one runs, only the latest is computed.
COMPUTING: dict[str, Any] = {
    "concurrency_id": "model",
    "concurrency_limit": 1,
    "trigger_mode": "always_last",
    "show_progress": "minimal",
}
#: Settings of a further listener of an event. Gradio sends an event to all its listeners again when a listener with
#: "always_last" was busy. Two such listeners would wake each other without end.
FURTHER: dict[str, Any] = {"trigger_mode": "multiple"}
#: Settings of events that belong to the page. Programs cannot call them.
INTERNAL: dict[str, Any] = {"api_visibility": "private"}


def unless_cleared(handler: Callable[..., Any], inputs: Sequence, outputs: Sequence) -> Callable[..., Any]:
    """Return the handler, which changes nothing while a number is empty: the user has cleared it to type another one.

    Args:
        handler: function from the values of `inputs` to the values of `outputs`.
        inputs, outputs: components.
    """
    numbers = [place for place, component in enumerate(inputs) if isinstance(component, gr.Number | gr.Slider)]

    @functools.wraps(handler)
    def checked(*values):
        if any(values[place] is None for place in numbers):
            return [gr.skip()] * len(outputs) if len(outputs) > 1 else gr.skip()
        return handler(*values)

    return checked


def with_usual_numbers(values: Sequence, inputs: Sequence) -> list[Any]:
    """Return the values of components, in which the first value of the component stands for an empty number."""
    return [
        component.value if value is None and isinstance(component, gr.Number | gr.Slider) else value
        for value, component in zip(values, inputs, strict=True)
    ]


def error_text(error: TfgenError, *folders: Path) -> str:
    """Return the message of an error for the page: as HTML, without the folders of the machine.

    The page renders a message as HTML, and a message may contain text that a visitor sent. `folders` are those whose
    names may contain spaces.
    """
    return html.escape(without_folders(str(error), *folders), quote=False)


def user_errors(handler: Handler, *folders: Path) -> Handler:
    """Return the handler with every `TfgenError` raised as a `gr.Error`.

    Gradio shows the message of a `gr.Error` on the page and sends the message to a program that called the handler. The
    message tells no folders of the machine; `folders` are those whose names may contain spaces.
    """

    @functools.wraps(handler)
    def checked(*args, **kwargs):
        try:
            return handler(*args, **kwargs)
        except TfgenError as error:
            raise gr.Error(error_text(error, *folders), title="Not possible", print_exception=False) from None

    return checked  # type: ignore[return-value]


def bind(handler: Callable[..., Any], context: Context) -> Callable[..., Any]:
    """Return the handler with `context` as its first argument and its errors as in `user_errors`.

    The name, the docstring and the other parameters stay: Gradio builds the documentation for programs from them.
    """

    @functools.wraps(handler)
    def bound(*args, **kwargs):
        return handler(context, *args, **kwargs)

    signature = inspect.signature(handler)
    first, *others = signature.parameters.values()
    bound.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
    bound.__annotations__ = {name: kind for name, kind in handler.__annotations__.items() if name != first.name}
    return user_errors(bound, context.catalogue.root)
