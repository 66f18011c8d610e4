"""Files are deleted by age and by total size, and recent files stay."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from tfgen.app import cache_cleanup
from tfgen.app.cache_cleanup import MAX_AGE, MIN_AGE, cleaning, delete_old_files
from tfgen.app.pictures import KEPT

NOW = 1_000_000.0


@pytest.fixture
def write(tmp_path):
    """A function that writes a file of some age into a folder of its own, as Gradio does."""

    def put(name: str, age: float, size: int = 100) -> Path:
        path = tmp_path / f"of-{name}" / name
        path.parent.mkdir()
        path.write_bytes(bytes(size))
        for each in (path, path.parent):
            os.utime(each, (NOW - age, NOW - age))
        return path

    return put


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


def test_an_old_file_is_deleted_with_its_folder(write, tmp_path):
    old, young = write("old", MAX_AGE + 1), write("young", MAX_AGE - 1)
    assert delete_old_files(tmp_path, NOW) == [old]
    assert left(tmp_path) == {"young", "of-young"}
    assert young.exists()


def test_the_oldest_files_beyond_the_total_size_are_deleted(write, tmp_path):
    for age in range(300, 1300, 100):
        write(str(age), age)
    assert [path.name for path in delete_old_files(tmp_path, NOW, max_bytes=450)] == [
        str(age) for age in range(700, 1300, 100)
    ]
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 4


def test_files_that_belong_to_the_page_stay(tmp_path):
    kept, other = tmp_path / KEPT / "hash" / "a.png", tmp_path / f"{KEPT}-not" / "b.png"
    for path in (kept, other):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"1")
        os.utime(path, (NOW - 2 * MAX_AGE, NOW - 2 * MAX_AGE))
    assert delete_old_files(tmp_path, NOW, max_bytes=0) == [other]
    assert kept.exists()


def test_recent_files_stay_whatever_the_total_size(write, tmp_path):
    write("new", MIN_AGE - 1)
    write("newest", 0)
    write("older", MIN_AGE + 1)
    assert [path.name for path in delete_old_files(tmp_path, NOW, max_bytes=0)] == ["older"]


def test_a_new_empty_folder_stays(tmp_path):
    (tmp_path / "fresh").mkdir()
    (tmp_path / "stale" / "within").mkdir(parents=True)
    for path in (tmp_path / "stale" / "within", tmp_path / "stale"):
        os.utime(path, (0, 0))
    delete_old_files(tmp_path, (tmp_path / "fresh").stat().st_mtime + 1)
    assert "fresh" in left(tmp_path)
    assert "within" not in left(tmp_path)


def test_gradio_forgets_the_names_of_deleted_files(write, tmp_path, monkeypatch):
    old, young = write("old", NOW), write("young", 0)
    os.utime(young)
    remembered = [{str(old), str(young)}, {str(old)}]
    monkeypatch.setattr(cache_cleanup, "INTERVAL", 0.01)
    with cleaning(SimpleNamespace(temp_file_sets=remembered), tmp_path):
        for _ in range(1000):
            if remembered == [{str(young)}, set()]:
                break
            cache_cleanup.threading.Event().wait(0.01)
    assert remembered == [{str(young)}, set()]
