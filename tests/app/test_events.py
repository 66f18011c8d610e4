"""The link from events to handlers: errors become messages, and the context is hidden from programs."""

import inspect
import typing

import gradio as gr
import pytest

from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.events import bind, user_errors
from tfgen.errors import UndefinedError


def test_a_handler_keeps_its_result_and_its_documentation():
    @user_errors
    def double(value: int = 3) -> int:
        """Twice as much."""
        return 2 * value

    assert double(4) == 8
    assert double.__doc__ == "Twice as much."
    assert double.__annotations__ == {"value": int, "return": int}


def test_an_error_for_the_user_becomes_a_gradio_error_without_traceback():
    @user_errors
    def refuse():
        raise UndefinedError('a GAN has no <encoder> & "that\'s" it')

    with pytest.raises(gr.Error) as caught:
        refuse()
    assert caught.value.message == 'a GAN has no &lt;encoder&gt; &amp; "that\'s" it'
    assert caught.value.print_exception is False
    assert caught.value.__cause__ is None


def test_another_exception_is_not_converted():
    @user_errors
    def broken():
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        broken()


def double(context: Context, value: int = 3) -> tuple[Context, int]:
    """Double a number.

    Args:
        value: the number.
    """
    if value < 0:
        raise UndefinedError("negative")
    return context, 2 * value


def test_a_bound_handler_gets_the_context_and_hides_it_from_the_documentation():
    from gradio.utils import get_function_description, get_function_params

    context = Context(Catalogue("runs"), None, None)  # type: ignore[arg-type]
    bound = bind(double, context)
    assert bound(4) == bound(value=4) == (context, 8)
    assert bound.__name__ == "double"
    assert list(inspect.signature(bound).parameters) == ["value"]
    assert [name for name, *_ in get_function_params(bound)] == ["value"]
    assert set(typing.get_type_hints(bound)) == {"value", "return"}
    assert get_function_description(bound)[:2] == ("Double a number.", {"value": "the number."})
    with pytest.raises(gr.Error, match="negative"):
        bound(-1)
