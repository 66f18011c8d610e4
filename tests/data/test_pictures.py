"""Picture files become a data set once, with the labels and sizes that the user asks for."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from tfgen import data
from tfgen.data import cache, pictures
from tfgen.data.stored import StoredImages
from tfgen.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 6, 5, 3), np.uint8)


@pytest.fixture
def folder(tmp_path):
    for i, picture in enumerate(PIXELS):
        path = tmp_path / "mine" / ("cat" if i < 10 else "dog") / f"{i:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    return tmp_path / "mine"


def refuse_to_decode(*_):
    raise AssertionError("decoded again")


def test_pictures_are_decoded_once(folder, monkeypatch):
    first = data.load(folder)
    monkeypatch.setattr(pictures, "decode_all", refuse_to_decode)
    again = data.load(folder)
    np.testing.assert_array_equal(first.train.images, again.train.images)
    np.testing.assert_array_equal(first.train.labels, again.train.labels)
    assert (first.classes, first.fingerprint) == (again.classes, again.fingerprint)
    moved = folder.rename(folder.with_name("yours"))
    assert data.load(moved).name == "yours"
    for changed in ({"image_size": 4}, {"color": "grey"}, {"cache": False}, {"skip_broken": True}):
        with pytest.raises(AssertionError, match="decoded again"):
            data.load(moved, **changed)
    assert data.load(moved, seed=3).name == "yours"


@pytest.mark.parametrize("change", ["content", "new", "missing"])
def test_changed_files_are_decoded_again_and_give_another_fingerprint(folder, change):
    first = data.load(folder)
    if change == "content":
        Image.fromarray(255 - PIXELS[0]).save(folder / "cat" / "00.png")
    elif change == "new":
        Image.fromarray(PIXELS[0]).save(folder / "cat" / "99.png")
    else:
        (folder / "cat" / "00.png").unlink()
    assert data.load(folder).fingerprint != first.fingerprint


def test_the_fingerprint_is_that_of_the_content(folder, tmp_path):
    first = data.load(folder)
    assert data.load(folder, cache=False).fingerprint == first.fingerprint
    for path in folder.rglob("*.png"):
        path.touch()
    assert data.load(folder).fingerprint == first.fingerprint
    assert data.load(folder, train_size=5, validation_size=5).fingerprint != first.fingerprint
    (folder / "dog").rename(folder / "wolf")
    assert data.load(folder).fingerprint != first.fingerprint
    assert data.load("digits").fingerprint == data.load("digits").fingerprint != data.load("digits", color="rgb")


def test_a_set_larger_than_memory_stays_in_the_cache(folder, monkeypatch):
    in_memory = data.load(folder)
    monkeypatch.setattr(pictures, "IN_MEMORY_BYTES", 100)
    stored = data.load(folder)
    for name in ("train", "validation", "test"):
        part, expected = getattr(stored, name), getattr(in_memory, name)
        assert isinstance(part.images, StoredImages)
        np.testing.assert_array_equal(np.asarray(part.images), expected.images)
        np.testing.assert_array_equal(part.labels, expected.labels)
    assert stored.fingerprint == in_memory.fingerprint


def test_clear_deletes_the_decoded_pictures(folder, cache_folder):
    data.load(folder)
    assert cache.cache_folder().is_relative_to(cache_folder)
    entries, size = cache.clear()
    assert entries == 1
    assert size > PIXELS.nbytes
    assert cache.clear() == (0, 0)
    assert len(data.load(folder).train) == 16


def test_an_interrupted_decoding_leaves_nothing(folder, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(pictures, "decode_all", refuse_to_decode)
        with pytest.raises(AssertionError):
            data.load(folder)
    assert [path.name for path in cache.cache_folder().iterdir() if path.is_dir()] == []
    assert len(data.load(folder).train) == 16


def test_a_cache_that_cannot_be_written_is_an_error_that_names_the_flag(folder, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"cache folder that can be written.*--no-cache"):
        data.load(folder)
    assert len(data.load(folder, cache=False).train) == 16


def test_too_many_pixels_for_memory_or_disk_are_refused_before_decoding(folder, monkeypatch):
    monkeypatch.setattr("tfgen.data.memory.available_memory", lambda: 1000)
    monkeypatch.setattr(pictures, "decode_all", refuse_to_decode)
    with pytest.raises(DataError, match=r"at most .* of pixels, as memory.*--image-size"):
        data.load(folder, image_size=64, cache=False)
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    with pytest.raises(DataError, match=r"free on the disk.*--image-size"):
        data.load(folder, image_size=64)


def test_different_sizes_are_refused_before_decoding(folder, monkeypatch):
    Image.new("RGB", (9, 7)).save(folder / "cat" / "03.png")
    monkeypatch.setattr(pictures, "decode_all", refuse_to_decode)
    with pytest.raises(DataError, match=r"cat/03\.png: .*5×6.*9×7. 19 of 20 .*--image-size N") as caught:
        data.load(folder)
    assert "shortest side is 5" in str(caught.value)


@pytest.mark.parametrize("cached", [True, False])
def test_broken_pictures_are_left_out_on_request(folder, cached):
    (folder / "cat" / "02.png").write_bytes((folder / "cat" / "02.png").read_bytes()[:80])
    (folder / "dog" / "11.png").write_bytes(b"")
    (folder / "dog" / "phone.heic").write_bytes(b"x")
    with pytest.raises(DataError, match=r"phone\.heic: .*--skip-broken"):
        data.load(folder, cache=cached)
    for _ in range(2):
        dataset = data.load(folder, skip_broken=True, cache=cached)
        assert {(file.rsplit("/", 1)[1], reason.split(" (")[0]) for file, reason in dataset.skipped} == {
            ("phone.heic", ".heic is not read"),
            ("02.png", "expected a complete picture. Received a truncated or damaged one"),
            ("11.png", "expected a picture. Received an empty file"),
        }
        assert any("3 broken pictures" in note for note in dataset.notes)
        parts = (dataset.train, dataset.validation, dataset.test)
        assert sum(map(len, parts)) == 18
        for part in parts:
            for image, label, file in zip(part.images, part.labels, part.files, strict=True):
                number = int(file.decode()[-6:-4])
                np.testing.assert_array_equal(image, PIXELS[number])
                assert label == (number >= 10)


def test_broken_pictures_are_left_out_of_a_split(tmp_path):
    for i, picture in enumerate(PIXELS):
        path = tmp_path / "mine" / ("train" if i < 15 else "test") / f"{i:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    (tmp_path / "mine" / "train" / "00.png").write_bytes(b"")
    whole = (tmp_path / "mine" / "test" / "15.png").read_bytes()
    (tmp_path / "mine" / "test" / "15.png").write_bytes(whole[:80])
    dataset = data.load(tmp_path / "mine", skip_broken=True)
    assert (len(dataset.train) + len(dataset.validation), len(dataset.test)) == (14, 4)
    np.testing.assert_array_equal(dataset.test.images, PIXELS[16:])


@pytest.mark.parametrize("count", [1, 2])
def test_few_test_pictures_are_enough(tmp_path, count):
    for i, picture in enumerate(PIXELS[: 3 + count]):
        path = tmp_path / ("train" if i < 3 else "test") / f"{i:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    dataset = data.load(tmp_path)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (2, 1, count)


def test_rows_come_before_columns_and_a_picture_is_cut_or_padded(tmp_path):
    wide = np.zeros((4, 12, 3), np.uint8)
    wide[:, 2:10] = 200
    for i in range(10):
        (tmp_path / "mine").mkdir(exist_ok=True)
        Image.fromarray(wide).save(tmp_path / "mine" / f"{i}.png")
    cut = data.load(tmp_path / "mine", image_size="4x8")
    assert cut.event_shape == (4, 8, 3)
    assert (cut.train.images == 200).all()
    padded = data.load(tmp_path / "mine", image_size=(8, 12), fit="pad", background="#ff0000")
    assert padded.event_shape == (8, 12, 3)
    np.testing.assert_array_equal(padded.train.images[0, 2:6], wide)
    assert (padded.train.images[0, [0, 1, 6, 7]] == [255, 0, 0]).all()
    with pytest.raises(DataError, match="image_size: expected N or HxW"):
        data.load(tmp_path / "mine", image_size="4by8")
    with pytest.raises(DataError, match="background: expected the name of a colour"):
        data.load(tmp_path / "mine", image_size=8, fit="pad", background="nocolour")


def test_drawings_in_the_colour_of_the_background_are_noticed(tmp_path):
    drawing = np.full((5, 5, 4), 255, np.uint8)
    drawing[..., 3] = np.eye(5) * 255
    for i in range(10):
        Image.fromarray(drawing).save(tmp_path / f"{i}.png")
    white, black = data.load(tmp_path), data.load(tmp_path, background="black")
    assert "10 of 10 images have one colour only" in white.notes[0]
    assert black.notes == ()
    np.testing.assert_array_equal(black.train.images[0, ..., 0], np.eye(5) * 255)


def test_a_csv_file_has_the_labels(folder, tmp_path):
    table = tmp_path / "labels.csv"
    rows = [f"cat/{i:02d}.png,b" if i % 2 else f"{i:02d}.png, a" for i in range(10)]
    table.write_text("\n".join(["file, label", *rows, *(f"mine/dog/{i}.png,c" for i in range(10, 20))]))
    # The path may be longer than the path in the source only at its beginning.
    with pytest.raises(DataError, match=r"labels\.csv: expected a label for each.*none for dog/10\.png"):
        data.load(folder, labels=table)
    table.write_text(table.read_text().replace("mine/dog/", "dog/"))
    dataset = data.load(folder, labels=table)
    assert dataset.classes == ("a", "b", "c")
    for part in (dataset.train, dataset.validation, dataset.test):
        for label, file in zip(part.labels, part.files, strict=True):
            number = int(file.decode()[-6:-4])
            assert label == (2 if number >= 10 else number % 2)
    table.write_text(table.read_text().replace(",c", ",10").replace(",b", ",9").replace(", a", ",100"))
    assert data.load(folder, labels=table).classes == ("9", "10", "100")
    table.write_text("name,label\n")
    with pytest.raises(DataError, match=r"columns file and label. Received: name, label"):
        data.load(folder, labels=table)
    with pytest.raises(DataError, match=r"absent.csv: expected a CSV file"):
        data.load(folder, labels=tmp_path / "absent.csv")


def test_conditional_needs_labels(folder):
    assert data.load(folder, conditional=True).class_frequencies == pytest.approx((0.5, 0.5), abs=0.2)
    Image.fromarray(PIXELS[0]).save(folder / "stray.png")
    assert "stray.png" in data.load(folder).notes[0]
    with pytest.raises(DataError, match=r"expected labels, for --cond.*1 of 21 pictures.*stray\.png"):
        data.load(folder, conditional=True)
    with pytest.raises(DataError, match="expected labels"):
        data.load("moons", conditional=True)
    assert data.load("digits", conditional=True).classes == tuple("0123456789")


@pytest.mark.parametrize("name", ["images.bin", "labels.npy", "files.npy", "metadata.json"])
@pytest.mark.parametrize("damage", ["missing", "empty", "other", "longer JSON"])
def test_a_damaged_entry_of_the_cache_is_written_again(folder, name, damage):
    whole = data.load(folder)
    (path,) = cache.cache_folder().glob(f"*/{name}")
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "other": b"hello", "longer JSON": b'{"shape": [1], "labels": 7}'}[damage])
    again = data.load(folder)
    assert again.fingerprint == whole.fingerprint
    np.testing.assert_array_equal(again.train.images, whole.train.images)
    np.testing.assert_array_equal(again.train.labels, whole.train.labels)


def test_a_huge_file_in_an_archive_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", b"x" * 10)
    content = bytearray(path.read_bytes())
    place = content.find(b"PK\x01\x02") + 24
    content[place : place + 4] = (2**32 - 2).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.png: expected at most 1,073,741,824 bytes"):
        data.load(path)
