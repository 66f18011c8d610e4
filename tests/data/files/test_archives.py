"""Pictures in .zip and .tar files and in WebDataset shards are read as those in a folder."""

import gzip
import io
import json
import os
import shutil
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from tfgen import data
from tfgen.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 6, 5, 3), np.uint8)


def png(pixels) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def files_of(pattern="{kind}/{i:02d}.png") -> dict[str, bytes]:
    return {pattern.format(kind="cat" if i < 6 else "dog", i=i): png(PIXELS[i]) for i in range(12)}


def write_zip(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_tar(path, files, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def write_folder(path, files):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def rows(dataset) -> dict[bytes, str | None]:
    """Pixels → name of the class, over all splits."""
    found = {}
    for part in (dataset.train, dataset.validation, dataset.test):
        for i, image in enumerate(part.images if part is not None else []):
            found[bytes(image)] = None if part.labels is None else dataset.classes[part.labels[i]]
    return found


EXPECTED = {bytes(PIXELS[i]): "cat" if i < 6 else "dog" for i in range(12)}


@pytest.mark.parametrize("cache", [True, False])
def test_a_zip_and_a_tar_are_the_same_data_as_the_folder(tmp_path, cache):
    files = files_of()
    sources = [
        write_folder(tmp_path / "mine", files),
        write_zip(tmp_path / "mine.zip", files),
        write_tar(tmp_path / "mine.tar", files),
        write_tar(tmp_path / "dots.tar", {f"./{name}": content for name, content in files.items()}),
        write_tar(tmp_path / "mine.tar.gz", files, "w:gz"),
        write_tar(tmp_path / "mine.tar.xz", files, "w:xz"),
    ]
    loaded = [data.load(source, cache=cache) for source in sources]
    for dataset in loaded:
        assert rows(dataset) == EXPECTED
        assert dataset.classes == ("cat", "dog")
        np.testing.assert_array_equal(dataset.test.images, loaded[0].test.images)
        assert dataset.fingerprint == loaded[0].fingerprint
    assert loaded[1].name == loaded[2].name == loaded[4].name == "mine"


def test_images_know_their_files(tmp_path):
    dataset = data.load(write_zip(tmp_path / "mine.zip", files_of()))
    for part in (dataset.train, dataset.validation, dataset.test):
        for image, file in zip(part.images, part.files, strict=True):
            np.testing.assert_array_equal(image, PIXELS[int(file.decode()[-6:-4])])


def test_a_renamed_zip_is_found_in_the_cache_and_another_one_of_the_same_size_and_time_is_not(tmp_path, monkeypatch):
    bitmaps = {f"{i:02d}.pgm": b"P5 4 4 255 " + bytes([i] * 16) for i in range(12)}
    first = data.load(write_zip(tmp_path / "mine.zip", bitmaps))
    renamed = shutil.copy2(tmp_path / "mine.zip", tmp_path / "yours.zip")
    changed = write_zip(tmp_path / "other.zip", {name: content[:-1] + b"x" for name, content in bitmaps.items()})
    os.utime(changed, ns=(0, (tmp_path / "mine.zip").stat().st_mtime_ns))
    assert changed.stat().st_size == (tmp_path / "mine.zip").stat().st_size
    assert data.load(changed).fingerprint != first.fingerprint
    monkeypatch.setattr("tfgen.data.pictures.decode_all", None)
    assert data.load(renamed).fingerprint == first.fingerprint
    assert data.load(renamed).name == "yours"


def test_a_split_inside_a_zip_is_understood(tmp_path):
    files = {f"Wrap/Train/{name}": content for name, content in files_of().items()}
    moved = [name for name in files if name[-5] in "05"]
    for name in moved:
        files[name.replace("Train", "TEST")] = files.pop(name)
    dataset = data.load(write_zip(tmp_path / "mine.zip", files))
    assert rows(dataset) == EXPECTED
    assert len(dataset.test) == len(moved) == 3
    assert len(dataset.validation) == 1


def test_files_of_macos_and_hidden_files_are_ignored_and_others_counted(tmp_path):
    extra = {"__MACOSX/cat/._00.png": b"x", ".DS_Store": b"x", "cat/.hidden.png": b"x", "cat/README.txt": b"x"}
    dataset = data.load(write_zip(tmp_path / "mine.zip", files_of() | extra))
    assert rows(dataset) == EXPECTED
    assert dataset.notes == ("Left out: 1 file of other types than pictures (1 .txt).",)


@pytest.mark.parametrize("write", [write_zip, write_tar, write_folder])
def test_dataset_json_has_the_labels_of_edm(tmp_path, write):
    names = {"cat": 7, "dog": 3}
    files = files_of("{i:02d}00/{kind}{i:02d}.png")
    entries = [[name, names[name[5:8]]] for name in files]
    path = write(tmp_path / "mine.x", files | {"dataset.json": json.dumps({"labels": entries}).encode()})
    dataset = data.load(path)
    assert dataset.classes == ("3", "7")
    assert rows(dataset) == {pixels: "7" if kind == "cat" else "3" for pixels, kind in EXPECTED.items()}
    assert dataset.notes == ()


def test_a_dataset_json_without_labels_overrides_the_folders(tmp_path):
    dataset = data.load(write_zip(tmp_path / "mine.zip", files_of() | {"dataset.json": b'{"labels": null}'}))
    assert dataset.classes == ()
    assert "dataset.json says: no labels" in dataset.notes[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "JSON"),
        (b"{}", "labels Field required"),
        (b"[1]", "object"),
        (b"[" * 100_000, "recursion limit"),
        (b'{"labels": {"cat/00.png": 1}}', "valid array"),
        (b'{"labels": [["cat/00.png", 0.5]]}', "integer"),
        (b'{"labels": [["cat/00.png", true]]}', "integer"),
        (b'{"labels": [["cat/00.png", -1]]}', "greater than or equal to 0"),
        (b'{"labels": [["cat/00.png", 1%s]]}' % (b"0" * 5000), "integer|parse"),
        (b'{"labels": []}', "cat/00.png"),
    ],
)
def test_a_wrong_dataset_json_is_an_error(tmp_path, content, message):
    path = write_zip(tmp_path / "mine.zip", files_of() | {"dataset.json": content})
    with pytest.raises(DataError, match=rf"mine\.zip/dataset\.json: expected .*{message}"):
        data.load(path)


