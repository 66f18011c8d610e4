"""Picture files: formats, colours, transparency and orientation."""

import numpy as np
import pytest
from PIL import Image

from tfgen.data.picture import is_color, read_picture

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 6, 5), np.uint8)
COLOUR = RNG.integers(0, 256, (12, 6, 5, 3), np.uint8)


def one(tmp_path, image, suffix="png", image_size=None, color=None, **options):
    """Write a picture to a file, and return the pixels that are read from the file."""
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / f"a.{suffix}"
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(path, **options)
    return read_picture(path, image_size, color or ("rgb" if is_color(path) else "grey"))


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "tif", "TIFF", "PNG"])
def test_lossless_formats_are_read_exactly(tmp_path, suffix):
    np.testing.assert_array_equal(one(tmp_path, GREY[0], suffix)[..., 0], GREY[0])


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "webp"])
def test_lossy_formats_are_read(tmp_path, suffix):
    smooth = np.tile(np.arange(0, 240, 10, dtype=np.uint8), (16, 1))
    pixels = one(tmp_path, Image.fromarray(smooth).convert("RGB"), suffix, color="grey", quality=100)
    np.testing.assert_allclose(pixels[..., 0], smooth, atol=6)


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


@pytest.mark.parametrize(("bits", "white"), [(8, 255), (10, 1023), (12, 4095), (14, 16383), (16, 65535)])
def test_values_of_fewer_bits_in_16_get_their_full_range(tmp_path, bits, white):
    deep = np.linspace(0, 2**bits - 1, 30).round().astype(np.uint16).reshape(6, 5)
    pixels = one(tmp_path, deep, "tif")
    np.testing.assert_array_equal(pixels[..., 0], (deep * 255.0 / white).round())


def test_the_range_that_a_tiff_declares_is_used(tmp_path):
    deep = np.linspace(0, 1000, 30).round().astype(np.uint16).reshape(6, 5)
    pixels = one(tmp_path, deep, "tif", tiffinfo={281: 4095})
    np.testing.assert_array_equal(pixels[..., 0], (deep * 255.0 / 4095).round())


@pytest.mark.parametrize("suffix", ["png", "gif", "tif"])
@pytest.mark.parametrize(("palette", "channels"), [([0, 0, 0, 90, 90, 90, 200, 200, 200], 1), ([0, 0, 0, 90, 0, 0], 3)])
def test_a_palette_of_greys_is_grey(tmp_path, suffix, palette, channels):
    picture = Image.fromarray(GREY[0] % (len(palette) // 3))
    picture.putpalette(palette)
    assert picture.mode == "P"
    assert one(tmp_path, picture, suffix).shape[2] == channels
