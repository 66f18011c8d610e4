"""Pictures of the page: exact squares as pixels, and files in the cache."""

import concurrent.futures
import contextlib
import os
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from tfgen.app import pictures
from tfgen.plots.grid import image_grid

RANDOM = np.random.default_rng(0).integers(0, 256, (5, 4, 3, 1))
IMAGES = (RANDOM / 255).astype(np.float32)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def squares(picture: Image.Image, pixels: np.ndarray) -> int:
    """Return the side of the squares of an enlarged picture. Fails if a pixel is not a square."""
    found = np.asarray(picture)
    side = found.shape[0] // pixels.shape[0]
    np.testing.assert_array_equal(found, np.kron(pixels, np.ones((side, side), np.uint8)))
    return side


@pytest.mark.parametrize(("target", "side"), [(1, 1), (4, 1), (40, 10), (42, 10), (800, 200)])
def test_each_pixel_is_a_square_and_the_picture_has_about_the_requested_size(target, side):
    pixels = RANDOM[0].astype(np.uint8)
    assert squares(pictures.as_picture(pixels, target), pixels[..., 0]) == side


def test_a_colour_picture_keeps_its_colours():
    pixels = np.random.default_rng(1).integers(0, 256, (4, 4, 3)).astype(np.uint8)
    picture = pictures.as_picture(pixels, 8)
    assert picture.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(picture)[::2, ::2], pixels)


def test_several_images_form_a_grid_and_a_single_image_has_no_border():
    squares(pictures.grid_picture(IMAGES), image_grid(IMAGES)[..., 0])
    squares(pictures.grid_picture(IMAGES[:1]), RANDOM[0, ..., 0].astype(np.uint8))
    squares(pictures.grid_picture(IMAGES, columns=5), image_grid(IMAGES, 5)[..., 0])


def test_a_cached_picture_has_its_name_and_is_stored_once(cache):
    picture = pictures.grid_picture(IMAGES)
    path = pictures.cache_image(picture, "digits-vae-seed-3")
    assert Path(path).name == "digits-vae-seed-3.png"
    assert Path(path).is_relative_to(cache)
    with Image.open(path) as found:
        np.testing.assert_array_equal(np.asarray(found), np.asarray(picture))
    # The same picture is not stored twice.
    assert pictures.cache_image(picture, "digits-vae-seed-3") == path
    assert sum(file.is_file() for file in cache.rglob("*")) == 1


def test_a_reader_never_sees_half_a_picture_while_others_write_and_delete_it(cache):
    picture = pictures.grid_picture(IMAGES)
    path = Path(pictures.cache_image(picture, "one"))
    whole = path.read_bytes()
    ended = threading.Event()

    def write():
        while not ended.is_set():
            assert pictures.cache_image(picture, "one") == str(path)

    def delete():
        while not ended.is_set():
            shutil.rmtree(path.parent, ignore_errors=True)
            time.sleep(0.001)  # Without this pause there would hardly ever be a file to read.

    with concurrent.futures.ThreadPoolExecutor(3) as others:
        working = [others.submit(each) for each in (write, write, delete)]
        read = []
        try:
            while len(read) < 300 and not any(each.done() for each in working):
                with contextlib.suppress(FileNotFoundError):
                    read.append(path.read_bytes())
        finally:
            ended.set()
        for each in working:
            each.result()
    assert set(read) == {whole}


def test_caching_a_picture_again_makes_its_file_new(cache):
    path = Path(pictures.cache_image(pictures.grid_picture(IMAGES), "one"))
    os.utime(path, (1, 1))
    pictures.cache_image(pictures.grid_picture(IMAGES), "one")
    assert path.stat().st_mtime > 1


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("./digits-vae", "digits-vae"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c\0d", "a-b-c-d"),
        ("äöü", "picture"),
        ("..", "picture"),
        ("", "picture"),
        ("<img src=x>", "img-src-x"),
        ("n" * 500, "n" * 80),
    ],
)
def test_no_name_leads_out_of_the_cache(cache, name, file):
    for path in (pictures.cache_image(pictures.grid_picture(IMAGES), name), pictures.cache_animation(IMAGES, name)):
        assert Path(path).stem == file
        assert Path(path).parent.parent == cache


def test_a_data_url_contains_the_picture(tmp_path):
    import base64
    import io

    picture = pictures.grid_picture(IMAGES)
    head, _, data = pictures.data_url(picture).partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as found:
        np.testing.assert_array_equal(np.asarray(found), np.asarray(picture))


def test_an_animation_runs_forward_and_back_without_loss_and_pauses_at_the_ends():
    path = pictures.cache_animation(IMAGES, "way", milliseconds=50, target=12)
    with Image.open(path) as film:
        assert film.format == "WEBP"
        assert film.info["loop"] == 0
        frames = [(np.asarray(frame.convert("RGB")), film.info["duration"]) for frame in ImageSequence.Iterator(film)]
    assert [stay for _, stay in frames] == [300, 50, 50, 50, 300, 50, 50, 50]
    for (found, _), index in zip(frames, (0, 1, 2, 3, 4, 3, 2, 1), strict=True):
        expected = np.kron(RANDOM[index, ..., 0], np.ones((3, 3)))
        np.testing.assert_array_equal(found, np.repeat(expected[..., None], 3, axis=-1))
