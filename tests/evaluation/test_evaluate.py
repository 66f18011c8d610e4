"""The evaluation command: its measurements of all three families, the recorded entries and its errors."""

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import slow_except
from tfgen.cli.evaluate import main
from tfgen.config.presets import run_config
from tfgen.errors import RunError
from tfgen.evaluation.find_classifier import FOLDER
from tfgen.evaluation.likelihood import measure_likelihood
from tfgen.evaluation.quality import measure_quality
from tfgen.evaluation.report import QUALITY_METRICS
from tfgen.runs.evaluations import read_entries
from tfgen.runs.run import Run


@pytest.fixture(scope="module")
def make_run(tiny_models, tmp_path_factory):
    """Return a function from a name in TINY_MODELS to a new run with that model."""

    def made(name, **options):
        family = {"points": "flow"}.get(name, name.partition("-")[0])
        data = {"data": "moons"} if name == "points" else {}
        run = Run.create(tmp_path_factory.mktemp("runs"), run_config(family, **data, **options))
        tiny_models(name).save(run.model_file)
        return run

    return made


def refusal(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main([*map(str, arguments)])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return next(line for line in error.splitlines() if line.startswith("error: "))


@pytest.mark.parametrize("name", slow_except(["vae-mixture", "gan", "flow"], "vae-mixture", "gan"))
def test_everything_that_a_family_has_is_measured(make_run, name, capsys):
    run = make_run(name)
    main([str(run.path), "--n", "50"])
    output = capsys.readouterr().out
    assert ("bits/dim" in output) == (name != "gan")
    assert "Fréchet classifier distance" in output
    assert "  real " in output
    assert "FID" not in output
    found = json.loads((run.path / "evaluation.json").read_text())
    assert len(found["likelihood"]) == (name != "gan")
    assert ("largest |x − f(f⁻¹(x))|" in output) == ("inversion" in found) == (name == "flow")
    (entry,) = found["quality"]
    assert (entry["samples"], entry["seed"], entry["temperature"], entry["split"]) == (50, 0, 1.0, "test")
    assert entry["pictures"] == ("means of p(x|z)" if name == "vae-mixture" else "samples")
    assert len(entry["classifier"]["sha256"]) == 64
    assert set(QUALITY_METRICS) <= set(entry) & set(entry["real_reference"])
    assert sum(entry["class_histogram"]) == 50


@pytest.mark.slow
def test_the_inversion_of_a_flow_can_be_measured_alone(make_run, capsys):
    run = make_run("flow")
    main([str(run.path), "--only", "inversion", "--first", "20"])
    output = capsys.readouterr().out
    assert output.count("\n") == 1 and "of 20 examples" in output and "of 1 white image" in output
    found = json.loads((run.path / "evaluation.json").read_text())
    assert not found["likelihood"] and "quality" not in found
    (entry,) = found["inversion"]
    assert entry["split"] == "test" and 0 < entry["examples"]["mean"] <= entry["examples"]["largest"] < 1e-4
    # A measurement of another number of examples is another entry; the same measurement replaces its entry.
    for _ in range(2):
        main([str(run.path), "--only", "inversion", "--first", "30"])
        entries = json.loads((run.path / "evaluation.json").read_text())["inversion"]
        assert [entry["examples"]["count"] for entry in entries] == [20, 30]


@pytest.mark.parametrize(("name", "family"), [("vae-mixture", "VAE"), ("gan", "GAN")])
def test_a_model_without_inverse_is_refused(make_run, capsys, name, family):
    message = refusal(capsys, make_run(name).path, "--only", "inversion")
    assert message.endswith(
        f"A {family} has no inversion error: expected a flow, whose encoder is the inverse of its decoder"
    )


def test_points_have_a_likelihood_and_no_classifier(make_run, capsys):
    run = make_run("points")
    main([str(run.path)])
    output = capsys.readouterr().out
    assert "NLL" in output
    assert "Points have no classifier" in output
    assert "Points have no classifier" in refusal(capsys, run.path, "--only", "quality")
    assert "quality" not in read_entries(run)


def test_the_percentiles_are_those_of_the_bits_per_dim_of_single_images(make_run):
    run = make_run("vae-mixture")
    entry = measure_likelihood(run)
    percentiles = np.array(entry.bits_per_dim_percentiles)
    assert len(percentiles) == 101
    bits = run.load_model().bits_per_dim(run.dataset.test.images[:100]).bits_per_dim
    assert percentiles[0] <= bits.min()
    assert percentiles[100] >= bits.max()
    assert (np.diff(percentiles) >= 0).all()
    assert percentiles[40] < entry.bits_per_dim < percentiles[75]


def test_a_measurement_replaces_only_the_entry_with_the_same_settings(make_run):
    run = make_run("gan")
    for settings in ({}, {"seed": 7}, {"temperature": 0.5}, {"split": "validation"}, {"count": 40}, {"seed": 7}):
        measure_quality(run, **{"count": 30, **settings})
    kept = read_entries(run)["quality"]
    assert [(entry.split, entry.samples, entry.seed, entry.temperature) for entry in kept] == [
        ("test", 30, 0, 1.0),
        ("test", 30, 0, 0.5),
        ("validation", 30, 0, 1.0),
        ("test", 40, 0, 1.0),
        ("test", 30, 7, 1.0),
    ]
    # The same measurement has the same value to the last digit.
    again = measure_quality(run, count=40)
    assert again.model_copy(update={"seconds": 0}) == kept[3].model_copy(update={"seconds": 0})


def test_entries_of_an_earlier_version_are_kept(make_run, capsys):
    run = make_run("gan")
    old = {"split": "test", "samples": 1, "estimator": "exact", "log_prob_nats": -1.0}
    (run.path / "evaluation.json").write_text(json.dumps({"run": "x", "model": "gan", "likelihood": [old]}))
    main([str(run.path), "--n", "20"])
    found = json.loads((run.path / "evaluation.json").read_text())
    assert found["likelihood"] == [old]
    assert len(found["quality"]) == 1


def test_a_damaged_record_is_refused_before_anything_is_measured_and_never_overwritten(make_run, capsys):
    run = make_run("gan")
    (run.path / "evaluation.json").write_text("[broken")
    with pytest.raises(SystemExit):
        main([str(run.path), "--n", "20"])
    shown = capsys.readouterr()
    assert "evaluation.json. Received: " in shown.err and "Fréchet" not in shown.out
    with pytest.raises(RunError, match="Expected JSON in"):
        measure_quality(run, count=20)
    assert (run.path / "evaluation.json").read_text() == "[broken"


def test_nothing_is_recorded_for_a_pretrained_model(make_run, capsys):
    run = dataclasses.replace(make_run("gan"), by_name=True)
    measure_quality(run, count=20)
    assert not (run.path / "evaluation.json").exists()
    measure_quality(dataclasses.replace(run, by_name=False), count=20)
    assert (run.path / "evaluation.json").exists()


def test_a_classifier_of_the_user_s_own(make_run, tmp_path, capsys):
    run = make_run("gan")
    for suffix in (".npz", ".json"):
        shutil.copy(FOLDER / f"digits{suffix}", tmp_path / f"mine{suffix}")
    main([str(run.path), "--n", "20", "--classifier", str(tmp_path / "mine.npz")])
    assert read_entries(run)["quality"][0].classifier.name == "mine"
    (tmp_path / "mine.npz").write_bytes(b"")
    assert "SHA-256" in refusal(capsys, run.path, "--classifier", tmp_path / "mine.npz")
    assert "There is no file" in refusal(capsys, run.path, "--classifier", tmp_path / "absent.npz")


@pytest.mark.slow
def test_without_a_classifier_the_message_says_how_to_train_one(make_run, tmp_path, capsys):
    generator = np.random.default_rng(0)
    np.savez(tmp_path / "own.npz", images=generator.integers(0, 17, (60, 8, 8)).astype(np.uint8), levels=17)
    run = make_run("gan", data=str(tmp_path / "own.npz"))
    assert "train-classifier --data" in refusal(capsys, run.path)
    run = make_run("flow", data=str(tmp_path / "own.npz"))
    assert "train-classifier --data" in refusal(capsys, run.path, "--only", "quality")
    main([str(run.path)])
    output = capsys.readouterr().out
    assert "bits/dim" in output
    assert "quality    not measured. There is no classifier" in output


def test_values_out_of_range_are_refused(make_run, capsys):
    run = make_run("gan")
    assert "--n" in refusal(capsys, run.path, "--n", "0")
    assert "--temperature" in refusal(capsys, run.path, "--temperature", "-1")
    assert "expected one of likelihood, inversion, classification, quality" in refusal(
        capsys, run.path, "--only", "beauty"
    )
    assert "at least 10 samples" in refusal(capsys, run.path, "--n", "3")
    assert "nowhere" in refusal(capsys, run.path / "nowhere")
    bare = make_run("gan", validation_size=0)
    assert "has no examples" in refusal(capsys, bare.path, "--split", "validation")


def test_help_is_answered_without_tensorflow():
    code = (
        "import sys, tfgen.cli.evaluate as command\n"
        "try: command.main(['--help'])\n"
        "finally: assert not {'tensorflow', 'numpy'} & set(sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert "--n" in finished.stdout


def test_the_weights_of_the_classifiers_are_package_data():
    import tomllib

    content = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    patterns = content["tool"]["setuptools"]["package-data"]["tfgen.evaluation"]
    matched = {file for pattern in patterns for file in (FOLDER.parent).glob(pattern)}
    assert matched == {file for file in FOLDER.iterdir() if file.is_file()}


@pytest.mark.parametrize(("flag", "size"), [("--n", 301), ("--first", 10_000)])
def test_more_examples_than_the_split_has_are_refused(flag, size, capsys):
    message = refusal(capsys, "digits-vae", flag, size)
    assert f"{flag}: expected 1 to 300, the number of test examples. Received: {size}" in message
