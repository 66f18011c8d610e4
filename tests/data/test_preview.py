"""What training would see of data, also of pictures that it refuses."""

import numpy as np
import pytest
from PIL import Image

from tfgen import data
from tfgen.data.inspection import find_duplicates
from tfgen.data.preview import inspect_files, load_preview
from tfgen.data.sets import Dataset, ImageSet
from tfgen.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 6, 5, 3), np.uint8)


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def folder(tmp_path):
    for i, picture in enumerate(PIXELS):
        Image.fromarray(picture).save(tmp_path / f"{i:02d}.png")
    return tmp_path


def test_pictures_that_training_accepts_are_loaded_as_training_loads_them(folder):
    found = inspect_files(str(folder))
    assert found is not None and found.usual_size == (6, 5)
    dataset, refusal = load_preview(str(folder), found, 4)
    assert refusal is None
    assert dataset.fingerprint == data.load(folder).fingerprint


def test_the_rest_of_pictures_that_training_refuses_is_loaded_with_the_refusal(folder):
    Image.new("RGB", (9, 7)).save(folder / "other.png")
    (folder / "broken.png").write_text("no picture")
    found = inspect_files(str(folder))
    dataset, refusal = load_preview(str(folder), found, 4)
    assert dataset.event_shape == (4, 4, 3)
    assert [file for file, _ in dataset.skipped] == [f"{folder}/broken.png"]
    with pytest.raises(DataError) as training:
        data.load(folder)
    assert str(refusal) == str(training.value)
    given, _ = load_preview(str(folder), found, 4, image_size=8)
    assert given.event_shape == (8, 8, 3)


def test_data_without_picture_files_have_no_headers_and_no_second_try(tmp_path):
    assert inspect_files("digits") is None
    np.savez(tmp_path / "bad.npz", images=np.zeros((3, 4), np.uint8))
    assert inspect_files(str(tmp_path / "bad.npz")) is None
    with pytest.raises(DataError, match="bad"):
        load_preview(str(tmp_path / "bad.npz"), None, 4)


def test_duplicates_and_those_of_training_images_are_counted():
    train = ImageSet(PIXELS[[0, 1, 1, 2]], 256)
    validation, test = ImageSet(PIXELS[[3, 0]], 256), ImageSet(PIXELS[[3, 4, 2, 2]], 256)
    found = find_duplicates(Dataset("mine", train, validation, test))
    # The second 1 of the training images, 0, 3, 2 and 2. 3 is no training image.
    assert found.repeated == 5
    assert found.example == ("training image 2", "training image 1")
    assert found.leaked == {"validation": 1, "test": 2}
    none = find_duplicates(Dataset("mine", train[:2], None, test[:2]))
    assert (none.repeated, none.example, none.leaked) == (0, None, {})
