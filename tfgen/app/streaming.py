"""Events that show several results, one after the other."""

from collections.abc import Callable, Iterator
from typing import Any

from tfgen.app.context import Context
from tfgen.app.events import user_errors

_END = object()


def bind_stream(handler: Callable[..., Iterator[Any]], context: Context) -> Callable[..., Iterator[Any]]:
    """Return a generator function with `context` as its first argument and its errors as in `user_errors`."""

    # Without `functools.wraps`: Gradio would count the context among the arguments.
    def bound(*values):
        results = handler(context, *values)
        following = user_errors(lambda: next(results, _END), context.catalogue.root)
        while (result := following()) is not _END:
            yield result

    return bound
