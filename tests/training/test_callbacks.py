"""The files that a training writes are made anew where a kill or a user has removed some of them."""

import json
import math
import types

import keras
import pytest

from tfgen.config.presets import run_config
from tfgen.runs.run import Run
from tfgen.training.callbacks import MetricsFile, SampleGrids


@pytest.fixture
def run(tmp_path):
    return Run.create_at(tmp_path / "run", run_config("vae"))


def drawn_at(run, step) -> list[int]:
    """The epochs whose pictures are drawn when the training begins at a step."""
    callback, drawn = SampleGrids(run), []
    iterations = keras.Variable(step, dtype="int64", trainable=False)
    callback.set_model(types.SimpleNamespace(optimizer=types.SimpleNamespace(iterations=iterations)))
    callback._draw = drawn.append
    callback.on_train_begin()
    return drawn


@pytest.mark.parametrize(
    ("pictures", "step", "drawn"),
    [((), 0, [0]), (("epoch-0000.png",), 0, [0]), (("epoch-0000.png",), 5, []), ((), 5, [0]), (None, 5, [0])],
)
def test_the_first_pictures_are_drawn_unless_they_are_complete(run, pictures, step, drawn):
    """A kill at step 0 may have left the first of two pictures. `None`: the folder was deleted."""
    if pictures is None:
        (run.path / "samples").rmdir()
    for name in pictures or ():
        (run.path / "samples" / name).write_bytes(b"")
    assert drawn_at(run, step) == drawn
    assert (run.path / "samples").is_dir()


def test_a_file_in_the_place_of_the_folder_is_an_error_of_the_operating_system(run):
    (run.path / "samples").rmdir()
    (run.path / "samples").write_text("")
    with pytest.raises(OSError, match=r"File exists.*samples"):
        drawn_at(run, 0)


def test_numbers_that_json_does_not_have_are_left_out(run):
    row = {"epoch": 1, "step": 5, "best": False, "loss": 1.0, "val_loss": math.nan, "kl": math.inf, "modes": [1, 2]}
    MetricsFile(run).on_epoch_end(0, row)
    assert run.metrics() == [{"epoch": 1, "step": 5, "best": False, "loss": 1.0, "modes": [1, 2]}]
    assert "NaN" not in run.metrics_file.read_text()
    assert json.loads(run.metrics_file.read_text())
