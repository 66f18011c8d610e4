"""The evaluation command: all three families, what it records and what it refuses."""

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfgen.cli.evaluate import main
from tfgen.config.presets import run_config
from tfgen.evaluation.classifier import FOLDER
from tfgen.evaluation.evaluate import QUALITY, evaluate, evaluate_samples
from tfgen.runs import evaluations as records
from tfgen.runs.run import Run


@pytest.fixture(scope="module")
def make_run(tiny_models, tmp_path_factory):
    """A function from a name in TINY_MODELS to a fresh run with that model."""

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
    return error.strip().splitlines()[-1]


@pytest.mark.parametrize("name", ["vae-mixture", "gan", "flow"])
def test_each_family_is_asked_what_it_can_answer(make_run, name, capsys):
    run = make_run(name)
    main([str(run.path), "--count", "50"])
    said = capsys.readouterr().out
    assert ("bits/dim" in said) == (name != "gan")
    assert "Fréchet classifier distance" in said
    assert "floor" in said
    assert "FID" not in said
    found = json.loads((run.path / "evaluation.json").read_text())
    assert len(found["likelihood"]) == (name != "gan")
    assert ("largest |x − f(f⁻¹(x))|" in said) == ("inversion" in found) == (name == "flow")
    (entry,) = found["quality"]
    assert (entry["samples"], entry["seed"], entry["temperature"], entry["split"]) == (50, 0, 1.0, "test")
    assert entry["pictures"] == ("means of p(x|z)" if name == "vae-mixture" else "samples")
    assert len(entry["classifier"]["sha256"]) == 64
    assert set(QUALITY) <= set(entry) & set(entry["floor"])
    assert sum(entry["class_histogram"]) == 50


def test_a_flow_is_asked_for_its_inversion_alone(make_run, capsys):
    run = make_run("flow")
    main([str(run.path), "--only", "inversion", "--first", "20"])
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "of 20 examples" in said and "of 1 white picture" in said
    found = json.loads((run.path / "evaluation.json").read_text())
    assert not found["likelihood"] and "quality" not in found
    (entry,) = found["inversion"]
    assert entry["split"] == "test" and 0 < entry["examples"]["mean"] <= entry["examples"]["largest"] < 1e-4
    main([str(run.path), "--only", "inversion", "--first", "30"])
    (entry,) = json.loads((run.path / "evaluation.json").read_text())["inversion"]
    assert entry["examples"]["count"] == 30


@pytest.mark.parametrize(("name", "family"), [("vae-conv", "VAE"), ("gan", "GAN")])
def test_who_has_no_inverse_says_so(make_run, capsys, name, family):
    said = refusal(capsys, make_run(name).path, "--only", "inversion")
    assert said.endswith(
        f"A {family} has no inversion error: expected a flow, whose encoder is the inverse of its decoder"
    )


def test_points_have_a_likelihood_and_no_classifier(make_run, capsys):
    run = make_run("points")
    main([str(run.path)])
    said = capsys.readouterr().out
    assert "NLL" in said
    assert "Points have no classifier" in said
    assert "Points have no classifier" in refusal(capsys, run.path, "--only", "quality")
    assert "quality" not in records.recorded(run)


def test_percentiles_tell_how_odd_a_picture_is(make_run):
    run = make_run("flow")
    entry = evaluate(run)
    percentiles = np.array(entry["bits_per_dim_percentiles"])
    assert len(percentiles) == 101
    bits = run.load_model().bits_per_dim(run.dataset.test.images[:100]).bits_per_dim
    assert percentiles[0] <= bits.min()
    assert percentiles[100] >= bits.max()
    assert (np.diff(percentiles) >= 0).all()
    assert percentiles[40] < entry["bits_per_dim"] < percentiles[75]


