"""The operations of generating an image grow with its area and not faster."""

import math

import pytest

from tfgen.bijectors import AutoregressiveSpline
from tfgen.networks import AutoregressiveNetwork


def generation(height, width, **options):
    """(steps, operations of a step with their output shapes) of the generation of one image."""
    network = AutoregressiveNetwork((height, width, 2), 2 * 11, width=8, blocks=2, **options)
    bijector = AutoregressiveSpline(network, bins=4)
    graph = bijector._compiled_generate.get_concrete_function().graph
    (loop,) = (operation for operation in graph.get_operations() if operation.type in ("While", "StatelessWhile"))
    body = graph._get_function(loop.get_attr("body").name).graph
    shapes = [
        (operation.type, list(output.shape)) for operation in body.get_operations() for output in operation.outputs
    ]
    return network.skew.diagonals, [(kind, shape[1:]) for kind, shape in shapes if shape and None not in shape[1:]]


@pytest.mark.parametrize("options", [{}, {"channel_autoregressive": True}])
def test_a_step_computes_one_column_however_wide_the_image_is(options):
    """Only the writing of a column to the image, a few operations without any network, touches the whole image."""
    # The columns of an image that is at least twice as wide as high have a row for each row of the image.
    (_, narrow), (_, wide) = generation(6, 12, **options), generation(6, 80, **options)
    assert len(narrow) == len(wide) > 100
    # Arguments and results of the loop's body pass the image and the biases on, which takes no operations.
    passed_on = {"Placeholder", "Identity"}
    grown = [
        (kind, shape)
        for (kind, shape), (_, before) in zip(wide, narrow, strict=True)
        if shape != before and kind not in passed_on and math.prod(shape) > 100
    ]
    assert all(shape[-1] == 2 for _, shape in grown), grown
    assert len(grown) <= 2


def test_the_operations_of_all_steps_are_linear_in_the_area():
    def operations(side):
        steps, of_step = generation(side, side, channel_autoregressive=True)
        return steps * sum(
            math.prod(shape) for kind, shape in of_step if kind not in ("Placeholder", "Identity", "Const")
        )

    small, large = operations(8), operations(16)
    # Steps: 3 side − 2. The area is 4 times as large.
    assert large / small < 4.6
