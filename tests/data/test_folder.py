"""Data sets in folders of pictures."""

import os

import numpy as np
import pytest
from PIL import Image

from tfgen import data
from tfgen.errors import DataError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 6, 5), np.uint8)
COLOUR = RNG.integers(0, 256, (12, 6, 5, 3), np.uint8)


def fill(folder, pictures, suffix="png", **options):
    folder.mkdir(parents=True, exist_ok=True)
    for i, picture in enumerate(pictures):
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        image.save(folder / f"{i:03d}.{suffix}", **options)
    return folder


def _count(dataset):
    return sum(len(part) for part in (dataset.train, dataset.validation, dataset.test))


def rows(images):
    """Return the images as a sorted list of bytes, to compare them without their order."""
    return sorted(bytes(image) for image in images)


@pytest.mark.parametrize("pictures", [GREY, COLOUR])
def test_pictures_are_split_by_the_seed(tmp_path, pictures):
    folder = fill(tmp_path / "mine", pictures)
    mine = data.load(folder)
    assert mine.validation is not None
    assert mine.name == "mine"
    assert mine.levels == 256
    assert mine.train.labels is None
    assert mine.event_shape == (6, 5, 1 if pictures.ndim == 3 else 3)
    parts = (mine.train, mine.validation, mine.test)
    assert [len(part) for part in parts] == [10, 1, 1]
    assert rows(np.concatenate([part.images for part in parts])) == rows(pictures)
    np.testing.assert_array_equal(mine.train.images, data.load(str(folder)).train.images)
    assert rows(mine.test.images) != rows(data.load(folder, seed=2).test.images)


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "tif", "TIFF", "PNG", "jpg", "jpeg", "webp"])
def test_pictures_are_found_by_their_suffix_in_either_case(tmp_path, suffix):
    assert len(data.load(fill(tmp_path / "mine", GREY[:10], suffix)).train) == 8


def test_sub_folders_are_labels_in_alphabetical_order(tmp_path):
    fill(tmp_path / "mine" / "dog", GREY[:6])
    fill(tmp_path / "mine" / "cat" / "indoors", GREY[6:])
    mine = data.load(tmp_path / "mine")
    assert mine.label_names == ("cat", "dog")
    for image, label in zip(mine.train.images, mine.train.labels, strict=True):
        assert bytes(image) in rows(GREY[6:] if label == 0 else GREY[:6])


def test_there_are_no_labels_if_a_picture_lies_outside_the_sub_folders(tmp_path):
    fill(tmp_path / "mine" / "dog", GREY[:6])
    fill(tmp_path / "mine", GREY[6:])
    mine = data.load(tmp_path / "mine")
    assert mine.label_names is None
    assert mine.train.labels is None
    assert len(mine.train) == 10


def test_folders_called_train_and_test_are_the_split(tmp_path):
    for section, pictures in (("train", GREY[:7]), ("val", GREY[7:9]), ("test", GREY[9:])):
        fill(tmp_path / "mine" / section / "cat", pictures[:1])
        fill(tmp_path / "mine" / section / "dog", pictures[1:])
    mine = data.load(tmp_path / "mine")
    assert mine.validation is not None
    assert rows(mine.train.images) == rows(GREY[:7])
    assert rows(mine.validation.images) == rows(GREY[7:9])
    assert rows(mine.test.images) == rows(GREY[9:])
    assert mine.label_names == ("cat", "dog")
    assert mine.test.labels.tolist() == [0, 1, 1]


def test_without_a_validation_folder_a_tenth_of_train_is_for_validation(tmp_path):
    fill(tmp_path / "mine" / "train", GREY[:8])
    fill(tmp_path / "mine" / "test", GREY[8:])
    mine = data.load(tmp_path / "mine")
    assert mine.validation is not None
    assert mine.label_names is None
    assert (len(mine.train), len(mine.validation)) == (7, 1)
    assert rows(mine.test.images) == rows(GREY[8:])


def test_hidden_files_and_other_files_are_ignored(tmp_path):
    folder = fill(tmp_path / "mine", GREY)
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "._000.png").write_bytes(b"x")
    (folder / "README.txt").write_text("mine")
    fill(folder / ".thumbnails", COLOUR)
    assert _count(data.load(folder)) == 12


def test_linked_folders_are_read_once(tmp_path):
    folder = fill(tmp_path / "elsewhere", GREY)
    (tmp_path / "mine").mkdir()
    os.symlink(folder, tmp_path / "mine" / "linked")
    os.symlink(tmp_path / "mine", tmp_path / "mine" / "loop")
    assert _count(data.load(tmp_path / "mine")) == 12


def test_any_size_is_cropped_to_its_centre_and_resized(tmp_path):
    wide = np.zeros((6, 10), np.uint8)
    wide[:, 2:8] = 200
    fill(tmp_path / "mine", [wide] * 5 + [wide.T] * 5 + [np.full((40, 40), 200, np.uint8)] * 5)
    mine = data.load(tmp_path / "mine", image_size=4)
    assert mine.event_shape == (4, 4, 1)
    assert (mine.train.images == 200).all()


def test_the_error_for_different_sizes_names_two_files_and_the_option(tmp_path):
    folder = fill(tmp_path / "mine", [*GREY[:11], np.zeros((7, 9), np.uint8)])
    with pytest.raises(DataError) as caught:
        data.load(folder)
    words = (str(folder / "011.png"), str(folder / "000.png"), "5×6", "9×7", "--image-size")
    assert all(word in str(caught.value) for word in words), caught.value


