"""A comparison of recorded entries: only comparable values are ranked together, and seeds are one row."""

import json
import subprocess
import sys

import pytest

from tfgen.comparison import compare_recorded, comparison_markdown
from tfgen.comparison.records import Spread
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
    """Return a function that makes a run with the given `evaluation.json`."""

    def made(model, epochs=2, done=2, evaluation=None, **options):
        run = Run.create(tmp_path, run_config(model, epochs=epochs, **options))
        for epoch in range(done):
            run.add_metrics({"epoch": epoch + 1, "step": 20 * (epoch + 1), "seconds": 1.5, "loss": 1.0})
        (run.path / "evaluation.json").write_text(json.dumps(evaluation or {}))
        return run

    return made


def test_a_run_of_the_configuration_of_a_packed_model_has_a_row_of_its_own(tmp_path):
    packed = Run.open("digits-vae")
    own = [Run.create(tmp_path, packed.config) for _ in range(2)]
    rows = compare_recorded([packed, *own]).rows
    assert [row.name for row in rows] == ["digits-vae", f"{own[0].path.name} (2 runs)"]


def test_runs_that_differ_only_in_their_seed_are_one_row(make):
    runs = [
        make("vae", seed=seed, batch_size=64, evaluation={"likelihood": [likelihood(bits)]})
        for seed, bits in ((0, 2.0), (1, 2.2), (5, 2.4))
    ]
    other = make("vae", seed=0, batch_size=32, evaluation={"likelihood": [likelihood(1.9)]})
    found = compare_recorded([runs[0], other, *runs[1:]])
    assert [row.name for row in found.rows] == ["digits-vae-1 (3 runs)", "digits-vae-4"]
    assert found.rows[0].seeds == (0, 1, 5)
    assert (found.rows[0].finished, found.rows[0].unfinished, found.rows[0].diverged) == (3, 0, 0)
    (group,) = found.likelihoods
    assert list(group.best) == ["digits-vae-4", "digits-vae-1 (3 runs)"]
    spread = group.best["digits-vae-1 (3 runs)"]
    assert (spread.mean, spread.deviation, spread.runs) == (pytest.approx(2.2), pytest.approx(0.2), 3)
    assert [(one.name, one.standard_error) for one in group.rows] == [
        ("digits-vae-4", 0.01),
        ("digits-vae-1 (3 runs)", None),
    ]
    assert found.rows[0].training.seconds == Spread(3.0, 0.0, 3)
    assert found.rows[0].training.examples.mean == 40 * 64


def test_unfinished_and_diverged_runs_are_counted_but_their_measurements_are_ignored(make):
    good = make("gan", seed=0, evaluation={"quality": [quality(4.0)]})
    cut = make("gan", seed=1, done=1, evaluation={"quality": [quality(100.0)]})
    broken = make("gan", seed=2, done=1, evaluation={"quality": [quality(100.0)]})
    broken.divergence_file.write_text("{}")
    found = compare_recorded([good, cut, broken])
    (row,) = found.rows
    assert (row.finished, row.unfinished, row.diverged) == (1, 1, 1)
    assert found.quality.by_row[row.name].metrics["frechet_classifier_distance"] == Spread(4.0, None, 1)
    assert row.training.seconds.runs == 1


def test_likelihoods_of_other_levels_binarizations_splits_or_examples_are_never_in_one_group(make):
    entries = [
        likelihood(1.2, levels=256),
        likelihood(0.1, levels=2, binarization="threshold"),
        likelihood(0.15, levels=2, binarization="dynamic"),
        likelihood(0.12, levels=2, binarization="threshold", split="validation"),
        likelihood(0.12, levels=2, binarization="threshold", examples=7),
    ]
    runs = [make("vae", batch_size=8 + i, evaluation={"likelihood": [entry]}) for i, entry in enumerate(entries)]
    groups = compare_recorded(runs).likelihoods
    assert len(groups) == 5
    assert all(len(group.best) == 1 for group in groups)


def test_bounds_on_the_same_data_are_ranked_each_with_its_estimator(make):
    vae = make("vae", evaluation={"likelihood": [likelihood(1.5), likelihood(1.3, estimator="weighted", samples=50)]})
    flow = make("flow", evaluation={"likelihood": [likelihood(1.4, estimator="dequantization")]})
    found = compare_recorded([vae, flow])
    (group,) = found.likelihoods
    assert [(one.name, one.samples, one.value.mean) for one in group.rows] == [
        ("digits-vae-1", 50, 1.3),
        ("digits-flow-1", 1, 1.4),
        ("digits-vae-1", 1, 1.5),
    ]
    # The best likelihood of each row is the lowest value.
    assert {name: spread.mean for name, spread in group.best.items()} == {"digits-vae-1": 1.3, "digits-flow-1": 1.4}
    lines = [line.split(" | ") for line in comparison_markdown(found).splitlines() if "digits-" in line]
    assert ["| digits-flow-1", "1.4000 ± 0.0100", "dequantization |"] in lines


def test_the_likelihood_of_points_is_in_nats_next_to_the_true_density(make):
    entry = {
        "split": "test", "estimator": "exact", "samples": 1, "log_prob_nats": -1.2,
        "log_prob_nats_standard_error": 0.01, "true_log_prob_nats": -1.1,
    }  # fmt: skip
    (group,) = compare_recorded([make("flow", data="moons", evaluation={"likelihood": [entry]})]).likelihoods
    assert group.unit == "nats"
    assert group.baseline == 1.1
    assert next(iter(group.best.values())).mean == 1.2


