"""Loading a data set by name."""

import subprocess
import sys

import numpy as np
import pytest

from tfgen import data
from tfgen.data.split import permutation
from tfgen.errors import DataError


def test_importing_the_names_imports_neither_tensorflow_nor_numpy():
    program = "import sys, tfgen.data; print(tfgen.data.NAMES, 'tensorflow' in sys.modules, 'numpy' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "digits" in answer
    assert answer.strip().endswith("False False")


def test_loading_digits_does_not_import_tensorflow():
    program = "import sys, tfgen.data; tfgen.data.load('digits'); print('tensorflow' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"
    )


def test_digits_are_real_images_of_17_levels():
    digits = data.load("digits")
    assert digits.event_shape == (8, 8, 1)
    assert digits.levels == 17
    assert digits.is_images
    assert digits.validation is not None
    assert (len(digits.train), len(digits.validation), len(digits.test)) == (1297, 200, 300)
    assert digits.train.images.max() == 16
    assert all(set(part.labels) == set(range(10)) for part in (digits.train, digits.validation, digits.test))


def test_the_split_of_digits_contains_each_image_once_and_never_changes():
    digits = data.load("digits", seed=5)
    assert digits.validation is not None
    order = permutation(1797, 1797)
    assert sorted(order) == list(range(1797))  # positions, because two images may be equal
    assert order[:5].tolist() == [571, 70, 431, 1555, 527]
    everything = np.concatenate([digits.train.images, digits.validation.images, digits.test.images])
    from sklearn.datasets import load_digits

    np.testing.assert_array_equal(everything[..., 0], load_digits().images[order])


def test_validation_examples_follow_the_training_examples():
    whole = data.load("digits", validation_size=0)
    assert whole.validation is None
    assert len(whole.train) == 1497
    part = data.load("digits", train_size=100, validation_size=50)
    assert part.validation is not None
    np.testing.assert_array_equal(part.train.images, whole.train.images[:100])
    np.testing.assert_array_equal(part.validation.images, whole.train.images[100:150])
    np.testing.assert_array_equal(part.test.images, whole.test.images)


@pytest.mark.parametrize(
    ("train_size", "validation_size"),
    [(1498, 0), (1400, 200), (1400, None), (0, None), (10, -1), (None, 1497), (-1, 5)],
)
def test_sizes_larger_than_the_data_set_are_refused(train_size, validation_size):
    with pytest.raises(DataError, match=r"digits: expected training.*1497.*Received: train_size="):
        data.load("digits", train_size=train_size, validation_size=validation_size)


def test_the_error_for_an_unknown_name_lists_all_names_and_suggests_the_closest():
    with pytest.raises(DataError, match=r"checkerboard.*Received: 'fashion_mist'.*Did you mean fashion_mnist"):
        data.load("fashion_mist")
    with pytest.raises(DataError) as caught:
        data.load("/nowhere/at/all")
    assert "Did you mean" not in str(caught.value)


def test_data_dir_is_refused_for_data_sets_without_files(tmp_path):
    with pytest.raises(DataError, match=r"data_dir with mnist, fashion_mnist, kmnist.*only.*'digits'"):
        data.load("digits", data_dir=tmp_path)


def test_image_options_are_refused_for_points():
    with pytest.raises(DataError, match="moons, which is made of points"):
        data.load("moons", image_size=8)
    with pytest.raises(DataError, match="at least 1"):
        data.load("digits", image_size=0)
    with pytest.raises(DataError, match="grey or rgb"):
        data.load("digits", color="red")  # type: ignore[arg-type]


def test_resizing_and_colouring_keep_the_levels():
    digits = data.load("digits", image_size=13, color="rgb")
    assert digits.event_shape == (13, 13, 3)
    assert digits.levels == 17
    assert digits.train.images.max() == 16
    np.testing.assert_array_equal(digits.train.images[..., 0], digits.train.images[..., 2])
    again = data.load("digits", image_size=8, color="grey")
    np.testing.assert_array_equal(again.train.images, data.load("digits").train.images)


def test_a_file_of_another_type_is_refused_without_reading_it(tmp_path):
    (tmp_path / "mine.txt").write_text("hello")
    with pytest.raises(DataError, match=r"mine\.txt: expected a folder, a \.zip or a \.tar of pictures.*another type"):
        data.load(tmp_path / "mine.txt")
    (tmp_path / "mine.npz").write_text("hello")
    with pytest.raises(DataError) as caught:
        data.load(tmp_path / "mine.npz")
    assert "allow_pickle" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "empty name"),
        ("~nosuch", "user who does not exist"),
        ("~nosuch/mine.npz", "user who does not exist"),
        ("x" * 300, "name too long"),
        ("\ud800", "surrogates"),
        ("a\0b", "null"),
        ("mine-{000..999999999}.tar", "Missing: mine-000.tar"),
        ("mine-{0..%s}.tar" % ("9" * 150), "neither"),
        ("[*.tar", "neither"),
    ],
)
def test_a_name_that_is_no_path_gives_a_sentence(name, message):
    with pytest.raises(DataError, match=message):
        data.load(name)
    if name:
        with pytest.raises(DataError, match=r"[Ee]xpected"):
            data.load("mnist", data_dir=name)
        with pytest.raises(DataError, match=r"[Ee]xpected"):
            data.load("cifar10", data_dir=name)


def test_errors_of_the_operating_system_name_the_path(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("tfgen.data.files.find_files", refuse)
    with pytest.raises(DataError, match=rf"{tmp_path}: expected data that can be read. Received: Permission denied"):
        data.load(tmp_path)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "stacked_mnist", "cifar10", "cifar100"])
@pytest.mark.parametrize("folder", ["unset", "empty"])
def test_nothing_is_downloaded_on_request(name, folder, tmp_path, monkeypatch):
    import keras

    def download(*_):
        raise AssertionError("downloads")

    monkeypatch.delenv("TFGEN_DATA", raising=False)
    if folder == "empty":
        monkeypatch.setenv("TFGEN_DATA", str(tmp_path))
    for module in ("mnist", "fashion_mnist", "cifar10", "cifar100"):
        monkeypatch.setattr(getattr(keras.datasets, module), "load_data", download)
    with pytest.raises(DataError, match="nothing is downloaded here"):
        data.load(name, download=False)
