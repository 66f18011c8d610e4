"""Checks of values from the page: accepted values, and messages about the others."""

import pytest

from tfgen.app.validation import expect_images, float_in_range, int_in_range, one_of
from tfgen.errors import ConfigError, UndefinedError


@pytest.mark.parametrize("value", [1, 144, 7.0])
def test_an_integer_may_be_written_as_a_float(value):
    found = int_in_range("count", value, 1, 144)
    assert found == value
    assert type(found) is int


@pytest.mark.parametrize(
    "value", [0, 145, 1.5, float("nan"), float("inf"), "3", None, True, [3], {}, pytest.param(10**9999, id="huge")]
)
def test_a_value_that_is_no_integer_in_the_range_is_refused(value):
    with pytest.raises(ConfigError, match=r"count: expected an integer from 1 to 144\. Received: "):
        int_in_range("count", value, 1, 144)


@pytest.mark.parametrize("value", [0, 2, 0.35])
def test_a_number_in_the_range_is_returned(value):
    assert float_in_range("temperature", value, 0.0, 2.0) == value


@pytest.mark.parametrize(
    "value", [-0.01, 2.01, float("nan"), float("inf"), "1", None, False, [1.0], 10**400, "x" * 10**6]
)
def test_a_value_that_is_no_number_in_the_range_is_refused(value):
    with pytest.raises(ConfigError, match=r"temperature: expected a number from 0 to 2\. Received: ") as caught:
        float_in_range("temperature", value, 0.0, 2.0)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", ["curvy", "", None, 3, ["linear"], {"linear": 1}])
def test_a_word_that_is_not_allowed_is_refused(value):
    assert one_of("path", "linear", ("linear", "spherical")) == "linear"
    with pytest.raises(ConfigError, match=r"path: expected one of linear, spherical\. Received: "):
        one_of("path", value, ("linear", "spherical"))


def test_a_model_of_points_is_refused_where_images_are_needed(tiny_models):
    expect_images(tiny_models("gan"), "A map")
    with pytest.raises(UndefinedError, match=r"^A map needs a model of images, and this model generates points"):
        expect_images(tiny_models("points"), "A map")
