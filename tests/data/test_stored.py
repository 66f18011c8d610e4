"""Images that stay in a file."""

import gc
import os

import numpy as np
import pytest
import tensorflow as tf

from tfgen.data import load
from tfgen.data.batches import Batches, evaluation_batches
from tfgen.data.sets import ImageSet
from tfgen.data.stored import StoredImages, chunks_of

ARRAY = np.random.default_rng(0).integers(0, 256, (50, 4, 3, 3), np.uint8)


@pytest.fixture
def stored(tmp_path):
    ARRAY.tofile(tmp_path / "images.bin")
    return StoredImages(tmp_path / "images.bin", ARRAY.shape)


KEYS = [0, -1, slice(3, 9), slice(40, None, 3), slice(None, None, -1), np.array([7, 7, 0, -1]), np.arange(50) % 3 == 0]


@pytest.mark.parametrize("key", [*KEYS, slice(0, 0)])
def test_rows_are_those_of_the_array(stored, key):
    np.testing.assert_array_equal(stored[key], ARRAY[key])


@pytest.mark.parametrize("first", KEYS[2:])
@pytest.mark.parametrize("second", [slice(1, 3), np.array([2, 0]), slice(None, None, -1)])
def test_views_of_views_are_those_of_the_array(stored, first, second):
    view = stored.view(first).view(second)
    assert isinstance(view, StoredImages)
    assert view.shape == ARRAY[first][second].shape
    np.testing.assert_array_equal(np.asarray(view), ARRAY[first][second])
    np.testing.assert_array_equal(np.concatenate([*chunks_of(view)]), ARRAY[first][second])


def test_a_position_outside_is_an_error(stored):
    for key in (50, np.array([50])):
        with pytest.raises(IndexError):
            stored[key]
    with pytest.raises(IndexError):
        stored.view(np.array([50]))


def test_a_short_file_is_an_error(tmp_path):
    ARRAY[:10].tofile(tmp_path / "images.bin")
    with pytest.raises(OSError, match=r"expected 1800 bytes\. Received: 360"):
        StoredImages(tmp_path / "images.bin", ARRAY.shape)


def test_the_file_is_closed_with_the_last_view(stored):
    descriptor = stored._file.descriptor
    view = stored.view(slice(2))
    del stored
    gc.collect()
    assert os.fstat(descriptor)
    assert view[0].shape == (4, 3, 3)


def test_a_set_of_stored_images_is_split_without_a_copy(stored):
    images = ImageSet(stored, 256, np.arange(50))
    part = images[np.array([9, 3])][1:]
    assert isinstance(part.examples, StoredImages)
    assert part.labels.tolist() == [3]
    np.testing.assert_array_equal(part.examples[:], ARRAY[3:4])


@pytest.mark.parametrize("labels", [None, np.arange(40)])
def test_batches_have_the_bits_of_a_set_in_memory(stored, labels):
    order = np.random.default_rng(1).permutation(50)[:40]
    from_file = Batches(stored.view(order), 8, seed=3, labels=labels)
    in_memory = Batches(ARRAY[order], 8, seed=3, labels=labels)
    compiled = tf.function(from_file.at)
    for step in (0, 3, 11, 1000):
        expected = tf.nest.flatten(in_memory.at(step))
        for batch in (from_file.at(step), compiled(tf.constant(step, tf.int64))):
            for part, value in zip(tf.nest.flatten(batch), expected, strict=True):
                np.testing.assert_array_equal(part, value)
    static = compiled.get_concrete_function(tf.TensorSpec([], tf.int64)).structured_outputs
    assert tf.nest.flatten(static)[0].shape == (8, 4, 3, 3)
    share = from_file.at(5, tf.constant(1), 2)
    np.testing.assert_array_equal(tf.nest.flatten(share)[0], tf.nest.flatten(in_memory.at(5, 1, 2))[0])


@pytest.fixture
def fetched(monkeypatch):
    """Offset and length of each part of a file that the system was asked to fetch."""
    parts = []
    monkeypatch.setattr(
        "os.posix_fadvise", lambda descriptor, offset, length, advice: parts.append((offset, length)), raising=False
    )
    monkeypatch.setattr("os.POSIX_FADV_WILLNEED", 3, raising=False)
    return parts


def test_a_step_has_the_batch_of_the_next_step_fetched(stored, fetched):
    order = np.random.default_rng(1).permutation(50)[:40]
    batches = Batches(stored.view(order), 8, seed=3)
    numbers = Batches(order, 8, seed=3)
    size = ARRAY[0].nbytes
    # Step 4 is the last one of its epoch.
    for step in (0, 4):
        fetched.clear()
        batches.at(step)
        rows = np.concatenate([numbers.at(step), numbers.at(step + 1)])
        covered = [row for offset, length in fetched for row in range(offset // size, (offset + length) // size)]
        assert covered == rows.tolist()


def test_neighbours_are_fetched_as_one_part(stored, fetched):
    stored.prefetch(np.array([4, 5, 6, 2, 9]))
    stored.prefetch(slice(48, 60))
    stored.prefetch(slice(60, 70))
    size = ARRAY[0].nbytes
    assert fetched == [(4 * size, 3 * size), (2 * size, size), (9 * size, size), (48 * size, 2 * size)]


def test_evaluation_batches_have_the_next_batch_fetched(stored, fetched):
    batches = evaluation_batches(stored, 16)
    next(batches)
    size = ARRAY[0].nbytes
    assert fetched == [(16 * size, 16 * size)]


def test_batches_are_read_where_the_system_fetches_nothing_ahead(stored, monkeypatch):
    monkeypatch.delattr("os.posix_fadvise", raising=False)
    np.testing.assert_array_equal(Batches(stored, 8, seed=3).at(2), Batches(ARRAY, 8, seed=3).at(2))


def test_evaluation_batches_read_the_file(stored):
    batches = [batch.numpy()[mask.numpy() > 0] for batch, mask in evaluation_batches(stored, 16)]
    np.testing.assert_array_equal(np.concatenate(batches), ARRAY)


def test_a_large_npy_file_stays_in_its_file(tmp_path, monkeypatch):
    np.save(tmp_path / "mine.npy", ARRAY)
    small = load(tmp_path / "mine.npy")
    monkeypatch.setattr("tfgen.data.npz.IN_MEMORY_BYTES", 100)
    large = load(tmp_path / "mine.npy")
    assert isinstance(small.train.examples, np.ndarray)
    assert isinstance(large.train.examples, StoredImages)
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(small, name).examples, np.asarray(getattr(large, name).examples))
