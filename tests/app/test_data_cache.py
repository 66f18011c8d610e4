"""A test set is read once."""

import numpy as np
import pytest

from tfgen import data
from tfgen.app.data_cache import TestSetCache
from tfgen.config.presets import run_config
from tfgen.errors import DataError
from tfgen.runs.run import Run


@pytest.fixture
def reads(monkeypatch):
    """The names of the data sets that were read."""
    names, load = [], data.load

    def counted(name, **options):
        names.append(name)
        return load(name, **options)

    monkeypatch.setattr(data, "load", counted)
    return names


def run_of(folder, name):
    return Run(folder, run_config("flow", "quick" if name == "digits" else "tutorial", data=name))


def test_the_data_of_a_run_are_read_once(tmp_path, reads):
    cache = TestSetCache()
    sets = [cache.test_set(run_of(tmp_path / str(i), "digits")) for i in range(3)]
    assert reads == ["digits"]
    np.testing.assert_array_equal(sets[2].images, data.load("digits").test.images)


def test_the_most_recently_used_test_sets_stay(tmp_path, reads):
    cache = TestSetCache(capacity=2)
    for name in ("moons", "rings", "moons", "bimodal", "moons", "rings"):
        cache.test_set(run_of(tmp_path, name))
    assert reads == ["moons", "rings", "bimodal", "rings"]


def test_data_that_are_not_here_are_tried_again(tmp_path, monkeypatch):
    monkeypatch.setenv("TFGEN_DATA", str(tmp_path))
    cache, run = TestSetCache(), Run(tmp_path, run_config("vae", "tutorial"))
    for _ in range(2):
        with pytest.raises(DataError, match="nothing is downloaded here"):
            cache.test_set(run)
