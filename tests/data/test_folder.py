import os

import numpy as np
import pytest
from PIL import Image

from tfgen import data
from tfgen.data.folder import load_folder
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


def rows(images):
    """The images as a sorted list of bytes: a set that may hold one twice."""
    return sorted(bytes(image) for image in images)


def one(tmp_path, image, suffix="png", image_size=None, color=None, **options):
    """How a single picture is read, among copies of itself."""
    folder = fill(tmp_path / "one", [image] * 10, suffix, **options)
    return load_folder(folder, image_size, color).pool.images[0]


@pytest.mark.parametrize("pictures", [GREY, COLOUR])
def test_pictures_become_a_data_set_split_once_and_for_all(tmp_path, pictures):
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


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "tif", "TIFF", "PNG"])
def test_lossless_formats_are_read_exactly(tmp_path, suffix):
    np.testing.assert_array_equal(one(tmp_path, GREY[0], suffix)[..., 0], GREY[0])


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "webp"])
def test_lossy_formats_are_read(tmp_path, suffix):
    smooth = np.tile(np.arange(0, 240, 10, dtype=np.uint8), (16, 1))
    pixels = one(tmp_path, Image.fromarray(smooth).convert("RGB"), suffix, color="grey", quality=100)
    np.testing.assert_allclose(pixels[..., 0], smooth, atol=6)


def test_sub_folders_are_labels_in_alphabetical_order(tmp_path):
    fill(tmp_path / "mine" / "dog", GREY[:6])
    fill(tmp_path / "mine" / "cat" / "indoors", GREY[6:])
    mine = data.load(tmp_path / "mine")
    assert mine.label_names == ("cat", "dog")
    for image, label in zip(mine.train.images, mine.train.labels, strict=True):
        assert bytes(image) in rows(GREY[6:] if label == 0 else GREY[:6])


def test_a_picture_outside_the_sub_folders_leaves_no_labels(tmp_path):
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


def test_train_and_test_alone_leave_a_tenth_for_validation(tmp_path):
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
    assert len(load_folder(folder).pool) == 11


def test_linked_folders_are_read_and_loops_end(tmp_path):
    folder = fill(tmp_path / "elsewhere", GREY)
    (tmp_path / "mine").mkdir()
    os.symlink(folder, tmp_path / "mine" / "linked")
    os.symlink(tmp_path / "mine", tmp_path / "mine" / "loop")
    assert len(load_folder(tmp_path / "mine").pool) == 11


def test_any_size_is_cropped_to_its_centre_and_resized(tmp_path):
    wide = np.zeros((6, 10), np.uint8)
    wide[:, 2:8] = 200
    fill(tmp_path / "mine", [wide] * 5 + [wide.T] * 5 + [np.full((40, 40), 200, np.uint8)] * 5)
    mine = data.load(tmp_path / "mine", image_size=4)
    assert mine.event_shape == (4, 4, 1)
    assert (mine.train.images == 200).all()


def test_different_sizes_name_two_files_and_the_cure(tmp_path):
    folder = fill(tmp_path / "mine", [*GREY[:11], np.zeros((7, 9), np.uint8)])
    with pytest.raises(DataError) as caught:
        data.load(folder)
    words = (str(folder / "011.png"), str(folder / "000.png"), "5×6", "9×7", "--image-size")
    assert all(word in str(caught.value) for word in words), caught.value


def test_one_colour_picture_makes_the_set_rgb_unless_grey_is_asked_for(tmp_path):
    folder = fill(tmp_path / "mine", [*GREY[:11], COLOUR[0]])
    assert data.load(folder).event_shape == (6, 5, 3)
    assert data.load(folder, color="grey").event_shape == (6, 5, 1)
    assert data.load(fill(tmp_path / "grey", GREY), color="rgb").event_shape == (6, 5, 3)


