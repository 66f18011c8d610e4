"""Files of arrays are checked before memory is taken for them."""

import io
import pickle
import tracemalloc
import zipfile

import numpy as np
import pytest

from tfgen import data
from tfgen.data.arrays import read_arrays
from tfgen.errors import DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 4, 4), np.uint8)


def header(shape, descr="|u1") -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
    return file.getvalue()


def npz(path, **members: bytes):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


def encrypted(path):
    """An .npz whose members claim to be encrypted."""
    npz(path, images=header((3, 4, 4)) + bytes(48))
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(signature) + flags] |= 1
    path.write_bytes(content)
    return path


def test_arrays_of_any_order_are_read(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", images=np.asfortranarray(IMAGES), levels=np.array(7), other=IMAGES)
    arrays, names = read_arrays(tmp_path / "a.npz", ("images", "levels", "labels"))
    np.testing.assert_array_equal(arrays["images"], IMAGES)
    assert sorted(arrays) == ["images", "levels"]
    assert names == ["images", "levels", "other"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        pickle.dumps([1, 2]),
        header((50_000_000, 32, 32)) + bytes(100),
        header((2**40, 2**40, 2**40)),
        header((-1, 4, 4)) + bytes(100),
        header((2,), "|O") + pickle.dumps(1),
        b"\x93NUMPY\x01\x00\x10\x00{'descr':'|u1'   ",
        b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{'descr'",
        b"\x93NUMPY\x03\x00\x10\x00",
    ],
)
def test_a_damaged_array_gives_a_sentence_with_its_name_and_takes_no_memory(tmp_path, content):
    tracemalloc.start()
    with pytest.raises(DataError, match=r"mine\.npz, images: expected an \.npz file of plain arrays"):
        data.load(npz(tmp_path / "mine.npz", images=content))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**26
    (tmp_path / "mine.npy").write_bytes(content)
    with pytest.raises(DataError, match=r"mine\.npy: expected an \.npy file of images"):
        data.load(tmp_path / "mine.npy")


def test_an_encrypted_array_gives_a_sentence(tmp_path):
    with pytest.raises(DataError, match=r"mine\.npz, images: .*encrypted"):
        data.load(encrypted(tmp_path / "mine.npz"))


def test_arrays_larger_than_the_memory_are_refused_before_they_are_read(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "mine.npz", images=np.zeros((2000, 32, 32), np.uint8))
    np.save(tmp_path / "mine.npy", np.zeros((2000, 32, 32), np.uint8))
    monkeypatch.setattr("tfgen.data.memory.available_memory", lambda: 2**20)
    for name in ("mine.npz", "mine.npy"):
        with pytest.raises(DataError, match=rf"{name}: expected at most .* as memory is available"):
            data.load(tmp_path / name)


@pytest.mark.parametrize("labels", [np.full(20, -1), np.arange(20) * 10**9, np.full(20, 2**63, np.uint64)])
def test_labels_that_are_no_numbers_of_classes_are_refused(tmp_path, labels):
    np.savez(tmp_path / "mine.npz", images=IMAGES, labels=labels)
    with pytest.raises(DataError, match=r"Expected labels from 0 to 65535"):
        data.load(tmp_path / "mine.npz")