def test_a_measurement_replaces_its_own_only(make_run):
    run = make_run("gan")
    for settings in ({}, {"seed": 7}, {"temperature": 0.5}, {"split": "validation"}, {"count": 40}, {"seed": 7}):
        evaluate_samples(run, **{"count": 30, **settings})
    kept = records.recorded(run)["quality"]
    told = [(entry["split"], entry["samples"], entry["seed"], entry["temperature"]) for entry in kept]
    assert told == [
        ("test", 30, 0, 1.0),
        ("test", 30, 0, 0.5),
        ("validation", 30, 0, 1.0),
        ("test", 40, 0, 1.0),
        ("test", 30, 7, 1.0),
    ]
    # The same again, to the last digit.
    again = evaluate_samples(run, count=40)
    assert {**again, "seconds": 0} == {**kept[3], "seconds": 0}


def test_a_file_of_an_earlier_version_is_added_to(make_run, capsys):
    run = make_run("gan")
    old = {"split": "test", "samples": 1, "estimator": "exact", "log_prob_nats": -1.0}
    (run.path / "evaluation.json").write_text(json.dumps({"run": "x", "model": "gan", "likelihood": [old]}))
    main([str(run.path), "--count", "20"])
    found = json.loads((run.path / "evaluation.json").read_text())
    assert found["likelihood"] == [old]
    assert len(found["quality"]) == 1
    (run.path / "evaluation.json").write_text("[broken")
    evaluate_samples(run, count=20)
    assert len(records.recorded(run)["quality"]) == 1


def test_nothing_is_recorded_of_a_name(make_run, capsys):
    run = dataclasses.replace(make_run("gan"), by_name=True)
    evaluate_samples(run, count=20)
    assert not (run.path / "evaluation.json").exists()
    evaluate_samples(dataclasses.replace(run, by_name=False), count=20)
    assert (run.path / "evaluation.json").exists()


def test_a_classifier_of_the_user_s_own(make_run, tmp_path, capsys):
    run = make_run("gan")
    for suffix in (".npz", ".json"):
        shutil.copy(FOLDER / f"digits{suffix}", tmp_path / f"mine{suffix}")
    main([str(run.path), "--count", "20", "--classifier", str(tmp_path / "mine.npz")])
    assert records.recorded(run)["quality"][0]["classifier"]["name"] == "mine"
    (tmp_path / "mine.npz").write_bytes(b"")
    assert "SHA-256" in refusal(capsys, run.path, "--classifier", tmp_path / "mine.npz")
    assert "There is no file" in refusal(capsys, run.path, "--classifier", tmp_path / "absent.npz")


def test_data_without_a_classifier_is_told_how_to_get_one(make_run, tmp_path, capsys):
    generator = np.random.default_rng(0)
    np.savez(tmp_path / "own.npz", images=generator.integers(0, 17, (60, 8, 8)).astype(np.uint8), levels=17)
    run = make_run("gan", data=str(tmp_path / "own.npz"))
    assert "train_classifier --data" in refusal(capsys, run.path)
    run = make_run("flow", data=str(tmp_path / "own.npz"))
    assert "train_classifier --data" in refusal(capsys, run.path, "--only", "quality")
    main([str(run.path)])
    said = capsys.readouterr().out
    assert "bits/dim" in said
    assert "quality    not measured. There is no classifier" in said


def test_what_is_out_of_range_is_refused(make_run, capsys):
    run = make_run("gan")
    assert "--count" in refusal(capsys, run.path, "--count", "0")
    assert "--temperature" in refusal(capsys, run.path, "--temperature", "-1")
    assert "'quality'" in refusal(capsys, run.path, "--only", "beauty")
    assert "at least 10 samples" in refusal(capsys, run.path, "--count", "3")
    assert "nowhere" in refusal(capsys, run.path / "nowhere")
    bare = make_run("gan", validation_size=0)
    assert "left no examples" in refusal(capsys, bare.path, "--split", "validation")


def test_help_is_answered_without_tensorflow():
    code = (
        "import sys, tfgen.cli.evaluate as command\n"
        "try: command.main(['--help'])\n"
        "finally: assert not {'tensorflow', 'numpy'} & set(sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert "--count" in finished.stdout


def test_the_weights_of_the_classifiers_are_package_data():
    import tomllib

    content = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    patterns = content["tool"]["setuptools"]["package-data"]["tfgen.evaluation"]
    matched = {file for pattern in patterns for file in (FOLDER.parent).glob(pattern)}
    assert matched == {file for file in FOLDER.iterdir() if file.is_file()}