def test_transparent_pictures_are_laid_on_white(tmp_path):
    picture = np.zeros((6, 5, 4), np.uint8)
    picture[:3, :, 3] = 255  # black above, nothing below
    pixels = one(tmp_path, picture)
    assert pixels.shape == (6, 5, 3)
    assert (pixels[:3] == 0).all()
    assert (pixels[3:] == 255).all()
    grey = one(tmp_path / "grey", np.stack([np.zeros((6, 5), np.uint8), picture[..., 3]], axis=-1))
    assert grey.shape == (6, 5, 1)
    assert (grey[:3] == 0).all()
    assert (grey[3:] == 255).all()


def test_a_transparent_palette_colour_is_laid_on_white(tmp_path):
    picture = Image.new("P", (5, 6), 1)
    picture.putpalette([255, 0, 0, 0, 0, 255])
    pixels = one(tmp_path, picture, transparency=1)
    assert pixels.shape == (6, 5, 3)
    assert (pixels == 255).all()


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    deep = np.linspace(0, 65535, 30).round().astype(np.uint16).reshape(6, 5)
    for suffix in ("png", "tif"):
        pixels = one(tmp_path / suffix, deep, suffix)
        np.testing.assert_array_equal(pixels[..., 0], (deep / 257).round())


def test_black_and_white_is_grey(tmp_path):
    pixels = one(tmp_path, Image.fromarray(GREY[0]).convert("1", dither=Image.Dither.NONE))
    assert pixels.shape == (6, 5, 1)
    assert set(np.unique(pixels)) == {0, 255}


def test_other_colour_spaces_become_rgb(tmp_path):
    pixels = one(tmp_path, Image.new("CMYK", (5, 6), (0, 255, 255, 0)), "tif")
    assert pixels.shape == (6, 5, 3)
    assert pixels[0, 0].tolist() == [255, 0, 0]


def test_pictures_are_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° clockwise to see it upright
    pixels = one(tmp_path, GREY[0], exif=exif)
    np.testing.assert_array_equal(pixels[..., 0], np.rot90(GREY[0], -1))


def refused(folder, path, *words, **options):
    with pytest.raises(DataError) as caught:
        data.load(folder, **options)
    assert all(word in str(caught.value) for word in (str(path), "xpected", *words)), caught.value


def test_a_damaged_picture_is_named(tmp_path):
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


def test_a_truncated_jpeg_is_named(tmp_path):
    folder = fill(tmp_path / "mine", COLOUR, "jpg")
    path = folder / "011.jpg"
    path.write_bytes(path.read_bytes()[:-30])
    refused(folder, path, "truncated")


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tif"])
def test_an_animated_picture_is_named(tmp_path, suffix):
    folder = fill(tmp_path / "mine", COLOUR)
    frames = [Image.fromarray(frame) for frame in COLOUR[:3]]
    path = folder / f"moving.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    refused(folder, path, "one frame", "3 frames")


def test_a_picture_of_unknown_depth_is_named(tmp_path):
    folder = fill(tmp_path / "mine", GREY)
    Image.fromarray(np.ones((6, 5), np.float32)).save(folder / "float.tif")
    refused(folder, folder / "float.tif", "32 bits")


def test_a_decompression_bomb_is_named_and_not_unpacked(tmp_path, monkeypatch):
    folder = fill(tmp_path / "mine", [*GREY, np.zeros((30, 40), np.uint8)])
    for limit in (1000, 300):  # Pillow warns up to twice its limit and raises beyond
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        refused(folder, folder / "012.png", f"at most {limit} pixels", image_size=4)


def test_a_picture_of_a_type_that_is_not_read_is_named(tmp_path):
    folder = fill(tmp_path / "mine", GREY)
    (folder / "phone.HEIC").write_bytes(b"x")
    refused(folder, folder / "phone.HEIC", ".heic")


def test_a_folder_without_pictures_is_named(tmp_path):
    refused(tmp_path, tmp_path, "no files")
    (tmp_path / "a.txt").touch()
    refused(tmp_path, tmp_path, "only files of type .txt")


def test_too_few_pictures_to_split_are_refused(tmp_path):
    refused(fill(tmp_path / "mine", GREY[:9]), "mine", "at least 10 images", "Received: 9")
