"""A comparison says what the folders hold: like with like, seeds together, and no more than was measured."""

import json
import subprocess
import sys

import pytest

from tfgen.comparison import table
from tfgen.comparison.rows import Spread, recorded
from tfgen.config.presets import run_config
from tfgen.errors import ConfigError, RunError
from tfgen.runs.run import Run

CLASSIFIER = {"name": "digits", "sha256": "ab" * 32, "test_accuracy": 0.99}


def likelihood(bits, **others):
    return {
        "split": "test", "estimator": "bound", "samples": 1, "levels": 17, "bits_per_dim": bits, "examples": 300,
        "bits_per_dim_standard_error": 0.01, "pixel_marginal_bits_per_dim": 2.5, **others,
    }  # fmt: skip


def quality(distance, **others):
    figures = {"frechet_classifier_distance": distance, "kid": 0.0, "kl_to_data": None}
    return {
        "split": "test", "samples": 300, "seed": 0, "temperature": 1.0, "classifier": CLASSIFIER,
        "pictures": "samples", "class_histogram": [1, 2], "floor": {"frechet_classifier_distance": 1.0}, **figures,
        **others,
    }  # fmt: skip


@pytest.fixture
def make(tmp_path):
    """A function that makes a run with what was recorded of it."""

    def made(model, epochs=2, done=2, evaluation=None, **options):
        run = Run.create(tmp_path, run_config(model, epochs=epochs, **options))
        for epoch in range(done):
            run.add_metrics({"epoch": epoch + 1, "step": 20 * (epoch + 1), "seconds": 1.5, "loss": 1.0})
        (run.path / "evaluation.json").write_text(json.dumps(evaluation or {}))
        return run

    return made


def test_runs_that_differ_only_in_their_seed_are_one_row(make):
    runs = [
        make("vae", seed=seed, batch_size=64, evaluation={"likelihood": [likelihood(bits)]})
        for seed, bits in ((0, 2.0), (1, 2.2), (5, 2.4))
    ]
    other = make("vae", seed=0, batch_size=32, evaluation={"likelihood": [likelihood(1.9)]})
    found = recorded([runs[0], other, *runs[1:]])
    assert [row.name for row in found.rows] == ["digits-vae-1 (3 runs)", "digits-vae-4"]
    assert found.rows[0].seeds == (0, 1, 5)
    assert found.rows[0].states == {"finished": 3, "unfinished": 0, "diverged": 0}
    (group,) = found.likelihoods
    assert list(group.figures) == ["digits-vae-4", "digits-vae-1 (3 runs)"]
    spread = group.figures["digits-vae-1 (3 runs)"]
    assert (spread.mean, spread.deviation, spread.runs) == (pytest.approx(2.2), pytest.approx(0.2), 3)
    assert [(bound.name, bound.standard_error) for bound in group.bounds] == [
        ("digits-vae-4", 0.01),
        ("digits-vae-1 (3 runs)", None),
    ]
    assert found.rows[0].training["seconds"] == Spread(3.0, 0.0, 3)
    assert found.rows[0].training["examples"].mean == 40 * 64


def test_unfinished_and_diverged_runs_are_counted_and_nothing_else(make):
    good = make("gan", seed=0, evaluation={"quality": [quality(4.0)]})
    cut = make("gan", seed=1, done=1, evaluation={"quality": [quality(100.0)]})
    broken = make("gan", seed=2, done=1, evaluation={"quality": [quality(100.0)]})
    broken.divergence_file.write_text("{}")
    found = recorded([good, cut, broken])
    (row,) = found.rows
    assert row.states == {"finished": 1, "unfinished": 1, "diverged": 1}
    assert found.quality.figures[row.name]["frechet_classifier_distance"] == Spread(4.0, None, 1)
    assert row.training["seconds"].runs == 1


def test_likelihoods_of_other_levels_binarizations_splits_or_examples_are_never_in_one_group(make):
    entries = [
        likelihood(1.2, levels=256),
        likelihood(0.1, levels=2, binarization="threshold"),
        likelihood(0.15, levels=2, binarization="dynamic"),
        likelihood(0.12, levels=2, binarization="threshold", split="validation"),
        likelihood(0.12, levels=2, binarization="threshold", examples=7),
    ]
    runs = [make("vae", batch_size=8 + i, evaluation={"likelihood": [entry]}) for i, entry in enumerate(entries)]
    groups = recorded(runs).likelihoods
    assert len(groups) == 5
    assert all(len(group.figures) == 1 for group in groups)


