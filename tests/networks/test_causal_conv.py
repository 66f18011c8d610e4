import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks import CausalConv
from tfgen.networks.causal_conv import CausalBlock
from tfgen.networks.skew import Skew


def images(*shape):
    return tf.constant(np.random.default_rng(1).normal(size=shape).astype(np.float32))


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize(("above", "left", "right"), [(1, 1, 2), (2, 3, 3), (0, 2, 1), (1, 0, 4)])
@pytest.mark.parametrize("strict", [False, True])
def test_a_convolution_depends_on_the_pixels_of_its_window_that_are_not_later(
    above, left, right, dilation, strict, randomized, not_later
):
    layer = CausalConv(2, above, left, right, dilation, strict)
    image = images(1, 9, 12, 1)
    layer.build(image.shape)
    randomized(layer)
    row, column = 5, 6
    with tf.GradientTape() as tape:
        tape.watch(image)
        output = layer(image)[0, row, column, 1]
    used = tape.gradient(output, image).numpy()[0, ..., 0] != 0
    rows, columns = np.arange(9)[:, None] - row, np.arange(12) - column
    window = (rows % dilation == 0) & (columns % dilation == 0) & (rows <= 0) & (rows >= -above * dilation)
    window &= (columns >= -left * dilation) & (columns <= right * dilation)
    np.testing.assert_array_equal(used, window & not_later(9, 12, row, column, strict))


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(("above", "left", "right"), [(1, 1, 2), (2, 3, 3), (0, 2, 1), (1, 0, 4)])
def test_columns_of_a_skewed_image_give_the_same_result(above, left, right, dilation, strict, randomized):
    layer, image, skew = CausalConv(3, above, left, right, dilation, strict), images(2, 6, 7, 2), Skew(6, 7)
    layer.build(image.shape)
    expected, columns = skew(randomized(layer)(image)), skew(image)
    index, kernel, before = skew.window_index(layer.offsets), layer.column_kernel(), layer.backs[0]
    padded = tf.pad(columns, ((0, 0), (0, 0), (before, 0), (0, 0)))
    assert (0 in layer.backs) != strict
    for diagonal in range(skew.diagonals):
        used = [padded[:, :, diagonal + before - back, None] for back in layer.backs]
        found = layer(used, index[diagonal], kernel)[:, :, 0] * skew.inside[diagonal][:, None]
        np.testing.assert_allclose(found, expected[:, :, diagonal], atol=1e-5)


@pytest.mark.parametrize("layer", [CausalConv(4, 2, 1, 3, 2, strict=True), CausalBlock(5, "elu", 0.3, 4)])
def test_layers_are_restored_from_their_configuration(layer, randomized):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    image = images(1, 6, 6, 5)
    again.build(image.shape), layer.build(image.shape)
    for ours, theirs in zip(again.weights, randomized(layer).weights, strict=True):
        ours.assign(theirs)
    np.testing.assert_array_equal(again(image), layer(image))
