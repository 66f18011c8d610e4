"""MNIST and Fashion-MNIST from local files or from Keras."""

import gzip
import os
import struct

import numpy as np
import pytest

from tfgen import data
from tfgen.data.mnist import FILES, has_local_files
from tfgen.errors import DataError

TRAIN, TEST = 24, 12


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def arrays():
    rng = np.random.default_rng(0)
    return {
        FILES[0]: rng.integers(0, 256, (TRAIN, 5, 4), np.uint8),
        FILES[1]: np.arange(TRAIN, dtype=np.uint8) % 10,
        FILES[2]: rng.integers(0, 256, (TEST, 5, 4), np.uint8),
        FILES[3]: np.arange(TEST, dtype=np.uint8) % 10,
    }


def write(folder, compressed=False, **changes):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in (arrays() | changes).items():
        if compressed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
        else:
            (folder / name).write_bytes(idx(array))
    return folder


@pytest.fixture(autouse=True)
def no_environment(monkeypatch, request):
    if "real" not in request.node.name:
        monkeypatch.delenv("TFGEN_DATA", raising=False)


@pytest.mark.parametrize("compressed", [False, True])
def test_four_files_are_read_as_one_data_set(tmp_path, compressed):
    mnist = data.load("mnist", data_dir=write(tmp_path, compressed))
    expected = arrays()
    assert mnist.validation is not None
    assert (len(mnist.train), len(mnist.validation), len(mnist.test)) == (22, 2, 12)
    assert mnist.event_shape == (5, 4, 1)
    assert mnist.levels == 256
    np.testing.assert_array_equal(mnist.train.images[..., 0], expected[FILES[0]][:22])
    np.testing.assert_array_equal(mnist.validation.labels, expected[FILES[1]][22:])
    np.testing.assert_array_equal(mnist.test.images[..., 0], expected[FILES[2]])


def test_data_dir_is_the_folder_of_the_files_or_its_parent(tmp_path):
    write(tmp_path / "fashion_mnist")
    assert len(data.load("fashion_mnist", data_dir=tmp_path).test) == TEST
    assert len(data.load("fashion_mnist", data_dir=tmp_path / "fashion_mnist").test) == TEST


def test_the_folder_can_be_given_by_tfgen_data(tmp_path, monkeypatch):
    monkeypatch.setenv("TFGEN_DATA", str(write(tmp_path)))
    assert len(data.load("mnist").test) == TEST


def test_an_uncompressed_file_with_the_suffix_gz_is_read(tmp_path):
    for name, array in arrays().items():
        (tmp_path / f"{name}.gz").write_bytes(idx(array))
    assert len(data.load("mnist", data_dir=tmp_path).test) == TEST


def test_a_missing_file_is_an_error_and_not_downloaded(tmp_path, monkeypatch):
    write(tmp_path)
    (tmp_path / FILES[1]).unlink()
    with pytest.raises(DataError, match=rf"expected the four files.*Missing: {FILES[1]}$"):
        data.load("mnist", data_dir=tmp_path)
    monkeypatch.setenv("TFGEN_DATA", str(tmp_path))
    with pytest.raises(DataError, match=rf"TFGEN_DATA.*Missing: {FILES[1]}$"):
        data.load("mnist")


def test_the_error_for_a_folder_without_the_files_lists_its_content(tmp_path):
    (tmp_path / "holiday.txt").touch()
    (tmp_path / "photos").mkdir()
    with pytest.raises(DataError) as caught:
        data.load("mnist", data_dir=tmp_path)
    assert all(word in str(caught.value) for word in (str(tmp_path), *FILES, "holiday.txt, photos/"))


def test_the_error_for_a_missing_folder_names_the_folder(tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"absent.*expected a folder. Received nothing"):
        data.load("mnist", data_dir=tmp_path / "absent")
    monkeypatch.setenv("TFGEN_DATA", str(tmp_path / "absent"))
    with pytest.raises(DataError, match=r"absent.*TFGEN_DATA"):
        data.load("mnist")


def test_there_must_be_one_label_for_each_image(tmp_path):
    write(tmp_path, **{FILES[3]: np.zeros(TEST + 1, np.uint8)})
    with pytest.raises(DataError, match=rf"{FILES[3]}: expected {TEST} labels.*{FILES[2]}. Received: {TEST + 1}"):
        data.load("mnist", data_dir=tmp_path)


def test_labels_must_be_digits(tmp_path):
    write(tmp_path, **{FILES[1]: np.full(TRAIN, 10, np.uint8)})
    with pytest.raises(DataError, match=rf"{FILES[1]}: expected labels 0 to 9. Received a label of 10"):
        data.load("mnist", data_dir=tmp_path)


def test_training_and_test_images_must_be_of_one_size(tmp_path):
    write(tmp_path, **{FILES[2]: np.zeros((TEST, 6, 6), np.uint8)})
    with pytest.raises(DataError, match=rf"{FILES[2]}: expected images of \(5, 4\).*Received: \(6, 6\)"):
        data.load("mnist", data_dir=tmp_path)


