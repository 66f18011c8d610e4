"""A run knows its data again, and refuses others."""

import json

import numpy as np
import pytest

from tfgen.config.presets import run_config
from tfgen.data.sets import Dataset, ImageSet
from tfgen.errors import DataError
from tfgen.runs.data_record import check_data, check_data_of, record_data
from tfgen.runs.run import Run


def data(seed=0, skipped=()):
    images = np.random.default_rng(seed).integers(0, 256, (12, 4, 4, 1), dtype=np.uint8)
    return Dataset("noise", ImageSet(images[:8], 256), None, ImageSet(images[8:], 256), skipped=skipped)


def test_changed_data_are_refused_unless_they_are_accepted(tmp_path):
    run = Run.create(tmp_path, run_config("vae"))
    check_data(run, data(1))  # a run of an earlier version has no record
    record_data(run, data(0))
    check_data(run, data(0))
    with pytest.raises(
        DataError, match=r"Expected the data with which .*Received: other pictures.*--accept-changed-data"
    ):
        check_data(run, data(1))
    check_data(run, data(1), accept_changed=True)
    check_data(run, data(1))
    assert json.loads((run.path / "data.json").read_text()) == {"fingerprint": data(1).fingerprint}


def test_no_measurement_uses_changed_data(tmp_path, monkeypatch):
    """Every measurement takes the examples from `Run.dataset`."""
    now = [data(0)]
    monkeypatch.setattr("tfgen.data.load", lambda *args, **options: now[0])
    run = Run.create(tmp_path, run_config("vae"))
    record_data(run, data(0))
    assert Run.open(run.path).dataset is now[0]
    now[0] = data(1)
    for use in (lambda run: run.dataset, lambda run: run.local_dataset, check_data_of):
        with pytest.raises(DataError, match="Expected the data with which the training of"):
            use(Run.open(run.path))
    check_data_of(Run.open(run.path), accept_changed=True)
    assert Run.open(run.path).dataset is now[0]


def test_files_that_were_left_out_are_listed(tmp_path):
    run = Run.create(tmp_path, run_config("vae"))
    record_data(run, data())
    assert not (run.path / "skipped.txt").exists()
    record_data(run, data(skipped=(("a/b.png", "truncated"), ("c.jpg", "no picture"))))
    assert (run.path / "skipped.txt").read_text() == "a/b.png\ttruncated\nc.jpg\tno picture\n"
