"""--run creates a run or resumes it; --resume resumes a run; another process cannot train the same run."""

import threading

import pytest

from tfgen.cli.train import main
from tfgen.runs.lock import run_lock
from tfgen.runs.run import Run

LINE = "--model vae --hidden 8 --latent-dim 2 --train-size 128 --epochs 2 --xla off --no-evaluate-test"


def test_the_same_command_creates_and_resumes(tmp_path, capsys):
    run = tmp_path / "deep" / "run"
    line = [*LINE.split(), "--run", str(run)]
    main(line)
    assert Run.open(run).metrics()[-1]["epoch"] == 2
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"next       tfgen sample {run}  |  tfgen app --runs {run.parent}"
    )
    before = (run / "metrics.jsonl").read_bytes()
    main(line)
    assert (run / "metrics.jsonl").read_bytes() == before
    with pytest.raises(SystemExit) as stopped:
        main([*line, "--hidden", "9"])
    assert stopped.value.code == 2
    assert "another architecture: hidden [8], not [9]" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_killed_before_its_first_checkpoint_starts_again(tmp_path):
    run = tmp_path / "run"
    main([*LINE.split(), "--run", str(run), "--dry-run"])
    assert not run.exists()
    whole = tmp_path / "whole"
    main([*LINE.split(), "--run", str(whole)])
    created = Run.create_at(run, Run.open(whole).config)
    main(["--resume", str(created.path)])
    clock = ("seconds", "images_per_second")
    rows = [[{k: v for k, v in row.items() if k not in clock} for row in Run.open(r).metrics()] for r in (run, whole)]
    assert rows[0] == rows[1]


@pytest.mark.slow
def test_a_run_without_its_checkpoints_is_not_trained_again(tmp_path, capsys):
    run = tmp_path / "run"
    main([*LINE.split(), "--run", str(run)])
    for file in (run / "checkpoints").iterdir():
        file.unlink()
    with pytest.raises(SystemExit) as stopped:
        main(["--resume", str(run)])
    assert stopped.value.code == 2
    assert "Expected a checkpoint" in capsys.readouterr().err
    assert len(Run.open(run).metrics()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("purpose", ["training", pytest.param("launch", marks=pytest.mark.slow)])
def test_a_run_that_another_process_trains_is_refused_and_unchanged(purpose, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("tfgen.training.session.LOCK_TIMEOUT", 0.0)
    run = tmp_path / "run"
    main([*LINE.split(), "--run", str(run)])
    locked, done = threading.Event(), threading.Event()

    def hold():
        # Another thread stands for another process.
        with run_lock(run, purpose):
            locked.set()
            done.wait(60.0)

    thread = threading.Thread(target=hold)
    thread.start()
    assert locked.wait(60.0)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.suffix != ".lock"}
    with pytest.raises(SystemExit) as stopped:
        main(["--resume", str(run), "--epochs", "5", "--accept-changed-data"])
    done.set()
    thread.join()
    assert stopped.value.code == 2
    assert f"no other process uses for {purpose}" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.suffix != ".lock"} == before