def test_files_of_mnist_are_refused_as_fashion_mnist(tmp_path):
    labels = np.array([7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0, 6], np.uint8)
    write(tmp_path, **{FILES[3]: labels})
    assert len(data.load("mnist", data_dir=tmp_path).test) == TEST
    with pytest.raises(DataError, match=rf"{FILES[3]}: expected the labels of fashion_mnist. Received those of mnist"):
        data.load("fashion_mnist", data_dir=tmp_path)


def test_keras_loads_the_data_set_if_there_are_no_local_files(tmp_path, monkeypatch):
    import keras

    content = arrays()
    pairs = (content[FILES[0]], content[FILES[1]]), (content[FILES[2]], content[FILES[3]])
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: pairs)
    monkeypatch.setenv("TFGEN_DATA", str(tmp_path))
    assert len(data.load("mnist").test) == TEST


def test_the_error_for_a_failed_download_explains_data_dir(monkeypatch):
    import keras

    def fail():
        raise RuntimeError("URL fetch failure")

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", fail)
    with pytest.raises(DataError) as caught:
        data.load("fashion_mnist")
    assert all(word in str(caught.value) for word in ("fashion_mnist", "URL fetch failure", "--data-dir", *FILES))


@pytest.mark.skipif("TFGEN_DATA" not in os.environ, reason="TFGEN_DATA names no folder")
def test_real_mnist_in_the_split_of_the_tutorial():
    mnist = data.load("mnist", train_size=45_000, validation_size=5_000)
    assert mnist.validation is not None
    assert mnist.train.labels is not None
    assert mnist.test.labels is not None
    assert (len(mnist.train), len(mnist.validation), len(mnist.test)) == (45_000, 5_000, 10_000)
    assert mnist.event_shape == (28, 28, 1)
    assert mnist.levels == 256
    assert mnist.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    whole = data.load("mnist", validation_size=0)
    assert len(whole.train) == 60_000
    assert whole.validation is None
    assert whole.train.images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)
    np.testing.assert_array_equal(whole.train.images[45_000:50_000], mnist.validation.images)
    default = data.load("mnist")
    assert default.validation is not None
    assert (len(default.train), len(default.validation)) == (55_000, 5_000)


def test_has_local_files_searches_the_folders_of_load(tmp_path, monkeypatch):
    assert not has_local_files("mnist")
    write(tmp_path / "mnist")
    monkeypatch.setenv("TFGEN_DATA", str(tmp_path))
    assert has_local_files("mnist")
    assert not has_local_files("fashion_mnist")
    assert has_local_files("fashion_mnist", tmp_path / "mnist")  # the content is not checked
    (tmp_path / "mnist" / FILES[2]).unlink()
    assert not has_local_files("mnist")
    assert not has_local_files("mnist", tmp_path / "nowhere")


def test_kmnist_is_read_from_the_files_of_its_name(tmp_path):
    write(tmp_path / "kmnist")
    kmnist = data.load("kmnist", data_dir=tmp_path)
    assert kmnist.classes[0] == "o"
    assert len(kmnist.test) == TEST
    labels = np.array([7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0, 6], np.uint8)
    with pytest.raises(DataError, match=r"labels of kmnist. Received those of mnist"):
        data.load("kmnist", data_dir=write(tmp_path / "other", **{FILES[3]: labels}))


def test_emnist_is_turned_upright_and_its_letters_count_from_0(tmp_path):
    expected = arrays()
    expected[FILES[1]], expected[FILES[3]] = (np.arange(n, dtype=np.uint8) % 26 + 1 for n in (TRAIN, TEST))
    for file, array in expected.items():
        (tmp_path / f"emnist-letters-{file.replace('t10k', 'test')}.gz").write_bytes(gzip.compress(idx(array)))
    letters = data.load("emnist_letters", data_dir=tmp_path)
    assert letters.classes == tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert letters.test.labels.tolist() == list(range(TEST))
    np.testing.assert_array_equal(letters.test.images[..., 0], expected[FILES[2]].transpose(0, 2, 1))
    with pytest.raises(DataError, match="emnist-balanced-train-images"):
        data.load("emnist", data_dir=tmp_path)


@pytest.mark.parametrize("name", ["kmnist", "emnist"])
def test_the_error_for_files_that_keras_does_not_have_explains_data_dir(name, tmp_path, monkeypatch):
    monkeypatch.setenv("TFGEN_DATA", str(tmp_path))
    with pytest.raises(DataError, match=rf"{name}: expected the four files .*--data-dir"):
        data.load(name)


def test_the_split_of_the_tutorial_is_asked_for_by_name(tmp_path):
    with pytest.raises(DataError, match=r"mnist: expected training.*Received: train_size=45000"):
        data.load("mnist", data_dir=write(tmp_path), split="tutorial")
    with pytest.raises(DataError, match="split: expected tutorial with mnist or fashion_mnist only"):
        data.load("digits", split="tutorial")
    with pytest.raises(DataError, match="split: expected no train_size or validation_size"):
        data.load("mnist", data_dir=tmp_path, split="tutorial", train_size=5)
