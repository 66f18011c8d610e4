"""Atomic writing, and the checks of a path before a file is written."""

import errno
import json
import math
import os

import pytest

from tfgen.errors import ConfigError
from tfgen.files import atomic_write, check_writable, make_output_folder, remove_partial, write_json


def test_an_interrupted_write_leaves_the_old_file_and_no_other_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def interrupted():
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            assert path.read_text() == "old"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    with atomic_write(path) as temporary:
        assert temporary.suffix == ".txt"
        temporary.write_text("new")
    assert path.read_text() == "new"


def test_the_file_is_on_the_disk_before_its_name_and_its_name_before_the_block_is_left(tmp_path, monkeypatch):
    path, calls = tmp_path / "a.txt", []
    fsync, replace = os.fsync, os.replace

    def record_fsync(descriptor):
        calls.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    def record_replace(source, target):
        calls.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(os, "replace", record_replace)
    with atomic_write(path) as temporary:
        temporary.write_text("new")
    assert calls == [str(temporary), "replace", str(tmp_path)]


def test_a_file_system_that_cannot_synchronise_a_folder_is_accepted(tmp_path, monkeypatch):
    def refuse(descriptor):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    write_json(tmp_path / "a.json", 1)
    assert (tmp_path / "a.json").read_text() == "1\n"


def test_an_error_while_writing_names_the_file_that_was_asked_for(tmp_path):
    (tmp_path / "folder").mkdir()
    missing, long = tmp_path / "missing" / "a.txt", tmp_path / ("a" * 300 + ".txt")
    for path, reason in ((missing, "No such file"), (long, "name too long"), (tmp_path / "folder", "directory")):
        with pytest.raises(OSError, match=reason) as caught, atomic_write(path) as temporary:
            temporary.write_text("new")
        assert caught.value.filename == str(path)
    with pytest.raises(OSError, match="No space") as caught, atomic_write(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.filename == str(tmp_path / "a.txt")
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]


def test_the_temporary_files_of_killed_programs_are_removed_and_no_others(tmp_path):
    (tmp_path / "samples").mkdir()
    kept = [tmp_path / "a.partial.txt", tmp_path / ".hidden", tmp_path / "samples" / "b.png"]
    for path in kept:
        path.write_text("")
    with atomic_write(tmp_path / "samples" / "b.png") as temporary:
        temporary.write_text("killed here")
        left = temporary.with_name(temporary.name.replace("b", "c"))
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


def test_a_path_that_can_be_written_is_returned(tmp_path):
    assert check_writable(str(tmp_path / "a.PNG"), (".png",)) == tmp_path / "a.PNG"


def test_a_path_that_cannot_be_written_is_refused_before_the_work(tmp_path, monkeypatch):
    (tmp_path / "folder.png").mkdir()
    for name, message in (
        ("a.jpg", r"ending in \.png or \.npz\. Received: .*a\.jpg"),
        ("folder.png", r"Received a folder: .*folder\.png"),
        ("missing/a.png", r"There is no folder .*missing"),
    ):
        with pytest.raises(ConfigError, match=message):
            check_writable(tmp_path / name, (".png", ".npz"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ConfigError, match="can be written to"):
        check_writable(tmp_path / "a.png", (".png",))


def test_the_folder_of_a_command_is_made_with_its_parents_or_refused(tmp_path):
    assert make_output_folder(tmp_path / "a" / "b") == make_output_folder(str(tmp_path / "a" / "b"))
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    for name in ("file", "file/below"):
        with pytest.raises(ConfigError, match="--out: expected a folder that can be written to"):
            make_output_folder(tmp_path / name)
