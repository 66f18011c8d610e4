"""What training would see of pictures of the user, before the training."""

import io
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.handlers import describe_pictures as module
from tfgen.app.handlers.describe_pictures import describe_pictures, description_of
from tfgen.app.handlers.own_pictures import train_on_pictures
from tfgen.app.pictures import grid_picture
from tfgen.app.public_text import without_folders
from tfgen.data import load
from tfgen.errors import TfgenError
from tfgen.plots.contact_sheet import contact_sheet

LOCAL = SimpleNamespace(is_local=True)
#: Names of two folders, with characters that mean something in HTML and in Markdown.
CLASSES = ("c|ts <b>", "dogs_*")
RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def caches(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("decoded")))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("served")))


def png(width=10, height=8, mode="RGB") -> bytes:
    file = io.BytesIO()
    Image.fromarray(RANDOM.integers(0, 256, (height, width, 3), np.uint8)).convert(mode).save(file, "png")
    return file.getvalue()


@pytest.fixture
def archive(tmp_path):
    """A function that writes a .zip with the given files, and returns it as an upload."""

    def write(files: dict[str, bytes], name="my pictures.zip"):
        path = tmp_path / "a folder" / name
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w") as made:
            for inside, content in files.items():
                made.writestr(inside, content)
        return {"path": str(path), "name": name}

    return write


def pictures(count=20, **settings) -> dict[str, bytes]:
    return {f"{CLASSES[i % 2]}/{i:02d}.png": png(**settings) for i in range(count)}


