"""Clusters of similar pictures in the place of labels."""

import warnings

import numpy as np
import pytest

from tfgen import data
from tfgen.data import clusters as module
from tfgen.data.clusters import with_clusters
from tfgen.data.sets import Dataset, ImageSet
from tfgen.data.stored import StoredImages
from tfgen.errors import DataError

RANDOM = np.random.default_rng(0)
#: Brightness of the pictures of three groups of 30, 20 and 10 pictures, which noise does not mix.
GROUPS = np.repeat([40, 120, 200], [30, 20, 10])


def images_of(groups):
    noise = RANDOM.integers(-9, 10, (len(groups), 6, 5, 3))
    return (np.asarray(groups)[:, None, None, None] + noise).astype(np.uint8)


@pytest.fixture
def dataset():
    order = RANDOM.permutation(len(GROUPS))
    train = ImageSet(images_of(GROUPS[order]), 256, labels=np.zeros(len(GROUPS), np.int64))
    return (
        Dataset("groups", train, ImageSet(images_of([200, 40]), 256), ImageSet(images_of([120, 40, 200]), 256)),
        GROUPS[order],
    )


def test_separate_groups_become_the_clusters_the_largest_first(dataset):
    pictures, groups = dataset
    found = with_clusters(pictures, 3)
    expected = np.searchsorted([40, 120, 200], groups)
    np.testing.assert_array_equal(found.train.labels, expected)
    np.testing.assert_array_equal(found.validation.labels, [2, 0])
    np.testing.assert_array_equal(found.test.labels, [1, 0, 2])
    assert found.classes == ("cluster 0", "cluster 1", "cluster 2")
    np.testing.assert_allclose(found.class_frequencies, [1 / 2, 1 / 3, 1 / 6])
    assert found.train.images is pictures.train.images


def test_each_picture_belongs_to_the_nearest_centre():
    digits = data.load("digits")
    found = with_clusters(digits, 12)
    # 50 of the 64 components hold nearly all of the variance, so that centres and distances are compared in pixels.
    pixels = {name: getattr(digits, name).images.reshape(-1, 64).astype(float) for name in ("train", "test")}
    centres = np.stack([pixels["train"][found.train.labels == k].mean(axis=0) for k in range(12)])
    for name, rows in pixels.items():
        nearest = np.square(rows[:, None] - centres).sum(axis=-1).argmin(axis=1)
        assert np.mean(nearest == getattr(found, name).labels) > 0.98


def test_clusters_of_digits_mostly_contain_one_digit():
    digits = data.load("digits")
    found = data.load("digits", conditional=True, clusters=30)
    counts = np.zeros((30, 10), int)
    np.add.at(counts, (found.train.labels, digits.train.labels), 1)
    assert counts.max(axis=1).sum() / counts.sum() > 0.85


def test_the_same_data_have_the_same_clusters():
    first, second = (data.load("digits", conditional=True, clusters=20) for _ in range(2))
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(first, name).labels, getattr(second, name).labels)
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != data.load("digits", conditional=True, clusters=21).fingerprint
    assert first.fingerprint != data.load("digits").fingerprint
    assert first.fingerprint != data.load("digits", conditional=True, clusters=20, train_size=1000).fingerprint


def test_pictures_in_a_file_have_the_clusters_of_pictures_in_memory(dataset, tmp_path):
    pictures, _ = dataset
    np.save(tmp_path / "train.npy", pictures.train.images)
    stored = ImageSet(StoredImages.from_npy(tmp_path / "train.npy"), 256)
    found = with_clusters(Dataset("stored", stored, pictures.validation, pictures.test), 3)
    np.testing.assert_array_equal(found.train.labels, with_clusters(pictures, 3).train.labels)
    assert isinstance(found.train.images, StoredImages)


def test_centres_are_learned_from_the_pictures_that_fit_into_memory(dataset, monkeypatch):
    pictures, groups = dataset
    monkeypatch.setattr("tfgen.data.clusters._FITTED_VALUES", 25 * 90)
    found = with_clusters(pictures, 2)
    assert len(found.train.labels) == len(groups)
    assert set(found.train.labels.tolist()) == {0, 1}


def test_data_without_enough_different_pictures_are_refused(dataset):
    pictures, _ = dataset
    same = ImageSet(np.repeat(images_of([7, 90]), 20, axis=0), 256)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError, match=r"at least 3 different training pictures, for --clusters 3\. Received: 2$"):
            with_clusters(Dataset("same", same, None, same), 3)
        with pytest.raises(DataError, match=r"at least 61 different training pictures.* Received: 60$"):
            with_clusters(pictures, 61)


@pytest.mark.parametrize("count", [-1, 0, 1])
def test_fewer_than_two_clusters_are_refused(dataset, count):
    with pytest.raises(DataError, match=f"groups: expected at least 2 clusters. Received: {count}$"):
        with_clusters(dataset[0], count)


def test_a_picture_in_another_cluster_leaves_the_fingerprint(dataset, monkeypatch):
    pictures, _ = dataset
    first = with_clusters(pictures, 3)
    clusters_of = module._clusters_of
    monkeypatch.setattr(module, "_clusters_of", lambda *values: np.roll(clusters_of(*values), 1))
    second = with_clusters(pictures, 3)
    assert (second.train.labels != first.train.labels).any()
    assert second.fingerprint == first.fingerprint


def test_points_are_refused():
    with pytest.raises(DataError, match=r"moons: expected images, for --clusters\. Received: points"):
        data.load("moons", conditional=True, clusters=2)
