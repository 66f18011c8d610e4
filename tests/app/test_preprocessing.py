"""Uploaded and drawn pictures become examples; other files give messages with the user's name of the file."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from tfgen.app import preprocessing
from tfgen.app.preprocessing import DIGIT_SHARE, as_example, fit_digit
from tfgen.errors import DataError

GREY, SMALL, COLOUR = (SimpleNamespace(event_shape=shape) for shape in ((28, 28, 1), (8, 8, 1), (8, 8, 3)))


def stroke(height=60, width=90, paper=255, ink=0):
    """Return a page with an L of ink away from the middle: uint8 [H, W]."""
    page = np.full((height, width), paper, np.uint8)
    page[5:45, 10:16] = ink
    page[39:45, 10:30] = ink
    return page


@pytest.fixture
def example(tmp_path):
    """A function from a picture, an array or the bytes of a file to the example."""

    def of(content, model=GREY, fit=True, suffix="png", **options):
        path = tmp_path / f"3f2a.{suffix}"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            picture = content if isinstance(content, Image.Image) else Image.fromarray(content)
            picture.save(path, **options)
        return as_example({"path": str(path), "name": f"my own.{suffix}"}, model, fit)

    return of


# -- fitting ----------------------------------------------------------------------------------------------------------


def box(pixels):
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


def centre(pixels):
    weight = pixels / pixels.sum()
    return [(weight.sum(axis=1 - axis) * (np.arange(pixels.shape[axis]) + 0.5)).sum() for axis in (0, 1)]


def test_the_longer_side_of_the_ink_fills_20_of_28_pixels():
    page = fit_digit(stroke())
    top, bottom, left, right = box(page)
    assert page.shape == (56, 56)
    assert bottom - top == 40 == round(56 * DIGIT_SHARE)
    assert right - left == 20


def test_the_centre_of_mass_is_the_middle():
    np.testing.assert_allclose(centre(fit_digit(stroke())), 28, atol=0.5)


def test_the_box_stays_inside_where_the_mass_is_at_its_edge():
    page = np.zeros((40, 40), np.uint8)
    page[2:38, 2:5] = 255
    page[36:38, 2:38] = 100
    filled = fit_digit(page, share=1.0)
    assert filled.shape == (36, 36)
    np.testing.assert_array_equal(filled, page[2:38, 2:38])


def test_dark_ink_on_light_paper_becomes_light_on_dark():
    np.testing.assert_array_equal(fit_digit(stroke()), fit_digit(255 - stroke()))
    assert fit_digit(stroke())[0, 0] == 0
    assert fit_digit(stroke()).max() == 255


def test_faint_ink_on_grey_paper_gets_full_contrast():
    np.testing.assert_array_equal(fit_digit(stroke(paper=200, ink=120)), fit_digit(stroke()))


def test_the_position_on_the_page_does_not_matter():
    moved = np.roll(stroke(), (10, 40), axis=(0, 1))
    wider = np.pad(stroke(), ((7, 90), (100, 3)), constant_values=255)
    for page in (moved, wider):
        np.testing.assert_array_equal(fit_digit(page), fit_digit(stroke()))


def test_faint_stains_are_not_ink():
    page = stroke()
    page[50:55, 80:85] = 230
    np.testing.assert_array_equal(fit_digit(page), fit_digit(stroke()))


def test_a_fitted_picture_does_not_change():
    once = fit_digit(stroke())
    np.testing.assert_array_equal(fit_digit(once), once)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_page_gives_a_message(level):
    with pytest.raises(DataError, match=r"the drawing: expected something drawn\. Received: an empty page"):
        fit_digit(np.full((30, 20), level, np.uint8), "the drawing")


# -- what becomes an example ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [GREY, SMALL, COLOUR])
@pytest.mark.parametrize("fit", [True, False])
def test_an_example_has_the_shape_and_range_that_the_model_expects(example, model, fit):
    found = example(stroke(), model, fit)
    assert found.shape == (1, *model.event_shape)
    assert found.dtype == np.float32
    assert 0 <= found.min() < found.max() <= 1


def test_digits_of_8_pixels_fill_the_picture(example):
    top, bottom, _, _ = box(example(stroke(), SMALL)[0, ..., 0] > 0.2)
    assert bottom - top == 8
    top, bottom, _, _ = box(example(stroke(), GREY)[0, ..., 0] > 0.2)
    assert bottom - top == 20


def test_without_fitting_the_middle_of_the_picture_does_not_change(example):
    levels = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)
    np.testing.assert_array_equal(example(levels, fit=False)[0, ..., 0], levels / np.float32(255))
    wide = np.zeros((28, 60), np.uint8)
    wide[:, 16:44] = levels
    np.testing.assert_array_equal(example(wide, fit=False)[0, ..., 0], levels / np.float32(255))


def test_colour_pictures_are_not_fitted(example):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    np.testing.assert_array_equal(example(pixels, COLOUR, fit=True)[0], pixels / np.float32(255))


def ramp() -> Image.Image:
    return Image.fromarray(np.linspace(0, 255, 64).reshape(8, 8).round().astype(np.uint8))


def turned() -> tuple[Image.Image, dict]:
    exif = Image.Exif()
    exif[0x0112] = 6
    return ramp().rotate(90, expand=True), {"exif": exif}


def test_a_photo_is_turned_upright(example):
    picture, options = turned()
    np.testing.assert_array_equal(example(picture, SMALL, False, **options), example(ramp(), SMALL, False))


def test_a_transparent_background_is_white(example):
    layer = np.zeros((60, 90, 4), np.uint8)
    layer[..., 3] = 255 - stroke()
    np.testing.assert_array_equal(example(layer), example(stroke()))


def test_a_picture_of_16_bits_gives_the_same_example(example):
    deep = Image.fromarray(np.asarray(ramp()).astype(np.uint16) * 257)
    np.testing.assert_array_equal(example(deep, SMALL, False), example(ramp(), SMALL, False))


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        ("RGB", "jpg"),
        ("CMYK", "jpg"),
        ("CMYK", "tif"),
        ("P", "gif"),
        ("1", "png"),
        ("LA", "png"),
        ("RGB", "webp"),
        ("L", "bmp"),
    ],
)
def test_every_usual_file_format_and_mode_is_read(example, mode, suffix):
    found = example(Image.fromarray(stroke()).convert(mode), suffix=suffix)
    np.testing.assert_allclose(found, example(stroke()), atol=0.1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (4000, 1), (2, 60_000), (3000, 3000)])
def test_pictures_of_any_size_and_aspect_are_read(example, shape):
    levels = np.full(shape, 255, np.uint8)
    levels[: max(1, shape[0] // 3), : max(1, shape[1] // 3)] = 0
    assert example(levels, fit=False).shape == (1, 28, 28, 1)
    if shape == (1, 1):
        with pytest.raises(DataError, match=r"my own\.png: .* an empty page"):
            example(levels)
    else:
        assert example(levels).shape == (1, 28, 28, 1)


def test_large_pictures_are_scaled_down_before_they_are_fitted(example, monkeypatch):
    seen = []
    monkeypatch.setattr(preprocessing, "fit_digit", lambda grey, *_: seen.append(grey.shape) or grey)
    for shape in ((2, 60_000), (5000, 2500), (900, 1024)):
        example(np.zeros(shape, np.uint8))
    assert seen == [(1, 1024), (1024, 512), (900, 1024)]


# -- what does not ----------------------------------------------------------------------------------------------------


def animated(suffix) -> bytes:
    frames = [Image.fromarray(stroke(ink=level)) for level in (0, 60, 120)]
    file = io.BytesIO()
    frames[0].save(file, suffix, save_all=True, append_images=frames[1:])
    return file.getvalue()


def encoded(picture=None, suffix="png") -> bytes:
    file = io.BytesIO()
    (picture or Image.fromarray(stroke())).save(file, suffix)
    return file.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
BAD = {
    "text": (b"hello", "a file that is no picture"),
    "nothing": (b"", "an empty file"),
    "svg": (SVG, "a file that is no picture"),
    "html": (b"<html></html>", "a file that is no picture"),
    "zip": (b"PK\x03\x04" + bytes(100), "a file that is no picture"),
    "head": (encoded()[:20], "damaged"),
    "half": (encoded()[: len(encoded()) // 2], "damaged"),
    "jpeg without its end": (encoded(suffix="jpeg")[:-40], "truncated"),
    "noise in the middle": (encoded()[:60] + bytes(8) + encoded()[68:], "damaged"),
    "gif that moves": (animated("gif"), "one frame. Received: 3 frames"),
    "webp that moves": (animated("webp"), "one frame. Received: 3 frames"),
    "floats": (encoded(Image.fromarray(np.ones((6, 5), np.float32)), "tiff"), "32 bits"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_file_that_is_no_picture_gives_a_message_with_its_name(example, tmp_path, case):
    content, words = BAD[case]
    with pytest.raises(DataError, match=words) as caught:
        example(content)
    assert str(caught.value).startswith("my own.png: expected a")
    assert str(tmp_path) not in str(caught.value)


def test_a_picture_with_too_many_pixels_is_not_decoded(example):
    bomb = Image.new("1", (9600, 9600))
    assert len(encoded(bomb)) < 100_000
    with pytest.raises(DataError, match=r"my own\.png: expected a picture of at most \d+ pixels"):
        example(bomb)


def test_a_missing_picture_gives_a_message():
    with pytest.raises(DataError, match=r"Expected a picture\. Received: none yet"):
        as_example(None, GREY, True)
    with pytest.raises(DataError, match=r"the picture: expected an uploaded file\. Received: none of that name"):
        as_example({"path": None, "name": None}, GREY, True)


def test_drawings_are_preprocessed_for_models_of_digits_only():
    for data, like in (("mnist", True), ("digits", True), ("fashion_mnist", False), ("some/folder", False)):
        run = SimpleNamespace(config=SimpleNamespace(data=SimpleNamespace(data=data)))
        assert preprocessing.has_fitted_digits(run) is like
