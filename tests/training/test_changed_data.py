"""A run is trained further and measured with the data with which it began, from whichever folder."""

import shutil

import numpy as np
import pytest
from PIL import Image

from tests.conftest import slow_except
from tfgen.cli.main import main
from tfgen.runs.run import Run

LINE = "train --model vae --hidden 8 --latent-dim 2 --batch-size 16 --xla off --no-evaluate-test"


def write_pictures(folder, count=60, mode="L", first=0):
    folder.mkdir(exist_ok=True)
    shape = (8, 8) if mode == "L" else (8, 8, 3)
    for number in range(first, count):
        pixels = np.random.default_rng(number).integers(0, 256, shape, dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:03d}.png")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with the pictures `mine`, and a run on them that was started from that folder with a relative path."""
    root = tmp_path_factory.mktemp("changed")
    write_pictures(root / "mine")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        main([*LINE.split(), "--data", "mine", "--epochs", "1", "--run", "run"])
    return root


def refusal(arguments, capsys) -> str:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    return capsys.readouterr().err


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained / "run", tmp_path / "run")


@pytest.mark.parametrize(
    "change", slow_except(["added", "removed", "replaced", "colour"], "removed", "replaced", "colour")
)
def test_changed_pictures_are_refused_by_every_command_that_measures(trained, run, change, capsys):
    files = sorted((trained / "mine").iterdir())
    if change == "added":
        write_pictures(trained / "mine", count=61, first=60)
    elif change == "removed":
        files[3].unlink()
    elif change == "replaced":
        shutil.copyfile(files[4], files[3])
    else:
        write_pictures(trained / "mine", mode="RGB")
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file() and path.suffix != ".lock"}
    try:
        for command in (
            ["train", "--resume", str(run), "--epochs", "2"],
            ["evaluate", str(run)],
            ["compare", str(run), "--out", str(run.parent / "comparison")],
            ["outliers", str(run), "--out", str(run.parent / "a.png")],
        ):
            assert "Expected the data with which the training of" in refusal(command, capsys)
        after = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file() and path.suffix != ".lock"}
        assert after == before
        if change == "added":
            main(["evaluate", str(run), "--only", "likelihood", "--accept-changed-data"])
            main(["train", "--resume", str(run), "--epochs", "2"])
            assert Run.open(run).epoch == 2
    finally:
        shutil.rmtree(trained / "mine")
        write_pictures(trained / "mine")


@pytest.mark.slow
def test_a_relative_path_is_resumed_from_another_folder(trained, run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    main(["train", "--resume", str(run), "--epochs", "2"])
    assert Run.open(run).epoch == 2
    assert Run.open(run).config.data.data == str(trained / "mine")
