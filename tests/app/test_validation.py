"""Handlers answer or say a sentence, and take numbers for what they are."""

import gradio as gr
import pytest

from tfgen.app.validation import answering, number, one_of, whole
from tfgen.errors import ConfigError, UndefinedError


def test_a_result_passes_as_it_is_and_the_handler_keeps_its_description():
    @answering
    def double(value: int = 3) -> int:
        """Twice as much."""
        return 2 * value

    assert double(4) == 8
    assert double.__doc__ == "Twice as much."
    assert double.__annotations__ == {"value": int, "return": int}


def test_a_refusal_becomes_its_sentence_as_text_without_a_traceback():
    @answering
    def refuse():
        raise UndefinedError('a GAN has no <encoder> & "that\'s" it')

    with pytest.raises(gr.Error) as caught:
        refuse()
    assert caught.value.message == 'a GAN has no &lt;encoder&gt; &amp; "that\'s" it'
    assert caught.value.print_exception is False
    assert caught.value.__cause__ is None


def test_a_mistake_of_the_program_stays_one():
    @answering
    def broken():
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        broken()


@pytest.mark.parametrize("value", [1, 144, 7.0])
def test_an_integer_is_one_however_it_is_written(value):
    found = whole("count", value, 1, 144)
    assert found == value
    assert type(found) is int


@pytest.mark.parametrize(
    "value", [0, 145, 1.5, float("nan"), float("inf"), "3", None, True, [3], {}, pytest.param(10**9999, id="huge")]
)
def test_what_is_no_integer_of_the_range_is_refused(value):
    with pytest.raises(ConfigError, match=r"count: expected an integer from 1 to 144\. Received: "):
        whole("count", value, 1, 144)


@pytest.mark.parametrize("value", [0, 2, 0.35])
def test_a_number_is_one(value):
    assert number("temperature", value, 0.0, 2.0) == value


@pytest.mark.parametrize(
    "value", [-0.01, 2.01, float("nan"), float("inf"), "1", None, False, [1.0], 10**400, "x" * 10**6]
)
def test_what_is_no_number_of_the_range_is_refused(value):
    with pytest.raises(ConfigError, match=r"temperature: expected a number from 0 to 2\. Received: ") as caught:
        number("temperature", value, 0.0, 2.0)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", ["curvy", "", None, 3, ["linear"], {"linear": 1}])
def test_what_is_none_of_a_few_words_is_refused(value):
    assert one_of("path", "linear", ("linear", "spherical")) == "linear"
    with pytest.raises(ConfigError, match=r"path: expected one of linear, spherical\. Received: "):
        one_of("path", value, ("linear", "spherical"))
