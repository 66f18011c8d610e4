import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.bijectors import Invertible1x1, LUMatrix

tfb = tfp.bijectors


def test_a_new_matrix_is_a_rotation():
    layer = LUMatrix(12, seed=4)
    matrix = layer.matrix().numpy()
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(12), atol=1e-5)
    np.testing.assert_allclose(layer.inverse_matrix(), matrix.T, atol=1e-5)
    assert abs(np.sum(layer.log_diagonal)) < 1e-4


def test_the_seed_determines_the_rotation():
    first = LUMatrix(4, seed=0).matrix()
    np.testing.assert_array_equal(first, LUMatrix(4, seed=0).matrix())
    assert np.abs(first - LUMatrix(4, seed=1).matrix()).max() > 0.1


def test_it_is_the_inverse_of_tfp_s_scale_matvec_lu(randomized):
    layer = randomized(LUMatrix(6, seed=2), gain=0.5)
    lower_upper, permutation = tf.linalg.lu(layer.matrix())
    reference = tfb.Invert(tfb.ScaleMatvecLU(lower_upper, permutation))
    bijector = Invertible1x1(layer)
    x = tf.constant(np.random.default_rng(0).normal(size=(2, 3, 3, 6)), tf.float32)
    np.testing.assert_allclose(bijector.forward(x), reference.forward(x), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(bijector.inverse(x), reference.inverse(x), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(
        bijector.forward_log_det_jacobian(x, event_ndims=3),
        reference.forward_log_det_jacobian(x, event_ndims=3),
        rtol=1e-4,
    )


def test_the_direction_of_training_solves_no_linear_system():
    bijector = Invertible1x1(LUMatrix(4))
    function = tf.function(lambda y: bijector.inverse(y))
    graph = function.get_concrete_function(tf.TensorSpec((2, 4, 4, 4))).graph
    kinds = [operation.type for operation in graph.get_operations()]
    assert "MatrixTriangularSolve" not in kinds and "BatchMatMulV2" not in kinds