def webdataset(label: str = "cls") -> dict[str, bytes]:
    files = {}
    for i in range(12):
        kind = "cat" if i < 6 else "dog"
        files[f"s/{i:04d}.png"] = png(PIXELS[i])
        files[f"s/{i:04d}.{label}"] = kind.encode() if label == "cls" else json.dumps({"label": kind}).encode()
        files[f"s/{i:04d}.txt"] = b"a caption"
    return files


@pytest.mark.parametrize("label", ["cls", "json"])
def test_shards_of_a_webdataset_are_one_data_set(tmp_path, label):
    entries = [*webdataset(label).items()]
    for shard in range(3):
        write_tar(tmp_path / f"mine-{shard:03d}.tar", dict(entries[12 * shard : 12 * shard + 12]))
    for source in (tmp_path / "mine-{000..002}.tar", tmp_path / "mine-*.tar", tmp_path):
        dataset = data.load(source, cache=False)
        assert rows(dataset) == EXPECTED
        assert dataset.classes == ("cat", "dog")
    assert data.load(tmp_path / "mine-{000..002}.tar").name == "mine"
    with pytest.raises(DataError, match=r"Missing: .*mine-003\.tar"):
        data.load(tmp_path / "mine-{000..003}.tar")


def test_shards_called_after_splits_are_the_split(tmp_path):
    entries = [*webdataset().items()]
    write_tar(tmp_path / "train-0.tar", dict(entries[:24]))
    write_tar(tmp_path / "test-0.tar", dict(entries[24:]))
    dataset = data.load(tmp_path)
    assert {bytes(image) for image in dataset.test.images} == {bytes(image) for image in PIXELS[8:]}


def test_a_sample_without_a_label_is_an_error(tmp_path):
    files = webdataset()
    del files["s/0003.cls"]
    with pytest.raises(DataError, match=r"a label .* for each picture.*1 of 12, for example s/0003\.png"):
        data.load(write_tar(tmp_path / "mine.tar", files))


def test_damaged_archives_are_errors_that_name_the_file(tmp_path):
    whole = write_zip(tmp_path / "mine.zip", files_of()).read_bytes()
    (tmp_path / "mine.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"mine\.zip: expected a \.zip"):
        data.load(tmp_path / "mine.zip")
    flipped = bytearray(whole)
    flipped[60] ^= 255
    (tmp_path / "mine.zip").write_bytes(bytes(flipped))
    with pytest.raises(DataError, match=r"mine\.zip/cat/00\.png: expected a complete"):
        data.load(tmp_path / "mine.zip")
    tar = write_tar(tmp_path / "mine.tar", files_of()).read_bytes()
    (tmp_path / "mine.tar").write_bytes(b"x" * 512 + tar[512:])
    with pytest.raises(DataError, match=r"mine\.tar"):
        data.load(tmp_path / "mine.tar")
    (tmp_path / "mine.tar").write_bytes(gzip.compress(tar)[:-20])
    with pytest.raises(DataError, match=r"mine\.tar"):
        data.load(tmp_path / "mine.tar")


def test_an_archive_without_pictures_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"mine\.zip: expected pictures.*only files of type \.txt"):
        data.load(write_zip(tmp_path / "mine.zip", {"a.txt": b"x"}))
