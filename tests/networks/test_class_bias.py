import numpy as np

from tfgen.networks import ClassBias


def test_each_class_has_a_bias_for_each_layer():
    layer = ClassBias(3, 4, 2)
    rows = np.arange(24.0).reshape(3, 8).astype(np.float32)
    layer.embeddings.assign(rows)
    first, second = layer(np.eye(3, dtype=np.float32)[[2, 0]])
    np.testing.assert_array_equal(first, rows[[2, 0], :4].reshape(2, 1, 1, 4))
    np.testing.assert_array_equal(second, rows[[2, 0], 4:].reshape(2, 1, 1, 4))


def test_new_biases_are_zero():
    assert not np.any(ClassBias(3, 4, 1)(np.eye(3, dtype=np.float32))[0])


def test_the_layer_is_restored_from_its_configuration():
    assert ClassBias.from_config(ClassBias(3, 4, 2, name="bias").get_config()).embeddings.shape == (3, 8)