def test_bounds_on_the_same_data_are_ranked_each_with_its_estimator(make):
    vae = make("vae", evaluation={"likelihood": [likelihood(1.5), likelihood(1.3, estimator="weighted", samples=50)]})
    flow = make("flow", evaluation={"likelihood": [likelihood(1.4, estimator="dequantization")]})
    found = recorded([vae, flow])
    (group,) = found.likelihoods
    assert [(bound.name, bound.samples, bound.figure.mean) for bound in group.bounds] == [
        ("digits-vae-1", 50, 1.3),
        ("digits-flow-1", 1, 1.4),
        ("digits-vae-1", 1, 1.5),
    ]
    # One figure a model: the tightest.
    assert {name: spread.mean for name, spread in group.figures.items()} == {"digits-vae-1": 1.3, "digits-flow-1": 1.4}
    lines = [line.split(" | ") for line in table(found).splitlines() if "digits-" in line]
    assert ["| digits-flow-1", "1.4000 ± 0.0100", "dequantization |"] in lines


def test_points_are_told_in_nats_beside_the_true_density(make):
    entry = {
        "split": "test", "estimator": "exact", "samples": 1, "log_prob_nats": -1.2,
        "log_prob_nats_standard_error": 0.01, "true_log_prob_nats": -1.1,
    }  # fmt: skip
    (group,) = recorded([make("flow", data="moons", evaluation={"likelihood": [entry]})]).likelihoods
    assert group.unit == "nats"
    assert group.baseline == 1.1
    assert next(iter(group.figures.values())).mean == 1.2


def test_quality_is_taken_where_most_rows_were_measured_alike(make):
    several = [quality(4.0), quality(3.0, samples=200), quality(9.0, temperature=0.5)]
    first = make("gan", evaluation={"quality": several})
    second = make("flow", evaluation={"quality": [quality(7.0)]})
    third = make("vae", evaluation={"quality": [quality(5.0, samples=250)]})
    found = recorded([first, second, third]).quality
    assert found.samples == 300
    distances = {name: figures["frechet_classifier_distance"].mean for name, figures in found.figures.items()}
    assert distances == {"digits-gan-1": 4.0, "digits-flow-1": 7.0}
    assert found.classifier == CLASSIFIER
    assert recorded([third]).quality.samples == 250
    # Figures that the data leaves infinite are left out.
    assert "kl_to_data" not in found.figures["digits-gan-1"]
    assert recorded([make("vae", hidden=(8,))]).quality is None


def test_only_what_is_measured_by_one_classifier_is_compared(make):
    other = {**CLASSIFIER, "sha256": "cd" * 32}
    first = make("gan", evaluation={"quality": [quality(4.0), quality(400.0, classifier=other)]})
    second = make("flow", evaluation={"quality": [quality(7.0, classifier=other)]})
    found = recorded([first, second]).quality
    assert found.classifier == other
    assert {name: figures["frechet_classifier_distance"].mean for name, figures in found.figures.items()} == {
        "digits-gan-1": 400.0,
        "digits-flow-1": 7.0,
    }


def test_what_was_measured_before_a_run_went_on_is_not_shown(make):
    run = make("vae", evaluation={"likelihood": [likelihood(2.0, epoch=1)]})
    assert recorded([run]).likelihoods == ()


def test_runs_on_different_data_are_refused(make):
    with pytest.raises(ConfigError, match=r"same data.*digits-vae-1 on digits and mnist-vae-1 on mnist"):
        recorded([make("vae"), make("vae", data="mnist")])
    with pytest.raises(ConfigError, match="image_size 16"):
        recorded([make("vae", data="mnist"), make("vae", data="mnist", image_size=16)])
    # Another part of the same training set leaves the test images as they are.
    recorded([make("vae"), make("gan", train_size=1000, validation_size=0)])


def test_a_run_twice_and_no_run_are_refused(make):
    run = make("vae")
    with pytest.raises(ConfigError, match="twice"):
        recorded([run, Run.open(run.path)])
    with pytest.raises(ConfigError, match="at least one"):
        recorded([])


def test_folders_of_one_name_are_told_apart(make, tmp_path):
    first = make("vae")
    second = Run.create(tmp_path / "elsewhere", run_config("vae", epochs=3))
    assert first.path.name == second.path.name
    assert [row.name for row in recorded([first, second]).rows] == [str(first.path), str(second.path)]


def test_damaged_records_are_a_sentence(make):
    with pytest.raises(RunError, match="digits-vae-1"):
        recorded([make("vae", evaluation={"likelihood": [{"split": "test", "levels": 2}]})])


def test_it_is_json_and_needs_no_tensorflow(make):
    run = make("gan", evaluation={"quality": [quality(4.0)]})
    code = (
        "import json, sys\n"
        "from tfgen.comparison import recorded, table\n"
        "from tfgen.runs import Run\n"
        f"found = recorded([Run.open({str(run.path)!r})])\n"
        "json.dumps(found.to_dict(), allow_nan=False)\n"
        "print(table(found))\n"
        "assert 'tensorflow' not in sys.modules"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert "digits-gan-1" in finished.stdout
