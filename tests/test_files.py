"""A file is the old one or the whole new one."""

import json
import math

import pytest

from tfgen.files import remove_partial, replacing, write_json


def test_a_block_that_raises_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def interrupted():
        with replacing(path) as fresh:
            fresh.write_text("half")
            assert path.read_text() == "old"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    with replacing(path) as fresh:
        assert fresh.suffix == ".txt"
        fresh.write_text("new")
    assert path.read_text() == "new"


def test_what_a_kill_left_is_removed_and_nothing_else(tmp_path):
    (tmp_path / "samples").mkdir()
    kept = [tmp_path / "a.partial.txt", tmp_path / ".hidden", tmp_path / "samples" / "b.png"]
    for path in kept:
        path.write_text("")
    with replacing(tmp_path / "samples" / "b.png") as fresh:
        fresh.write_text("killed here")
        left = fresh.with_name(fresh.name.replace("b", "c"))
        left.write_text("left")
    remove_partial(tmp_path)
    assert not left.exists()
    assert all(path.exists() for path in kept)


def test_json_has_no_infinity(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"x": math.inf})
    assert not list(tmp_path.iterdir())
    write_json(tmp_path / "a.json", {"x": 1})
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": 1}
