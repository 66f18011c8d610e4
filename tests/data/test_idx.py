"""The idx file format."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from tfgen.data.idx import read_idx
from tfgen.errors import DataError


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def refused(path, *words):
    with pytest.raises(DataError) as caught:
        read_idx(path, rank=3)
    message = str(caught.value)
    assert all(word in message for word in (str(path), "xpected", "eceived", *words)), message


IMAGES = idx(np.zeros((2, 3, 3), np.uint8))
GZIP = gzip.compress(IMAGES, mtime=0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["an empty file"]),
        (b"\0\0", ["00 00 08 03", "00 00"]),
        (b"\x89PNG" + IMAGES, ["89 50 4e 47"]),
        (bytes([0, 0, 0x0D, 3]) + IMAGES[4:], ["00 00 0d 03"]),
        (idx(np.zeros(7, np.uint8)), ["rank 3", "00 00 08 01"]),
        (IMAGES[:10], ["header of 16 bytes", "10 bytes"]),
        (IMAGES[:-1], ["18 bytes", "[2, 3, 3]", "17"]),
        (IMAGES + b"\0", ["18 bytes", "more than 18"]),
        (bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**32 - 1, 2**32 - 1, 2**32 - 1), ["Received: 0"]),
        (idx(np.zeros((0, 3, 3), np.uint8)), ["at least one", "[0, 3, 3]"]),
        (GZIP[:-9], ["gzip"]),
        (GZIP[:15], ["gzip"]),
        (GZIP[:-6] + b"abcdef", ["gzip"]),
        (GZIP[:12] + b"\xff\xff" + GZIP[14:], ["gzip"]),
    ],
)
def test_the_error_for_a_damaged_file_names_the_file_and_the_damage(tmp_path, content, words):
    path = tmp_path / "images"
    path.write_bytes(content)
    refused(path, *words)


def test_the_error_for_an_unreadable_file_names_the_file(tmp_path):
    refused(tmp_path / "absent")
    refused(tmp_path)


def test_every_truncated_file_is_refused(tmp_path):
    path = tmp_path / "images"
    for content in (IMAGES, GZIP):
        for length in range(len(content)):
            path.write_bytes(content[:length])
            refused(path)


@pytest.mark.parametrize("packed", [True, False])
def test_a_header_that_promises_too_much_takes_no_memory(tmp_path, packed):
    path = tmp_path / "images"
    content = bytes([0, 0, 8, 3]) + 3 * (2**31).to_bytes(4, "big") + bytes(100)
    path.write_bytes(gzip.compress(content) if packed else content)
    tracemalloc.start()
    refused(path, "bytes of values", "Received: 100")
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()


def test_values_after_those_that_are_promised_are_not_unpacked(tmp_path):
    path = tmp_path / "labels"
    path.write_bytes(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 3]) + bytes(10_000_000)))
    tracemalloc.start()
    with pytest.raises(DataError, match=r"expected 3 bytes of values .* Received: more than 3"):
        read_idx(path, 1)
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()
