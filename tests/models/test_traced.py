"""A traced method runs as one function, for any number of rows, and sees the variables as they are."""

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf

from tfgen.models.parts import DECODE_BATCH, in_parts
from tfgen.models.traced import traced


class Scaled:
    """Multiplies rows by a variable."""

    def __init__(self):
        self.factor = tf.Variable(2.0)
        self.calls = 0

    @traced
    def scaled(self, rows, offset):
        self.calls += 1
        return rows * self.factor + (0.0 if offset is None else offset)


def test_python_runs_once_for_all_numbers_of_rows():
    model = Scaled()
    for n in (3, 1, 7):
        np.testing.assert_array_equal(model.scaled(np.ones((n, 2), np.float32), None), np.full((n, 2), 2.0))
    assert model.calls == 1
    offset = tf.fill((3, 2), 5.0)
    np.testing.assert_array_equal(model.scaled(tf.ones((3, 2)), offset), np.full((3, 2), 7.0))
    assert model.calls == 2


def test_a_changed_variable_changes_the_result():
    model, other = Scaled(), Scaled()
    model.scaled(tf.ones((2, 2)), None)
    model.factor.assign(10.0)
    assert model.scaled(tf.ones((2, 2)), None).numpy().max() == 10.0
    assert other.scaled(tf.ones((2, 2)), None).numpy().max() == 2.0


def test_within_a_graph_the_operations_belong_to_the_graph():
    model = Scaled()
    model.scaled(tf.ones((1, 2)), None)
    graph = tf.function(lambda rows: model.scaled(rows, None)).get_concrete_function(tf.TensorSpec((4, 2)))
    assert graph.structured_outputs.shape == (4, 2)
    assert not [op.type for op in graph.graph.get_operations() if "Call" in op.type]


def test_scalars_and_several_results():
    class Shifted:
        @traced
        def shifted(self, rows, by):
            return rows + tf.cast(by, tf.float32), tf.cast(by, tf.int64)

    model = Shifted()
    for n, by in ((2, 3), (5, 4)):
        moved, number = model.shifted(tf.ones((n, 2)), tf.constant(by, tf.int64))
        np.testing.assert_array_equal(moved, np.full((n, 2), 1.0 + by))
        assert int(number) == by


def test_gradients_pass():
    model, rows = Scaled(), tf.ones((3, 2))
    with tf.GradientTape() as tape:
        tape.watch(rows)
        total = tf.reduce_sum(model.scaled(rows, None))
    np.testing.assert_array_equal(tape.gradient(total, rows), np.full((3, 2), 2.0))


def test_a_traced_model_leaves_the_memory():
    model = Scaled()
    model.scaled(tf.ones((2, 2)), None)
    reference = weakref.ref(model)
    del model
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize("n", [1, DECODE_BATCH, DECODE_BATCH + 1, 3 * DECODE_BATCH])
def test_parts_are_small_and_joined_in_order(n):
    sizes = []

    def double(rows, nothing, labels):
        sizes.append(len(rows))
        assert nothing is None and len(labels) == len(rows)
        return tf.constant(2 * rows + labels)

    rows = np.arange(n)
    np.testing.assert_array_equal(in_parts(double, rows, None, rows), 3 * rows)
    assert max(sizes) <= DECODE_BATCH and sum(sizes) == n