def test_one_colour_picture_makes_the_set_rgb_unless_color_is_grey(tmp_path):
    folder = fill(tmp_path / "mine", [*GREY[:11], COLOUR[0]])
    assert data.load(folder).event_shape == (6, 5, 3)
    assert data.load(folder, color="grey").event_shape == (6, 5, 1)
    assert data.load(fill(tmp_path / "grey", GREY), color="rgb").event_shape == (6, 5, 3)


def refused(folder, path, *words, **options):
    with pytest.raises(DataError) as caught:
        data.load(folder, **options)
    assert all(word in str(caught.value) for word in (str(path), "xpected", *words)), caught.value


def test_the_error_for_a_damaged_picture_names_the_file(tmp_path):
    folder = fill(tmp_path / "mine", COLOUR)
    path = folder / "004.png"
    whole = path.read_bytes()
    for damaged, word in (
        (b"", "empty"),
        (b"hello", "no picture"),
        (whole[:20], "damaged"),
        (whole[: len(whole) // 2], "damaged"),
        (whole[:60] + bytes(8) + whole[68:], "damaged"),
    ):
        path.write_bytes(damaged)
        refused(folder, path, word)
        refused(folder, path, word, color="grey")


def test_the_error_for_a_truncated_jpeg_names_the_file(tmp_path):
    folder = fill(tmp_path / "mine", COLOUR, "jpg")
    path = folder / "011.jpg"
    path.write_bytes(path.read_bytes()[:-30])
    refused(folder, path, "truncated")


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tif"])
def test_the_error_for_an_animated_picture_names_the_file(tmp_path, suffix):
    folder = fill(tmp_path / "mine", COLOUR)
    frames = [Image.fromarray(frame) for frame in COLOUR[:3]]
    path = folder / f"moving.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    refused(folder, path, "one frame", "3 frames")


def test_a_picture_of_32_bits_per_channel_is_refused(tmp_path):
    folder = fill(tmp_path / "mine", GREY)
    Image.fromarray(np.ones((6, 5), np.float32)).save(folder / "float.tif")
    refused(folder, folder / "float.tif", "32 bits")


def test_a_decompression_bomb_is_refused_before_it_is_decompressed(tmp_path, monkeypatch):
    folder = fill(tmp_path / "mine", [*GREY, np.zeros((30, 40), np.uint8)])
    for limit in (1000, 300):  # Pillow warns up to twice its limit and raises beyond
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        refused(folder, folder / "012.png", f"at most {limit} pixels", image_size=4)


def test_a_picture_of_an_unsupported_type_is_refused(tmp_path):
    folder = fill(tmp_path / "mine", GREY)
    (folder / "phone.HEIC").write_bytes(b"x")
    refused(folder, folder / "phone.HEIC", ".heic")


def test_a_folder_without_pictures_is_refused(tmp_path):
    refused(tmp_path, tmp_path, "no files")
    (tmp_path / "a.txt").touch()
    refused(tmp_path, tmp_path, "only files of type .txt")


def test_fewer_pictures_than_ten_are_refused(tmp_path):
    refused(fill(tmp_path / "mine", GREY[:9]), "mine", "at least 10 images", "Received: 9")


def test_a_folder_has_one_value_of_white_in_pictures_of_16_bits(tmp_path):
    ramp = np.linspace(0, 1, 30).reshape(6, 5)
    dark, bright = (Image.fromarray((ramp * top).round().astype(np.uint16)) for top in (900, 4095))
    mine = data.load(fill(tmp_path / "mine", [dark] * 6 + [bright] * 6, "tif"))
    assert {int(image.max()) for image in (*mine.train.images, *mine.validation.images, *mine.test.images)} == {56, 255}
    assert mine.notes == ("Pictures of 16 bits have values up to 4,095. White is the value 4,095.",)


@pytest.mark.parametrize("kind", ["pipe", "dangling link", "svg", "dds"])
def test_a_picture_that_is_not_read_is_named_and_can_be_left_out(tmp_path, kind):
    folder = fill(tmp_path / "mine", GREY)
    path = folder / {"svg": "drawing.svg"}.get(kind, "odd.png")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "dangling link":
        path.symlink_to(tmp_path / "nothing.png")
    else:
        path.write_bytes(b"<svg/>" if kind == "svg" else b"DDS " + bytes([124]) + bytes(150))
    refused(folder, path, "--skip-broken")
    mine = data.load(folder, skip_broken=True)
    assert _count(mine) == 12
    assert [file for file, _ in mine.skipped] == [str(path)]


def test_names_that_are_no_text_are_read(tmp_path):
    folder = fill(tmp_path / "mine", GREY)
    os.rename(folder / "000.png", os.fsencode(folder) + b"/\xff.png")
    mine = data.load(folder)
    assert _count(mine) == 12
    files = [os.fsdecode(bytes(name)) for part in (mine.train, mine.validation, mine.test) for name in part.files]
    assert sorted(os.fsencode(name) for name in files)[-1] == b"\xff.png"
    with open(os.fsencode(folder) + b"/\xff.png", "wb") as file:
        file.write(b"x")
    left_out = data.load(folder, skip_broken=True)
    assert left_out.skipped[0][0].encode().endswith(b"udcff.png")
