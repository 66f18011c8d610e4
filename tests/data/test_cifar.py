"""CIFAR-10 and CIFAR-100 in their binary version."""

import numpy as np
import pytest

from tfgen import data
from tfgen.data.cifar import CIFAR10_CLASSES
from tfgen.errors import DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (24, 32, 32, 3), np.uint8)
LABELS = (np.arange(24) * 7 % 10).astype(np.uint8)


def rows(part, superclass=False):
    labels = LABELS[part][:, None]
    if superclass:
        labels = np.concatenate([np.full_like(labels, 99), labels], axis=1)
    return np.concatenate([labels, IMAGES[part].transpose(0, 3, 1, 2).reshape(len(labels), -1)], axis=1).tobytes()


@pytest.fixture
def cifar10(tmp_path, monkeypatch):
    monkeypatch.delenv("TFGEN_DATA", raising=False)
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for i in range(5):
        (folder / f"data_batch_{i + 1}.bin").write_bytes(rows(slice(4 * i, 4 * i + 4)))
    (folder / "test_batch.bin").write_bytes(rows(slice(20, 24)))
    return folder


def test_the_binary_version_is_read(cifar10):
    for folder in (cifar10, cifar10.parent):
        dataset = data.load("cifar10", data_dir=folder)
        assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (18, 2, 4)
        np.testing.assert_array_equal(dataset.train.images, IMAGES[:18])
        np.testing.assert_array_equal(dataset.test.images, IMAGES[20:])
        assert dataset.test.labels.tolist() == LABELS[20:].tolist()
        assert dataset.classes == CIFAR10_CLASSES


def test_cifar100_has_the_fine_labels_and_their_names(tmp_path):
    (tmp_path / "train.bin").write_bytes(rows(slice(20), superclass=True))
    (tmp_path / "test.bin").write_bytes(rows(slice(20, 24), superclass=True))
    names = [f"class {k}" for k in range(100)]
    (tmp_path / "fine_label_names.txt").write_text("\n".join(names))
    dataset = data.load("cifar100", data_dir=tmp_path)
    np.testing.assert_array_equal(dataset.test.images, IMAGES[20:])
    assert dataset.test.labels.tolist() == LABELS[20:].tolist()
    assert dataset.classes == tuple(names)


def test_missing_and_damaged_files_are_errors_and_nothing_is_downloaded(cifar10, tmp_path):
    with pytest.raises(DataError, match=r"binary version of cifar100.*no such files"):
        data.load("cifar100", data_dir=tmp_path)
    (cifar10 / "test_batch.bin").write_bytes(b"x" * 100)
    with pytest.raises(DataError, match=r"test_batch\.bin: expected a multiple of 3073 bytes.*100"):
        data.load("cifar10", data_dir=cifar10)
    (cifar10 / "test_batch.bin").unlink()
    with pytest.raises(DataError, match=r"Missing: test_batch\.bin"):
        data.load("cifar10", data_dir=cifar10)


def test_keras_loads_the_data_set_if_there_are_no_local_files(tmp_path, monkeypatch):
    import keras

    monkeypatch.setenv("TFGEN_DATA", str(tmp_path))
    pairs = (IMAGES[:20], LABELS[:20, None]), (IMAGES[20:], LABELS[20:, None])
    monkeypatch.setattr(keras.datasets.cifar10, "load_data", lambda: pairs)
    dataset = data.load("cifar10")
    np.testing.assert_array_equal(dataset.test.images, IMAGES[20:])
    assert dataset.test.labels.tolist() == LABELS[20:].tolist()
