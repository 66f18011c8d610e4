"""Missing measurements are made once and recorded, and the comparison is a table, a figure and JSON."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from tfgen.cli.compare import main
from tfgen.comparison import compare, comparison_figure, comparison_markdown
from tfgen.config.presets import run_config
from tfgen.plots import style
from tfgen.runs.evaluations import read_entries
from tfgen.runs.run import Run

SIZES = {
    "vae-mixture": {"hidden": (16,), "latent_dim": 3, "likelihood": "logistic_mixture", "mixtures": 2},
    "gan": {"generator_hidden": (16,), "discriminator_hidden": (16,), "latent_dim": 4},
    "flow": {"width": 8, "checkerboard": 1, "squeeze": (2,), "couplings": (2,)},
}


@pytest.fixture
def make(tiny_models, tmp_path):
    def made(name, **options):
        run = Run.create(tmp_path, run_config(name.partition("-")[0], epochs=1, **SIZES[name], **options))
        run.add_metrics({"epoch": 1, "step": 20, "seconds": 2.0})
        tiny_models(name).save(run.model_file)
        return run

    return made


@pytest.mark.slow
def test_three_families_are_measured_once(make, tmp_path):
    runs = [make("vae-mixture"), make("gan"), make("gan", seed=1), make("flow")]
    lines = []
    found = compare(runs, count=40, report=lines.append)
    assert lines == [
        f"{run.path.name}: {kind}"
        for run in runs
        for kind in ("likelihood", "quality", "memorization", "cost")
        if (run.config.model, kind) != ("gan", "likelihood")
    ]
    assert compare(runs, count=40, report=lines.append) == found
    assert len(lines) == 14
    assert {name for group in found.likelihoods for name in group.best} == {"digits-vae-1", "digits-flow-1"}
    assert set(found.quality.by_row) == {"digits-vae-1", "digits-gan-1 (2 runs)", "digits-flow-1"}
    row = found.rows[1]
    assert row.cost.weights.runs == 2
    assert row.training.flops.mean == pytest.approx(row.cost.training_flops_per_example.mean * 20 * 64)
    assert row.pixels is not None and row.features is not None
    # Other settings are another measurement.
    compare(runs[:1], count=30, samples=3, report=lines.append)
    assert lines[14:] == ["digits-vae-1: likelihood", "digits-vae-1: quality"]

    text = comparison_markdown(found)
    for row in found.rows:
        assert text.count(row.name) >= 5
    assert "*real images*" in text
    assert "*independent pixels*" in text
    assert "means of p(x|z)" in text
    assert "FID" not in text
    style.save(comparison_figure(found), tmp_path / "x.png")
    with Image.open(tmp_path / "x.png") as picture:
        assert picture.width > 1000
        assert np.asarray(picture.convert("L")).std() > 10


@pytest.mark.slow
def test_a_run_whose_measurements_cannot_be_recorded_is_compared_all_the_same(make):
    run = dataclasses.replace(make("gan"), by_name=True)
    found = compare([run], count=20)
    assert found.quality.samples == 20
    assert found.rows[0].nearest_pairs
    assert not (run.path / "evaluation.json").exists()


@pytest.mark.slow
def test_unfinished_runs_are_counted_but_not_measured(make, capsys):
    done, cut = make("gan"), make("gan", seed=1)
    (cut.path / "metrics.jsonl").write_text("")
    cut.model_file.unlink()
    (row,) = compare([done, cut], count=20).rows
    assert (row.finished, row.unfinished, row.diverged) == (1, 1, 0)
    assert read_entries(cut) == {}


def test_a_comparison_without_measurements_says_so(make, tmp_path):
    run = make("gan")
    (run.path / "metrics.jsonl").write_text("")
    found = compare([run])
    assert "Not measured" in comparison_markdown(found)
    style.save(comparison_figure(found), tmp_path / "x.png")
    with Image.open(tmp_path / "x.png") as picture:
        assert np.asarray(picture).std() > 0


@pytest.mark.slow
def test_points_and_data_without_a_classifier_have_no_quality(tiny_models, make, tmp_path):
    run = Run.create(tmp_path, run_config("flow", "tutorial", hidden=(8,), couplings=2, epochs=1))
    run.add_metrics({"epoch": 1, "step": 20, "seconds": 2.0})
    tiny_models("points").save(run.model_file)
    found = compare([run])
    assert found.quality is None
    assert found.rows[0].pixels is None
    assert "Not measured" in comparison_markdown(found)
    assert "*the true density*" in comparison_markdown(found)
    comparison_figure(found)
    images = np.random.default_rng(0).integers(0, 17, (60, 8, 8)).astype(np.uint8)
    np.savez(tmp_path / "own.npz", images=images, levels=17)
    found = compare([make("gan", data=str(tmp_path / "own.npz"))])
    assert found.quality is None
    assert found.rows[0].pixels is not None and found.rows[0].features is None


def test_the_command_writes_a_table_a_figure_and_json(make, tmp_path, capsys):
    runs = [make("gan"), make("vae-mixture")]
    main([*(str(run.path) for run in runs), "--n", "20", "--out", str(tmp_path / "out")])
    output = capsys.readouterr()
    assert "## Sample quality" in output.out
    assert "digits-gan-1: quality" in output.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "comparison.json",
        "comparison.md",
        "comparison.png",
    ]
    content = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert [row["name"] for row in content["rows"]] == ["digits-gan-1", "digits-vae-1"]
    # The recorded entries alone give the same comparison.
    main([*(str(run.path) for run in runs), "--recorded", "--out", str(tmp_path / "again")])
    for name in ("comparison.md", "comparison.json", "comparison.png"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_bad_input_is_a_sentence(make, tmp_path, capsys):
    def refusal(*arguments):
        with pytest.raises(SystemExit) as stop:
            main([*map(str, arguments)])
        assert stop.value.code == 2
        return next(line for line in capsys.readouterr().err.splitlines() if line.startswith("error: "))

    run = make("gan")
    assert "same data" in refusal(run.path, make("gan", data="mnist").path)
    assert "twice" in refusal(run.path, run.path)
    assert "nowhere" in refusal(run.path, tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    assert "--out" in refusal(run.path, "--out", tmp_path / "file")
    assert "There is no file" in refusal(run.path, "--classifier", tmp_path / "x.npz", "--out", tmp_path / "o")
    assert "--n" in refusal(run.path, "--n", "0")
    assert not (run.path / "evaluation.json").exists()
