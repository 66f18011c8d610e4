"""Old pictures go, too many go, and what was just answered stays."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from tfgen.app import cache_cleanup as tidying
from tfgen.app.cache_cleanup import KEEP, KEEP_ANYHOW, tidied, tidy

NOW = 1_000_000.0


@pytest.fixture
def keep(tmp_path):
    """A function that puts a file into a folder of its own, as Gradio does, a while ago."""

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


def test_what_is_old_goes_with_its_folder(keep, tmp_path):
    old, young = keep("old", KEEP + 1), keep("young", KEEP - 1)
    assert tidy(tmp_path, NOW) == [old]
    assert left(tmp_path) == {"young", "of-young"}
    assert young.exists()


def test_of_too_many_the_oldest_go(keep, tmp_path):
    for age in range(300, 1300, 100):
        keep(str(age), age)
    assert [path.name for path in tidy(tmp_path, NOW, most=450)] == [str(age) for age in range(700, 1300, 100)]
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 4


def test_what_was_just_answered_stays_however_much_there_is(keep, tmp_path):
    keep("new", KEEP_ANYHOW - 1)
    keep("newest", 0)
    keep("older", KEEP_ANYHOW + 1)
    assert [path.name for path in tidy(tmp_path, NOW, most=0)] == ["older"]


def test_a_folder_that_is_about_to_be_filled_stays(tmp_path):
    (tmp_path / "fresh").mkdir()
    (tmp_path / "stale" / "within").mkdir(parents=True)
    for path in (tmp_path / "stale" / "within", tmp_path / "stale"):
        os.utime(path, (0, 0))
    tidy(tmp_path, (tmp_path / "fresh").stat().st_mtime + 1)
    assert "fresh" in left(tmp_path)
    assert "within" not in left(tmp_path)


def test_gradio_is_made_to_forget_what_is_gone(keep, tmp_path, monkeypatch):
    old, young = keep("old", NOW), keep("young", 0)
    os.utime(young)
    remembered = [{str(old), str(young)}, {str(old)}]
    monkeypatch.setattr(tidying, "EVERY", 0.01)
    with tidied(SimpleNamespace(temp_file_sets=remembered), tmp_path):
        for _ in range(1000):
            if remembered == [{str(young)}, set()]:
                break
            tidying.threading.Event().wait(0.01)
    assert remembered == [{str(young)}, set()]
