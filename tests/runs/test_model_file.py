"""A model file is loaded, or refused with a sentence."""

import shutil

import numpy as np
import pytest

from tfgen.cli.main import main
from tfgen.errors import RunError
from tfgen.runs.run import Run


@pytest.fixture
def broken(tiny_run, tmp_path) -> Run:
    """A run whose model has weights that are NaN."""
    shutil.copytree(tiny_run.path, tmp_path / "broken")
    run = Run.open(tmp_path / "broken")
    model = run.load_model()
    model.trainable_variables[1].assign(np.full(model.trainable_variables[1].shape, np.nan))
    model.save(run.model_file)
    return run


def test_weights_that_are_nan_are_refused(broken):
    with pytest.raises(RunError, match=r"Expected finite weights in .*model\.keras\. Received: NaN .* in 1 of \d+"):
        broken.load_model()


@pytest.mark.parametrize(
    "command", ["evaluate RUN --only likelihood", "score RUN digits", "encode RUN digits", "outliers RUN", "sample RUN"]
)
def test_no_command_measures_such_a_model(broken, tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main([str(broken.path) if word == "RUN" else word for word in command.split()])
    assert stop.value.code == 2
    assert "error: Expected finite weights" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["broken"]
