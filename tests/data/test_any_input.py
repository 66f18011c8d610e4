"""Whatever the bytes of a file are, they become a data set or one sentence."""

import io
import tarfile
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tfgen import data
from tfgen.errors import TfgenError

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 6, 5, 3), np.uint8)
#: Suffix of a picture → arguments of Pillow's `save`.
FORMATS = {
    "png": {},
    "jpg": {},
    "gif": {},
    "bmp": {},
    "tif": {"compression": "tiff_lzw"},
    "webp": {"lossless": True},
    "ppm": {},
    "ico": {"sizes": [(5, 6)]},
    "jp2": {},
    "dds": {},
    "tga": {},
}
quickly = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


def picture(suffix: str) -> bytes:
    file = io.BytesIO()
    kind = Image.registered_extensions()[f".{suffix}"]
    Image.fromarray(PIXELS[0]).save(file, kind, **FORMATS[suffix])
    return file.getvalue()


def arrays(name: str) -> bytes:
    file = io.BytesIO()
    if name == "npy":
        np.save(file, PIXELS)
    else:
        (np.savez if name == "npz" else np.savez_compressed)(file, images=PIXELS, labels=np.arange(12) % 2)
    return file.getvalue()


def archive(name: str) -> bytes:
    file = io.BytesIO()
    content = picture("png")
    if name == "zip":
        with zipfile.ZipFile(file, "w") as target:
            for i in range(12):
                target.writestr(f"{i % 2}/{i}.png", content)
    else:
        with tarfile.open(fileobj=file, mode="w:gz" if name == "tgz" else "w") as target:
            for i in range(12):
                info = tarfile.TarInfo(f"{i % 2}/{i}.png")
                info.size = len(content)
                target.addfile(info, io.BytesIO(content))
    return file.getvalue()


@st.composite
def damaged(draw, contents: dict[str, bytes]) -> tuple[str, bytes]:
    """The name of one of some files, and its content after a change."""
    name = draw(st.sampled_from(sorted(contents)))
    content = bytearray(contents[name])
    kind = draw(st.sampled_from(["cut", "change", "random", "swap", "none"]))
    if kind == "cut":
        del content[draw(st.integers(0, len(content))) :]
    elif kind == "change":
        # The headers lie at the beginning and, in archives, at the end.
        for _ in range(draw(st.integers(1, 4))):
            place = draw(st.integers(0, min(120, len(content) - 1)))
            place = place if draw(st.booleans()) else len(content) - 1 - place
            content[place] = draw(st.integers(0, 255))
    elif kind == "random":
        content = bytearray(draw(st.binary(max_size=200)))
    elif kind == "swap":
        content = bytearray(contents[draw(st.sampled_from(sorted(contents)))])
    return name, bytes(content)


def loads_or_refuses(path, **options) -> None:
    """Load a data set; fail on every error but one sentence for the user."""
    try:
        dataset = data.load(path, cache=False, **options)
    except TfgenError as error:
        sentence = str(error)
    else:
        assert len(dataset.train) >= 1
        assert len(dataset.classes) <= 2**16
        return
    assert "xpected" in sentence
    assert "\n" not in sentence


@quickly
@given(damaged({name: arrays(name) for name in ("npy", "npz", "compressed")}))
def test_arrays(tmp_path, file):
    path = tmp_path / f"mine.{'npy' if file[0] == 'npy' else 'npz'}"
    path.write_bytes(file[1])
    loads_or_refuses(path)


@quickly
@given(damaged({name: archive(name) for name in ("zip", "tar", "tgz")}), st.booleans())
def test_archives(tmp_path, file, skip):
    path = tmp_path / f"mine.{file[0]}"
    path.write_bytes(file[1])
    loads_or_refuses(path, skip_broken=skip, image_size=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with 11 whole pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    for i in range(11):
        (folder / f"{i}.png").write_bytes(picture("png"))
    return folder


@quickly
@given(damaged({suffix: picture(suffix) for suffix in FORMATS}), st.booleans())
def test_pictures(folder, file, skip):
    path = folder / f"damaged.{file[0]}"
    path.write_bytes(file[1])
    try:
        loads_or_refuses(folder, skip_broken=skip, image_size=4)
    finally:
        path.unlink()


@quickly
@given(st.text(max_size=300) | st.text(alphabet="~/.*{}[]:0123456789\0", max_size=30))
def test_names(name):
    if name.startswith(("tfds:", "hf:")):
        return
    # Not a path that exists, such as "." or "/".
    loads_or_refuses(f"nowhere{name}" if not name.startswith("~") else name)


@quickly
@given(st.text(max_size=60) | st.text(alphabet='file,label\n"0123.png\0;', max_size=60), st.booleans())
def test_labels(tmp_path, folder, text, known):
    path = tmp_path / "labels.csv"
    path.write_text("file,label\n" * known + text, errors="replace")
    loads_or_refuses(folder, labels=path)


@quickly
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists) | st.text())
def test_dataset_json(tmp_path, value):
    import json

    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as target:
        for i in range(11):
            target.writestr(f"{i}.png", picture("png"))
        target.writestr("dataset.json", value if isinstance(value, str) else json.dumps({"labels": value}))
    loads_or_refuses(path)
