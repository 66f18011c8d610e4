"""Versions of a model: which are loaded, and how they are exchanged."""

import pytest

from tfgen.errors import RunError
from tfgen.serving.versions import Versions


@pytest.fixture
def add(tmp_path):
    """A function that adds a version to an export."""

    def write(version, content="model"):
        folder = tmp_path / "saved_model" / str(version)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "saved_model.pb").write_text(content)
        return folder

    return write


def load(folder):
    text = (folder / "saved_model.pb").read_text()
    if text != "model":
        raise RunError(f"Expected a model. Received: {text}")
    return folder.name


def test_the_newest_versions_are_loaded(add, tmp_path):
    for version in (1, 2, 10):
        add(version)
    versions = Versions(tmp_path, load, keep=2)
    assert versions.newest == versions.get(None) == "10"
    assert list(versions.loaded) == ["2", "10"]
    assert versions.get("1") is None


def test_a_new_version_replaces_the_oldest(add, tmp_path):
    add(1), add(2)
    told = []
    versions = Versions(tmp_path, load, keep=2, report=told.append)
    before = versions.get("2")
    add(3)
    versions.update()
    assert list(versions.loaded) == ["2", "3"]
    assert versions.get("2") is before
    assert told == ["version 3 is served", "version 1 is no longer served"]


def test_a_version_that_cannot_be_read_is_reported_once_and_tried_again(add, tmp_path):
    add(1)
    told = []
    versions = Versions(tmp_path, load, keep=1, report=told.append)
    add(2, "half")
    versions.update(), versions.update()
    assert versions.newest == "1"
    assert told == ["version 2 is not served: Expected a model. Received: half"]
    add(2)
    versions.update()
    assert versions.newest == "2"


def test_a_folder_without_versions_leaves_the_loaded_one(add, tmp_path):
    folder = add(1)
    versions = Versions(tmp_path, load)
    (folder / "saved_model.pb").unlink()
    versions.update()
    assert versions.newest == "1"


def test_one_version_is_served_alone(add, tmp_path):
    add(1), add(2)
    assert list(Versions(add(1), load).loaded) == ["1"]
    with pytest.raises(RunError, match="Received: half"):
        Versions(add(3, "half"), load)
