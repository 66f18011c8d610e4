"""Atomic writing, and the checks of a path before a file is written."""

import errno
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tfgen.errors import ConfigError, RunError
from tfgen.files import (
    atomic_write,
    check_writable,
    make_output_folder,
    move_durably,
    read_json,
    remove_partial,
    write_json,
)


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


def test_the_temporary_file_of_a_program_that_runs_stays(tmp_path):
    code = (
        "import sys; from tfgen.files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as temporary:\n"
        "    temporary.write_text(''); print(temporary, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "evaluation.json")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        temporary = Path(other.stdout.readline().strip())
        remove_partial(tmp_path)
        assert temporary.exists()
        other.kill()
        other.wait()
        assert temporary.exists()
        remove_partial(tmp_path)
        assert not temporary.exists()


def test_the_temporary_file_of_another_machine_stays_for_a_day(tmp_path):
    new, old = (tmp_path / f".a.elsewhere.{number}.0.partial.txt" for number in (1, 2))
    for path in (new, old):
        path.write_text("")
    os.utime(old, (0, 0))
    remove_partial(tmp_path)
    assert new.exists() and not old.exists()


def test_two_threads_that_write_one_file_do_not_mix(tmp_path):
    path = tmp_path / "a.txt"
    with atomic_write(path) as first, atomic_write(path) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"


def test_a_name_of_the_longest_length_can_be_written(tmp_path):
    path = tmp_path / ("é" * 120 + "a" * 11 + ".txt")
    with atomic_write(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


def test_a_folder_is_moved_with_its_files_on_the_disk(tmp_path, monkeypatch):
    (tmp_path / "new" / "sub").mkdir(parents=True)
    (tmp_path / "new" / "sub" / "a").write_text("a")
    synced, fsync = [], os.fsync

    def record(descriptor):
        synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    move_durably(tmp_path / "new", tmp_path / "there")
    assert (tmp_path / "there" / "sub" / "a").read_text() == "a"
    assert sorted(synced) == sorted(["a", "sub", "new", tmp_path.name])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Expecting value"),
        (b"\xff\xfe", "codec"),
        (b"[" * 10_000, "nested too deeply"),
        (b"9" * 5000, "Exceeds the limit"),
        (None, "No such file"),
    ],
)
def test_what_is_no_json_is_a_sentence(tmp_path, content, reason):
    if content is not None:
        (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(RunError, match=rf"Expected .*a\.json\. Received: .*{reason}"):
        read_json(tmp_path / "a.json", RunError)


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