def row(text: str, title: str) -> str:
    """Return the second cell of a row of the table."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {title} |")]
    return line.removeprefix(f"| {title} | ").removesuffix(" |")


def shown(path: str) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_the_table_says_what_is_in_the_archive(archive):
    files = pictures(19)
    files["c|ts <b>/copy.png"] = files["c|ts <b>/00.png"]
    files |= {"c|ts <b>/transparent.png": png(mode="RGBA"), "README_*.t<t": b"", "notes.md": b""}
    text, sheet = describe_pictures(LOCAL, archive(files))
    assert row(text, "Pictures") == "21"
    assert row(text, "Sizes of the files") == "8×10 (21) (rows × columns)"
    assert row(text, "Colour modes").startswith("RGB (20), RGBA (1); 1 may have transparent pixels")
    assert row(text, "Images for training") == "8×10 pixels, colour"
    assert row(text, "Split") == "17 training, 2 validation, 2 test"
    assert row(text, "Classes") == r"2: c\|ts &lt;b&gt; (12), dogs\_\* (9)"
    assert row(text, "Duplicates").startswith("1 image equal to an earlier one")
    assert row(text, "Left out").startswith("2 files of other types than pictures: ")
    assert "&lt;" in row(text, "Left out")
    assert "Broken files" not in text and "Training" not in text
    assert shown(sheet).ndim == 3


def test_the_sheet_shows_training_pictures_in_a_row_for_each_class(archive):
    upload = archive(pictures())
    _, sheet = describe_pictures(LOCAL, upload)
    dataset = load(upload["path"])
    images, rows = contact_sheet(dataset.train.images, 256, dataset.train.labels, 32)
    assert rows is not None and rows.max() == 1
    expected = grid_picture(images, rows=rows, names=CLASSES)
    np.testing.assert_array_equal(shown(sheet), np.asarray(expected))
    plain = {name.replace("/", "-"): content for name, content in pictures().items()}
    text, sheet = describe_pictures(LOCAL, archive(plain, "plain.zip"), "", 4)
    assert row(text, "Classes").startswith("none")
    images = load(archive(plain, "plain.zip")["path"], image_size=4).train.images / np.float32(255)
    np.testing.assert_array_equal(shown(sheet), np.asarray(grid_picture(images)))


@pytest.mark.parametrize(
    ("sizes", "given", "expected", "side"),
    [
        ([(10, 8)], None, None, (8, 10)),
        ([(10, 8)], 6, None, (6, 6)),
        ([(10, 8), (10, 8), (30, 40)], None, 8, (8, 8)),
        ([(10, 8), (10, 8), (30, 40)], 0, 8, (8, 8)),
        ([(10, 8), (10, 8), (30, 40)], 12, None, (12, 12)),
        ([(300, 200), (10, 8), (300, 200)], None, 128, (128, 128)),
        ([(3, 900), (10, 8), (3, 900)], None, 4, (4, 4)),
    ],
)
def test_a_size_is_proposed_for_pictures_of_several_sizes(archive, sizes, given, expected, side):
    files = {f"{i:02d}.png": png(*sizes[i % len(sizes)]) for i in range(12)}
    upload = archive(files)
    found = description_of(LOCAL, upload, "", given, "crop", False)
    assert found.proposed_size == expected
    assert ("Training needs an image size" in found.text) is (expected is not None)
    assert row(found.text, "Images for training") == f"{side[0]}×{side[1]} pixels, colour"
    options = {"image_size": expected or given} if expected or given else {}
    images = load(upload["path"], **options).train.images
    np.testing.assert_array_equal(shown(found.sheet), np.asarray(grid_picture(images / np.float32(255))))


def test_the_way_to_fit_a_picture_changes_the_sheet(archive):
    upload = archive(pictures(width=20))
    crop, pad = (shown(describe_pictures(LOCAL, upload, "", 8, fit)[1]) for fit in ("crop", "pad"))
    assert crop.shape == pad.shape and (crop != pad).any()


def test_broken_files_are_named_and_can_be_left_out(archive):
    truncated = png()[:-40]
    broken = {f"dogs_*/x_{i:02d}.png": b"no picture" if i else truncated for i in range(12)}
    upload = archive({**pictures(), **broken, "c|ts <b>/new.heic": b""})
    text, _ = describe_pictures(LOCAL, upload)
    assert "**Training refuses 13 broken files**" in text and "Leave out broken files" in text
    named = row(text, "Broken files")
    assert named.startswith("13: ") and named.endswith(" and 3 more")
    assert r"dogs\_\*/x\_01.png" in named and named.count(".png") + named.count(".heic") == 10
    text, _ = describe_pictures(LOCAL, upload, "", None, "crop", True)
    assert row(text, "Broken files") == named
    assert "Training refuses" not in text
    assert row(text, "Split") == "16 training, 2 validation, 2 test"


def test_a_folder_and_an_npz_of_this_machine_are_described(tmp_path):
    for name, content in pictures().items():
        path = tmp_path / "my folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    text, _ = describe_pictures(LOCAL, None, str(tmp_path / "my folder"))
    assert row(text, "Pictures") == "20"
    np.savez(tmp_path / "arrays.npz", images=RANDOM.integers(0, 256, (20, 4, 4), np.uint8))
    text, _ = describe_pictures(LOCAL, None, str(tmp_path / "arrays.npz"))
    assert row(text, "Images for training") == "4×4 pixels, grey"
    assert "Sizes of the files" not in text


def test_pictures_are_decoded_once(archive, monkeypatch):
    upload = archive(pictures())
    first = describe_pictures(LOCAL, upload)
    monkeypatch.setattr("tfgen.data.pictures.decode_all", None)
    assert describe_pictures(LOCAL, upload) == first


def test_training_does_not_decode_the_described_pictures_again(archive, monkeypatch, tmp_path):
    asked = []
    trainer = SimpleNamespace(start_auto=lambda *values, **options: asked.append((values, options)) or "run")
    context = Context(Catalogue(tmp_path / "runs"), None, trainer, is_local=False)  # type: ignore[arg-type]
    upload = archive(pictures(width=9))
    describe_pictures(context, upload, image_size=8)
    train_on_pictures(context, "vae", upload, image_size=8)
    ((_, data, _), options) = asked[0]
    monkeypatch.setattr("tfgen.data.pictures.decode_all", None)
    assert load(data, **options).event_shape == (8, 8, 3)


def bad(folder: Path) -> dict[str, bytes]:
    """Return name → content of files that are no archive of pictures."""
    (folder / "good.zip").write_bytes(b"")
    with zipfile.ZipFile(folder / "good.zip", "w") as made:
        made.writestr("a.png", png())
    whole = (folder / "good.zip").read_bytes()
    return {"damaged.zip": whole[: len(whole) // 2], "text.zip": b"text", "picture.png": png(), "empty.zip": b""}


@pytest.mark.parametrize("name", ["damaged.zip", "text.zip", "picture.png", "empty.zip"])
def test_a_file_that_is_no_archive_gives_a_sentence(tmp_path, name):
    (tmp_path / "a folder").mkdir()
    path = tmp_path / "a folder" / name
    path.write_bytes(bad(tmp_path)[name])
    with pytest.raises(TfgenError, match=rf"^{name}: expected a \.zip"):
        describe_pictures(LOCAL, {"path": str(path), "name": name})


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.txt": b"x"}, r"^my pictures\.zip: expected pictures of type .* Found: only files of type \.txt"),
        ({}, r"^my pictures\.zip: expected pictures of type"),
        ({"a.png": png(), "b.png": png()}, "expected at least 10 images.* Received: 2"),
        ({"a.png": b"x", "b.png": b"y"}, r"^my pictures\.zip: expected a picture that can be read. Received: 2 broken"),
        (
            {"train/a.png": png(), "test/b.png": png(), "c.png": png()},
            r"^my pictures\.zip: expected all pictures in the folders",
        ),
    ],
)
def test_pictures_that_cannot_be_trained_on_give_a_sentence(archive, files, words, tmp_path):
    with pytest.raises(TfgenError, match=words) as caught:
        describe_pictures(LOCAL, archive(files))
    assert str(tmp_path) not in str(caught.value) and "a folder" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image_size": 3}, "image_size: expected an integer from 4 to 1024"),
        ({"image_size": 12.5}, "image_size: expected"),
        ({"image_size": "48"}, "image_size: expected"),
        ({"fit": "stretch"}, "fit: expected one of crop, pad"),
        ({"fit": ["crop"]}, "fit: expected one of crop, pad"),
        ({"skip_broken": 1}, "skip_broken: expected true or false"),
        ({"folder": "/nowhere"}, "Received: both"),
        ({"pictures": None}, "Received: neither"),
        ({"pictures": None, "folder": "/nowhere"}, "folder: expected the path"),
        ({"pictures": {"path": None, "name": "a.zip"}}, r"a\.zip: expected an uploaded file"),
    ],
)
def test_a_bad_value_gives_a_sentence(archive, changes, words):
    with pytest.raises(TfgenError, match=words):
        describe_pictures(LOCAL, **{"pictures": archive(pictures()), **changes})


def test_a_page_for_other_machines_describes_no_folder(tmp_path):
    with pytest.raises(TfgenError, match=r"folder: expected a \.zip"):
        describe_pictures(SimpleNamespace(is_local=False), None, str(tmp_path))


def test_an_upload_that_would_fill_the_memory_is_refused(archive, monkeypatch):
    upload = archive(pictures())
    monkeypatch.setattr(module, "UPLOAD_BYTES", 20 * 8 * 10 * 3 - 1)
    with pytest.raises(TfgenError, match=r"my pictures\.zip: expected pictures of at most .* 20 pictures, .* 8×10 pix"):
        describe_pictures(LOCAL, upload)
    assert describe_pictures(LOCAL, upload, "", 4)
    assert describe_pictures(LOCAL, None, upload["path"])
    monkeypatch.setattr(module, "UPLOAD_FILE_BYTES", 99)
    with pytest.raises(TfgenError, match=r"my pictures\.zip: expected files of at most"):
        describe_pictures(LOCAL, upload)


def test_no_text_tells_a_folder_of_the_machine(archive, tmp_path):
    broken = {"dogs_*/x.png": b"no picture"}
    text, _ = describe_pictures(LOCAL, archive({**pictures(), **broken}))
    assert str(tmp_path) not in text and "a folder" not in text
    assert without_folders(text) == text
