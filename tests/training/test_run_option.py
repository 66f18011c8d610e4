"""--run names the folder itself: begun where there is nothing, gone on with where it has begun."""

import pytest

from tfgen.cli.train import main
from tfgen.runs.run import Run

LINE = "--model vae --hidden 8 --latent-dim 2 --train-size 128 --epochs 2 --no-evaluate-test"


def test_the_same_command_begins_and_goes_on(tmp_path, capsys):
    run = tmp_path / "deep" / "run"
    line = [*LINE.split(), "--run", str(run)]
    main(line)
    assert Run.open(run).metrics()[-1]["epoch"] == 2
    before = (run / "metrics.jsonl").read_bytes()
    main(line)
    assert (run / "metrics.jsonl").read_bytes() == before
    with pytest.raises(SystemExit) as stopped:
        main([*line, "--hidden", "9"])
    assert stopped.value.code == 2
    assert "another architecture: hidden [8], not [9]" in capsys.readouterr().err


def test_a_run_killed_before_its_first_checkpoint_begins_anew(tmp_path):
    run = tmp_path / "run"
    main([*LINE.split(), "--run", str(run), "--dry-run"])
    assert not run.exists()
    whole = tmp_path / "whole"
    main([*LINE.split(), "--run", str(whole)])
    begun = Run.create_at(run, Run.open(whole).config)
    main(["--resume", str(begun.path)])
    clock = ("seconds", "images_per_second")
    rows = [[{k: v for k, v in row.items() if k not in clock} for row in Run.open(r).metrics()] for r in (run, whole)]
    assert rows[0] == rows[1]


def test_where_checkpoints_are_gone_nothing_is_trained_over(tmp_path, capsys):
    run = tmp_path / "run"
    main([*LINE.split(), "--run", str(run)])
    for file in (run / "checkpoints").iterdir():
        file.unlink()
    with pytest.raises(SystemExit) as stopped:
        main(["--resume", str(run)])
    assert stopped.value.code == 2
    assert "Expected a checkpoint" in capsys.readouterr().err
    assert len(Run.open(run).metrics()) == 2