def test_quality_has_the_settings_that_most_rows_share(make):
    several = [quality(4.0), quality(3.0, samples=200), quality(9.0, temperature=0.5)]
    first = make("gan", evaluation={"quality": several})
    second = make("flow", evaluation={"quality": [quality(7.0)]})
    third = make("vae", evaluation={"quality": [quality(5.0, samples=250)]})
    found = compare_recorded([first, second, third]).quality
    assert found.samples == 300
    distances = {row.name: row.metrics["frechet_classifier_distance"].mean for row in found.rows}
    assert distances == {"digits-gan-1": 4.0, "digits-flow-1": 7.0}
    assert found.classifier.to_json() == CLASSIFIER
    assert compare_recorded([third]).quality.samples == 250
    # An infinite divergence is recorded as null and left out.
    assert "kl_to_data" not in found.by_row["digits-gan-1"].metrics
    assert compare_recorded([make("vae", hidden=(8,))]).quality is None


def test_only_measurements_with_the_same_classifier_are_compared(make):
    other = {**CLASSIFIER, "sha256": "cd" * 32}
    first = make("gan", evaluation={"quality": [quality(4.0), quality(400.0, classifier=other)]})
    second = make("flow", evaluation={"quality": [quality(7.0, classifier=other)]})
    found = compare_recorded([first, second]).quality
    assert found.classifier.to_json() == other
    assert {row.name: row.metrics["frechet_classifier_distance"].mean for row in found.rows} == {
        "digits-gan-1": 400.0,
        "digits-flow-1": 7.0,
    }


def test_conditional_models_have_a_table_of_their_classes(make):
    bayes = {
        "split": "test", "estimator": "bound", "samples": 1, "examples": 300, "classes": 10, "accuracy": 0.9,
        "accuracy_standard_error": 0.01, "expected_calibration_error": 0.05, "bins": 15,
    }  # fmt: skip
    samples = {
        "split": "test", "seed": 0, "temperature": 1.0, "classifier": CLASSIFIER, "samples": 20, "classes": ["a", "b"],
        "class_agreement": 0.75, "agreement_by_class": [0.5, 1.0], "samples_by_class": [10, 10],
        "frechet_distance_by_class": [3.0, None], "mean_frechet_distance": 3.0,
    }  # fmt: skip
    vae = make("vae", evaluation={"classification": [bayes], "class_samples": [samples]})
    gan = make("gan", evaluation={"class_samples": [{**samples, "class_agreement": 0.5}]})
    found = compare_recorded([vae, gan, make("gan", seed=1, batch_size=32)])
    assert [row.classes and row.classes.class_agreement.mean for row in found.rows] == [0.75, 0.5, None]
    text = comparison_markdown(found)
    assert "| digits-vae-1 | 0.9000 | 0.0500 | 0.7500 | 3.00 |" in text
    assert "| digits-gan-1 | – | – | 0.5000 | 3.00 |" in text
    assert "Classes of conditional" not in comparison_markdown(compare_recorded([make("gan", seed=3)]))


def test_fids_are_reported_with_the_name_of_the_network(make):
    inception = {"name": "InceptionV3", "sha256": "cd" * 32, "test_accuracy": None}
    entry = {**quality(None, classifier=inception, fid=12.5), "class_histogram": None, "floor": {"fid": 3.25}}
    text = comparison_markdown(compare_recorded([make("gan", evaluation={"quality": [entry]})]))
    assert "InceptionV3" in text and "| 12.50 |" in text and "| 3.25 |" in text and "| FID |" in text


def test_measurements_from_before_further_training_are_ignored(make):
    run = make("vae", evaluation={"likelihood": [likelihood(2.0, epoch=1)]})
    assert compare_recorded([run]).likelihoods == ()


def test_runs_on_different_data_are_refused(make):
    with pytest.raises(ConfigError, match=r"same data.*digits-vae-1 on digits and mnist-vae-1 on mnist"):
        compare_recorded([make("vae"), make("vae", data="mnist")])
    with pytest.raises(ConfigError, match="image_size 16"):
        compare_recorded([make("vae", data="mnist"), make("vae", data="mnist", image_size=16)])
    # Runs on different parts of the training set have the same test images.
    compare_recorded([make("vae"), make("gan", train_size=1000, validation_size=0)])


def test_a_repeated_run_and_no_run_are_refused(make):
    run = make("vae")
    with pytest.raises(ConfigError, match="twice"):
        compare_recorded([run, Run.open(run.path)])
    with pytest.raises(ConfigError, match="at least one"):
        compare_recorded([])


def test_folders_of_the_same_name_are_named_by_their_path(make, tmp_path):
    first = make("vae")
    second = Run.create(tmp_path / "elsewhere", run_config("vae", epochs=3))
    assert first.path.name == second.path.name
    assert [row.name for row in compare_recorded([first, second]).rows] == [str(first.path), str(second.path)]


def test_a_damaged_entry_is_named(make):
    with pytest.raises(RunError, match="digits-vae-1"):
        compare_recorded([make("vae", evaluation={"likelihood": [{"split": "test", "levels": 2}]})])


def test_a_comparison_is_json_and_needs_no_tensorflow(make):
    run = make("gan", evaluation={"quality": [quality(4.0)]})
    code = (
        "import json, sys\n"
        "from tfgen.comparison import compare_recorded, comparison_markdown\n"
        "from tfgen.runs import Run\n"
        f"found = compare_recorded([Run.open({str(run.path)!r})])\n"
        "json.dumps(found.to_dict(), allow_nan=False)\n"
        "print(comparison_markdown(found))\n"
        "assert 'tensorflow' not in sys.modules"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert "digits-gan-1" in finished.stdout
