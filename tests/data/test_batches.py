"""Training and evaluation batches."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.data.batches import Batches, evaluation_batches
from tfgen.errors import DataError

N, BATCH = 103, 8


def epoch(batches, number):
    """Return the batches of an epoch, [steps, batch]."""
    steps = np.arange(batches.steps_per_epoch, dtype=np.int64) + number * batches.steps_per_epoch
    at = tf.function(batches.at)
    return np.stack([at(tf.constant(step)).numpy() for step in steps])


def test_an_epoch_visits_no_example_twice_and_leaves_out_the_remainder():
    batches = Batches(np.arange(N), BATCH, seed=0)
    assert batches.steps_per_epoch == 12
    first, second = epoch(batches, 0), epoch(batches, 1)
    assert first.shape == (12, BATCH)
    assert len(set(first.ravel())) == first.size
    assert not np.array_equal(first, second)
    assert set(first.ravel()) != set(second.ravel())


def test_without_shuffling_every_epoch_has_the_order_of_the_examples():
    batches = Batches(np.arange(N), BATCH, seed=0, shuffle=False)
    for number in (0, 5):
        np.testing.assert_array_equal(epoch(batches, number).ravel(), np.arange(96))


def test_a_batch_depends_on_the_step_only_in_eager_graph_and_xla_mode():
    batches, fresh = Batches(np.arange(N), BATCH, seed=4), Batches(np.arange(N), BATCH, seed=4)
    graph = tf.function(batches.at)
    compiled = tf.function(batches.at, jit_compile=True)
    for step in (30, 11, 12, 5_000_000_000):
        expected = fresh.at(step).numpy()
        for form in (batches.at, graph, compiled):
            np.testing.assert_array_equal(form(tf.constant(step, tf.int64)), expected)
    np.testing.assert_array_equal(batches.at(tf.constant(30)), batches.at(tf.Variable(30, dtype=tf.int64)))
    assert graph.get_concrete_function(tf.TensorSpec([], tf.int64)).output_shapes == (BATCH,)


def test_a_seed_gives_the_same_batches_in_every_version():
    assert Batches(np.arange(1000), 6, seed=1).at(7).numpy().tolist() == [328, 745, 584, 932, 166, 963]


def test_replicas_take_contiguous_shares_of_one_global_batch():
    batches = Batches(np.arange(N), BATCH, seed=0)
    for step in (3, 40):
        shares = [batches.at(step, replica, 4) for replica in range(4)]
        assert all(share.shape == (2,) for share in shares)
        np.testing.assert_array_equal(tf.concat(shares, 0), batches.at(step))
        np.testing.assert_array_equal(batches.at(step, tf.constant(1), 2), batches.at(step)[4:])


def test_batches_have_the_type_of_the_examples():
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), np.uint8)
    batch = Batches(images, 20, seed=0).at(0).numpy()
    assert batch.dtype == np.uint8
    assert batch.shape == (20, 4, 4, 3)
    assert sorted(map(bytes, batch)) == sorted(map(bytes, images))
    assert Batches(np.zeros((20, 2), np.float32), 5, seed=0).at(0).dtype == tf.float32


def test_the_tf_dataset_yields_the_same_batches_from_any_start_step():
    batches = Batches(np.arange(N), BATCH, seed=2)
    expected = np.concatenate([epoch(batches, 0), epoch(batches, 1)])
    np.testing.assert_array_equal(list(batches.dataset(epochs=2).as_numpy_iterator()), expected)
    np.testing.assert_array_equal(list(batches.dataset(epochs=2, start_step=17).as_numpy_iterator()), expected[17:])
    endless = batches.dataset(start_step=20).take(10).as_numpy_iterator()
    np.testing.assert_array_equal(list(endless)[:4], expected[20:])


def test_a_keras_model_fits_on_the_tf_dataset():
    import keras

    class Mean(keras.Model):
        def __init__(self):
            super().__init__()
            self.centre = self.add_weight(shape=(2,), initializer="zeros")
            self.seen = []

        def train_step(self, points):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((points - self.centre) ** 2)
            self.optimizer.apply_gradients([(tape.gradient(loss, self.centre.value), self.centre)])
            return {"loss": loss}

    points = np.full((40, 2), 3, np.float32)
    batches = Batches(points, 10, seed=0)
    model = Mean()
    model.compile(optimizer=keras.optimizers.SGD(0.5))
    history = model.fit(batches.dataset(), epochs=3, steps_per_epoch=batches.steps_per_epoch, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations.numpy()) == 12
    assert history.history["loss"][-1] < 1e-3


@pytest.mark.parametrize(("batch_size", "seed"), [(0, 0), (-1, 0), (N + 1, 0)])
def test_a_batch_larger_than_the_set_is_refused(batch_size, seed):
    with pytest.raises(DataError, match=rf"batch size of 1 to {N}.*batch_size={batch_size}"):
        Batches(np.arange(N), batch_size, seed)


def test_a_negative_seed_and_an_indivisible_batch_size_are_refused():
    with pytest.raises(DataError, match="seed=-1"):
        Batches(np.arange(N), 4, seed=-1)
    with pytest.raises(DataError, match=r"divisible.*batch_size=8, replicas=3"):
        Batches(np.arange(N), 8, seed=0).at(0, 0, 3)


@pytest.mark.parametrize("batch_size", [1, 4, 5, 20, 32])
def test_evaluation_counts_every_example_exactly_once(batch_size):
    examples = np.arange(100, 120, dtype=np.float32)
    seen, total = [], 0.0
    for batch, mask in evaluation_batches(examples, batch_size):
        assert batch.shape == mask.shape == (batch_size,)
        assert mask.dtype == tf.float32
        seen += batch.numpy()[mask.numpy() == 1].tolist()
        assert (batch.numpy()[mask.numpy() == 0] == 100).all()
        total += float(tf.reduce_sum(mask))
    assert seen == examples.tolist()
    assert total == 20


def test_evaluation_refuses_an_empty_set_and_a_batch_size_of_0_at_the_call():
    with pytest.raises(DataError, match="0 examples"):
        evaluation_batches(np.zeros((0, 2)), 4)
    with pytest.raises(DataError, match="batch_size=0"):
        evaluation_batches(np.zeros((3, 2)), 0)
