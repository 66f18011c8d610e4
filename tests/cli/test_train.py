"""train.py end to end, on real digits: its folder, its refusals, and what a kill leaves."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tfgen
from tfgen import random
from tfgen.cli.evaluate import main as evaluate_main
from tfgen.cli.interpolate import main as interpolate_main
from tfgen.cli.sample import main as sample_main
from tfgen.cli.train import main
from tfgen.config import TrainConfig
from tfgen.errors import ConfigError, RunError
from tfgen.models import latent_paths as latent
from tfgen.runs.evaluations import read_entries
from tfgen.runs.run import Run
from tfgen.training.callbacks import is_sampled

ROOT = Path(__file__).parents[2]
# XLA takes a third of the time of a run. The run of points is compiled with XLA, and the others are not.
SMALL = {
    "vae": "--model vae --hidden 32 --latent-dim 2 --epochs 2 --xla off",
    "gan": "--model gan --generator-hidden 32 --discriminator-hidden 32 --epochs 2 --xla off",
    "flow": "--model flow --width 8 --checkerboard 0 --squeeze 2 --couplings 1 --epochs 2 --xla off",
    "points": "--model flow --preset tutorial --train-size 512 --hidden 16 --couplings 2 --epochs 2",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for line in SMALL.values():
        main([*line.split(), "--out", str(folder)])
    return {
        "vae": folder / "digits-vae-1",
        "gan": folder / "digits-gan-1",
        "flow": folder / "digits-flow-1",
        "points": folder / "bimodal-flow-1",
    }


@pytest.mark.parametrize("name", SMALL)
def test_the_folder_holds_what_it_should(runs, name):
    run = runs[name]
    present = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert {"config.json", "versions.json", "metrics.jsonl", "curves.png", "model.keras"} <= present
    assert {"samples/epoch-0000.png", "samples/epoch-0001.png", "samples/epoch-0002.png"} <= present
    assert any(name.startswith("tensorboard/") for name in present)
    assert any(name.startswith("checkpoints/") for name in present)
    assert "evaluation.json" in present
    assert ("interpolation.png" in present) == (name != "points")
    assert ("manifold.png" in present) == (name == "vae")
    rows = Run.open(run).metrics()
    assert [row["epoch"] for row in rows] == [1, 2]
    assert all(np.isfinite(value).all() for row in rows for value in row.values())
    assert all(("class_histogram" in row) == (name != "points") for row in rows)
    for file in run.rglob("*.png"):
        with Image.open(file) as picture:
            assert np.asarray(picture).std() > 0, file
    # No temporary file is left. The lock files stay; the operating system knows whether they are locked.
    hidden = {name for name in present if "/." in name or name.startswith(".")}
    assert hidden <= {".launch.lock", ".training.lock", ".evaluation.lock"}


@pytest.mark.parametrize("name", ["vae", "gan", "flow"])
def test_load_gives_the_model_of_the_run(runs, name):
    model = tfgen.load(runs[name])
    assert model.sample(3, seed=1).shape == (3, 8, 8, 1)
    assert model.can("log_prob") == (name != "gan")


@pytest.mark.parametrize("name", ["vae", "gan", "flow", "points"])
def test_sample_command_draws_the_seeds_it_says(runs, name, tmp_path, capsys):
    target = tmp_path / "samples.npz"
    sample_main([str(runs[name]), "--n", "5", "--seed", "7", "--temperature", "0.8", "--out", str(target)])
    assert "seeds 7 to 11" in capsys.readouterr().out
    with np.load(target) as saved:
        drawn = saved["points" if name == "points" else "images"]
    np.testing.assert_allclose(drawn, tfgen.load(runs[name]).sample(5, seed=7, temperature=0.8), atol=1e-6)
    sample_main([str(runs[name]), "--n", "9", "--out", str(tmp_path / "grid.png")])
    with Image.open(tmp_path / "grid.png") as picture:
        assert min(picture.size) > 300


def test_interpolation_command_begins_and_ends_with_the_samples(runs, tmp_path):
    interpolate_main(
        [str(runs["flow"]), "--pairs", "2", "--steps", "5", "--seed", "3", "--out", str(tmp_path / "i.png")]
    )
    with Image.open(tmp_path / "i.png") as picture:
        assert picture.width > 2 * picture.height
    model = tfgen.load(runs["flow"])
    ends = model.normal_noise(random.seeds_from(3, 2))
    rows = model.decode(model.latents_from(latent.slerp(ends[0], ends[1], 5)[0]))
    np.testing.assert_allclose(rows.numpy()[[0, -1]], model.sample(2, seed=3), atol=1e-4)


def test_evaluation_is_recorded_by_split_and_samples(runs):
    evaluate_main([str(runs["vae"]), "--samples", "5", "--split", "validation", "--only", "likelihood"])
    entries = json.loads((runs["vae"] / "evaluation.json").read_text())["likelihood"]
    assert [(entry["split"], entry["samples"]) for entry in entries] == [("test", 1), ("validation", 5)]
    for entry in entries:
        assert entry["levels"] == 17
        assert entry["dimensions"] == 64
        assert 0 < entry["bits_per_dim_standard_error"] < entry["bits_per_dim"]
        assert entry["bits_per_dim"] == pytest.approx(-entry["log_prob_nats"] / 64 / np.log(2))
    assert "k = 5" in entries[1]["estimator"]


def test_a_finished_run_has_something_measured(runs):
    evaluation = json.loads((runs["gan"] / "evaluation.json").read_text())
    (entry,) = evaluation["quality"]
    assert entry["samples"] == 300
    assert evaluation["likelihood"] == []
    for name in ("vae", "flow", "points"):
        assert [entry.samples for entry in read_entries(Run.open(runs[name]))["likelihood"]][:1] == [1]


def test_evaluation_refuses_what_a_model_cannot_answer(runs, capsys):
    before = (runs["gan"] / "evaluation.json").read_bytes()
    with pytest.raises(SystemExit) as stopped:
        evaluate_main([str(runs["gan"]), "--only", "likelihood"])
    assert stopped.value.code == 2
    assert "no tractable likelihood" in capsys.readouterr().err
    assert (runs["gan"] / "evaluation.json").read_bytes() == before


def error_of(arguments, capsys) -> str:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def test_bad_input_is_a_sentence_and_leaves_nothing(tmp_path, capsys):
    out = ["--out", str(tmp_path / "runs")]
    assert "Did you mean digits?" in error_of(["--model", "vae", "--data", "digts", *out], capsys)
    assert "batch size of 1 to" in error_of(["--model", "vae", "--batch-size", "5000", *out], capsys)
    assert "squeeze" in error_of(["--model", "flow", "--squeeze", "9", "--couplings", "2", *out], capsys)
    assert "does not exist" in error_of(["--resume", str(tmp_path / "nowhere")], capsys)
    assert not (tmp_path / "runs").exists()
    (tmp_path / "file").write_text("")
    assert "folder that can be written" in error_of(["--model", "vae", "--out", str(tmp_path / "file")], capsys)


def test_damaged_runs_are_explained(runs, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(runs["vae"], run)
    (run / "model.keras").write_bytes((run / "model.keras").read_bytes()[:1000])
    with pytest.raises(RunError, match=r"model\.keras"):
        tfgen.load(run)
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**config, "architecture": {"latent": 3}}))
    with pytest.raises(RunError, match=r"config.json.*latent_dim"):
        Run.open(run)
    (run / "config.json").write_text("{")
    with pytest.raises(RunError, match=r"config\.json"):
        Run.open(run)
    for file in (run / "checkpoints").glob("*.data*"):
        file.write_bytes(b"")
    (run / "config.json").write_text(json.dumps(config))
    assert "checkpoint" in error_of(["--resume", str(run)], capsys)


@pytest.mark.slow
def test_a_dry_run_writes_nothing(tmp_path, capsys):
    main(["--model", "flow", "--dry-run", "--out", str(tmp_path / "runs")])
    said = capsys.readouterr().out
    assert "weights" in said
    assert "baseline" in said
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_run_that_diverged_says_so_until_it_goes_on(tmp_path, capsys):
    line = "--model vae --hidden 32 --epochs 2 --learning-rate 1e30 --optimizer sgd --clip-norm 1e30"
    with pytest.raises(SystemExit) as stopped:
        main([*line.split(), "--out", str(tmp_path)])
    assert stopped.value.code == 3
    run = Run.open(tmp_path / "digits-vae-1")
    assert run.state == "diverged"
    said = json.loads(run.divergence_file.read_text())["message"]
    assert said in capsys.readouterr().err
    config = json.loads((run.path / "config.json").read_text())
    config["train"]["learning_rate"] = 1e-6
    (run.path / "config.json").write_text(json.dumps(config))
    main(["--resume", str(run.path)])
    assert run.state == "finished"
    assert not run.divergence_file.exists()


def numbers(run: Path) -> list[dict]:
    clock = ("seconds", "images_per_second")
    return [{k: v for k, v in row.items() if k not in clock} for row in Run.open(run).metrics()]


@pytest.mark.slow
def test_kill_and_ctrl_c_leave_a_run_that_ends_in_the_same_bits(tmp_path):
    line = "--model vae --hidden 64 --epochs 20 --no-evaluate-test --seed 5"
    program = [sys.executable, str(ROOT / "train.py")]
    whole = subprocess.run(
        [*program, *line.split(), "--out", tmp_path / "a"], capture_output=True, text=True, check=True
    )
    assert "Traceback" not in whole.stderr

    broken = tmp_path / "b" / "digits-vae-1"
    for number, start in ((signal.SIGINT, line.split()), (signal.SIGKILL, None)):
        arguments = [*start, "--out", str(tmp_path / "b")] if start else ["--resume", str(broken)]
        process = subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(200):
            if process.stdout.readline().startswith("epoch "):
                break
        time.sleep(0.3)
        process.send_signal(number)
        _, error = process.communicate(timeout=60)
        assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL), error
        assert "Traceback" not in error
        if number == signal.SIGINT:
            assert f"tfgen train --resume {tmp_path}" in error
    done = subprocess.run(
        [*program, "--resume", str(broken)], capture_output=True, text=True, env=os.environ, check=False
    )
    assert done.returncode == 0, done.stderr

    assert numbers(broken) == numbers(tmp_path / "a" / "digits-vae-1")
    np.testing.assert_array_equal(
        tfgen.load(broken).sample(8, seed=2), tfgen.load(tmp_path / "a" / "digits-vae-1").sample(8, seed=2)
    )
    grids = [path / "samples" / "epoch-0020.png" for path in (broken, tmp_path / "a" / "digits-vae-1")]
    assert grids[0].read_bytes() == grids[1].read_bytes()


def test_a_run_trains_to_more_epochs_than_it_has(runs, capsys):
    for epochs in ("1", "2"):
        said = error_of(["--resume", str(runs["vae"]), "--epochs", epochs], capsys)
        assert f"--epochs: expected more than 2, the epochs that {runs['vae']} has trained" in said
    assert "Received: no --epochs" in error_of(["--resume", str(runs["vae"]), "--learning-rate", "0.1"], capsys)


def test_pictures_are_drawn_ever_more_seldom():
    def drawn(**options):
        return [epoch for epoch in range(1, 101) if is_sampled(epoch, TrainConfig(epochs=90, **options))]

    assert drawn() == [1, 2, 5, 10, 20, 50, 90, 100]
    assert drawn(sample_every=40) == [40, 80, 90]


def test_unknown_options_are_refused():
    from tfgen.config.presets import run_config

    with pytest.raises(ConfigError, match="latent"):
        run_config("vae", latent=3)
