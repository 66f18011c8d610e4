"""A new run of pictures needs no preset: its options come from the data, its length from the time."""

import json
import shlex

import numpy as np
import pytest

from tfgen.cli.train import main
from tfgen.cli.train_arguments import parse
from tfgen.runs.run import Run

#: A network that is compiled quickly.
SMALL = ("--arch", "mlp", "--hidden", "8", "--latent-dim", "2", "--likelihood", "bernoulli", "--xla", "off")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """An .npz of 60 colour pictures of 13×16 pixels with two classes."""
    file = tmp_path_factory.mktemp("data") / "pictures.npz"
    images = np.random.default_rng(0).integers(0, 256, (60, 13, 16, 3), dtype=np.uint8)
    np.savez(file, images=images, labels=np.arange(60) % 2)
    return file


def refusal(line, capsys) -> str:
    with pytest.raises(SystemExit) as stopped:
        main(line)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


@pytest.mark.slow
def test_a_run_without_a_preset_is_planned_for_its_minutes(pictures, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(pictures.parent)
    monkeypatch.setattr("tfgen.training.choose.CALIBRATION_SECONDS", 0.05)
    line = ["--model", "vae", "--data", "pictures.npz", *SMALL, "--minutes", "0.02", "--no-evaluate-test"]
    main([*line, "--run", str(tmp_path / "run")])
    said = capsys.readouterr().out
    run = Run.open(tmp_path / "run")
    assert run.state == "finished"
    assert run.config.preset == "auto"
    # A relative path means the same file from every folder.
    assert run.config.data.data == str(pictures)
    # No minutes are stored: the run is a function of plain numbers.
    assert "minutes" not in json.dumps(run.config.to_dict())
    for word in ("chosen ", "command ", "memory ", "time  ", "classes    2 in the data", "--conditional uses them"):
        assert word in said
    command = " ".join(said[said.index("command") : said.index("\ndata ")].split()[1:])
    assert parse(shlex.split(command)[2:]).config == run.config
    # The same command resumes the run, whatever it would choose now.
    main([*line, "--run", str(tmp_path / "run")])
    assert Run.open(tmp_path / "run").config == run.config
    assert "another train: learning_rate" in refusal(
        [*line, "--learning-rate", "0.5", "--run", str(tmp_path / "run")], capsys
    )


@pytest.mark.slow
def test_a_dry_run_tells_the_plan_and_trains_nothing(pictures, tmp_path, capsys):
    main(
        [
            "--model",
            "gan",
            "--data",
            str(pictures),
            "--arch",
            "mlp",
            "--epochs",
            "2",
            "--dry-run",
            "--out",
            str(tmp_path),
        ]
    )
    said = capsys.readouterr().out
    for word in ("chosen ", "command ", "data ", "model ", "memory ", "training   2 epochs of ", "time "):
        assert f"\n{word}" in f"\n{said}"
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_minutes_of_a_named_preset_change_its_length_only(tmp_path, capsys, monkeypatch):
    # Only the preset auto chooses the number format, and measures for this.
    monkeypatch.setattr("tfgen.training.choose.bfloat16_speedup", None)
    monkeypatch.setattr("tfgen.training.choose.CALIBRATION_SECONDS", 0.05)
    line = ["--model", "vae", "--preset", "quick", "--train-size", "128", "--hidden", "8", "--minutes", "0.02"]
    main([*line, "--no-evaluate-test", "--run", str(tmp_path / "run")])
    run = Run.open(tmp_path / "run")
    expected = parse([*line, "--no-evaluate-test"]).config
    length = {"epochs": run.config.train.epochs, "steps_per_epoch": run.config.train.steps_per_epoch}
    assert run.config == expected.with_options({name: value for name, value in length.items() if value is not None})
    assert "chosen" not in capsys.readouterr().out


def test_a_preset_of_other_data_trains_or_names_the_flag_to_change(pictures, tmp_path, capsys):
    """The split of the tutorial belongs to its own data, and a batch larger than the set is refused by its flag."""
    config = parse(["--model", "vae", "--preset", "tutorial", "--data", str(pictures)]).config
    assert config.data.train_size is None
    said = refusal(["--model", "vae", "--preset", "tutorial", "--data", str(pictures), "--out", str(tmp_path)], capsys)
    assert "--batch-size" in said
    assert not list(tmp_path.iterdir())


def test_what_cannot_work_is_refused_before_the_pictures_are_read(pictures, tmp_path, capsys, monkeypatch):
    def read(*arguments, **options):
        raise AssertionError("read")

    monkeypatch.setattr("tfgen.data.load", read)
    monkeypatch.setattr("tfgen.training.memory.machine_memory", lambda: 1e9)
    line = ["--model", "vae", "--preset", "quick", "--data", str(pictures), "--out", str(tmp_path / "runs")]
    said = refusal([*line, "--image-size", "512"], capsys)
    assert "fits in the 1.0 GB of memory" in said
    assert "--arch conv" in said
    assert "--init-from: Expected the folder of a run" in refusal([*line, "--init-from", "nowhere"], capsys)
    assert not (tmp_path / "runs").exists()
