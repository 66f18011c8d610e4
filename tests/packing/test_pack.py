"""Packing of a finished run: the files of the folder, the rounded model, its measurements, and the errors."""

import json
import shlex
import shutil

import numpy as np
import pytest
from PIL import Image

import tfgen
from tfgen import pretrained
from tfgen.cli.pack import main as pack_main
from tfgen.cli.train import main as train_main
from tfgen.cli.train_arguments import parse
from tfgen.errors import RunError
from tfgen.evaluation.find_classifier import classifier_for
from tfgen.evaluation.inversion import measure_inversion
from tfgen.evaluation.likelihood import measure_likelihood
from tfgen.evaluation.memorization import evaluate_memorization, measure_memorization
from tfgen.evaluation.report import likelihood_summary
from tfgen.packing import pack, rounding
from tfgen.packing.remeasure import BEFORE_ROUNDING
from tfgen.plots.grid import enlarged, image_grid
from tfgen.runs.entries import LikelihoodEntry, MemorizationEntry
from tfgen.runs.run import Run, load


@pytest.fixture(scope="module")
def own(tmp_path_factory, digits):
    """The run folder of a VAE with averaged weights, trained on data from an .npz."""
    folder = tmp_path_factory.mktemp("secret")
    np.savez(folder / "own.npz", x_train=digits[:400], x_test=digits[400:500])
    line = "--model vae --preset quick --hidden 16 --latent-dim 2 --epochs 2 --ema 0.9 --seed 3 --xla off"
    train_main([*line.split(), "--data", str(folder / "own.npz"), "--run", str(folder / "run")])
    return folder / "run"


@pytest.fixture(scope="module")
def packed(own, tmp_path_factory):
    out = tmp_path_factory.mktemp("packed")
    # Favourites belong to the visitors of an app and are not packed.
    (own / "favourites.json").write_text('{"favourites": []}')
    pack_main([str(own), "--name", "own-vae", "--out", str(out)])
    return out / "own-vae"


def copy_of(folder, place):
    shutil.copytree(folder, place)
    return place


def refusal(capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as stop:
        pack_main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return next(line for line in error.splitlines() if line.startswith("error: "))


def test_the_folder_has_all_files_and_no_path_of_the_machine(own, packed):
    assert {file.name for file in packed.iterdir()} == {
        "config.json", "versions.json", "metrics.jsonl", "pretrained.json", "evaluation.json", "weights.npz",
        "samples.png",
    }  # fmt: skip
    assert packed.stat().st_mode == own.stat().st_mode
    for file in packed.iterdir():
        assert b"secret" not in file.read_bytes(), file
        assert str(own.parent.parent).encode() not in file.read_bytes(), file
    run = Run.open(packed)
    assert run.config.data.data == "./own.npz"
    assert run.metrics() == Run.open(own).metrics()
    assert run.is_packed
    assert not run.by_name


@pytest.mark.parametrize(("shape", "count", "side"), [((8, 8, 1), 64, 8), ((32, 32, 3), 16, 4)])
def test_the_picture_of_large_samples_in_colour_shows_fewer_of_them(shape, count, side, tmp_path):
    model = tfgen.VAE(shape, 17, arch="mlp", hidden=(4,), latent_dim=2)
    pack._draw(model, tmp_path / "samples.png")
    with Image.open(tmp_path / "samples.png") as picture:
        found = np.asarray(picture)
    scale = found.shape[0] // (side * (shape[0] + 1) + 1)
    expected = enlarged(image_grid(model.sample(count, seed=0).numpy()), scale)
    np.testing.assert_array_equal(found, expected.reshape(found.shape))
    # A picture of few samples is not enlarged.
    assert (scale == 1) == (count == 16)


def test_without_paths_keeps_names_and_the_last_part_of_folders(own):
    config = Run.open(own).config
    mnist = config.with_options({"data": "mnist", "data_dir": "/home/me/files"})
    assert pack.without_paths(mnist) == config.with_options({"data": "mnist", "data_dir": None})
    # A folder with the name of a data set stays a folder.
    assert pack.without_paths(config.with_options({"data": "/home/me/digits"})).data.data == "./digits"


def test_the_packed_model_has_nearly_the_samples_and_likelihoods_of_the_run(own, packed):
    run, small = load(own), load(packed)
    found = json.loads((packed / "pretrained.json").read_text())
    difference = np.abs(run.sample(64).numpy() - small.sample(64).numpy())
    assert found["float16"]["largest_difference_of_samples"] == difference.max() > 0
    examples = Run.open(own).dataset.test.examples
    for model, key in ((run, "bits_per_dim_float32"), (small, "bits_per_dim_float16")):
        assert found["float16"][key] == pytest.approx(model.likelihood(examples).mean, rel=1e-6)
    assert found["weights"]["numbers"] == sum(np.asarray(variable).size for variable in small.weights)
    assert found["about"].startswith("own.npz 8×8: VAE, preset quick, ")
    assert small.ema == 0.0 < run.ema


def test_the_recorded_command_is_the_one_of_the_training(packed):
    command, _ = json.loads((packed / "pretrained.json").read_text())["commands"]
    program, name, *arguments = shlex.split(command)
    assert (program, name) == ("tfgen", "train")
    assert parse(arguments).config == Run.open(packed).config


def test_likelihoods_are_those_of_the_packed_weights(own, packed):
    (before,) = json.loads((own / "evaluation.json").read_text())["likelihood"]
    (entry,) = json.loads((packed / "evaluation.json").read_text())["likelihood"]
    # Only the configuration of the run knows where the data are.
    again = measure_likelihood(Run(packed, Run.open(own).config), record=False)
    assert entry["log_prob_nats"] == pytest.approx(again.log_prob_nats, rel=1e-7)
    assert entry["log_prob_nats"] != before["log_prob_nats"]
    assert "float32" not in likelihood_summary(LikelihoodEntry.from_json(entry))


@pytest.mark.slow
def test_the_inversion_of_a_flow_is_that_of_the_packed_weights(own, tmp_path):
    line = "--model flow --preset quick --width 4 --couplings 1 --epochs 1"
    train_main([*line.split(), "--data", str(own.parent / "own.npz"), "--run", str(tmp_path / "run")])
    before = measure_inversion(Run.open(tmp_path / "run"))
    packed = pack.pack(Run.open(tmp_path / "run"), "own-flow", tmp_path)
    (entry,) = json.loads((packed.path / "evaluation.json").read_text())["inversion"]
    assert entry["examples"]["count"] == before.examples.count == 100
    assert 0 < entry["examples"]["largest"] < 1e-4
    assert entry["noise"]["mean"] != before.noise.mean


def test_the_distance_of_samples_to_training_images_is_that_of_the_packed_weights(own, tmp_path):
    run = Run.open(copy_of(own, tmp_path / "run"))
    measure_memorization(run, count=30)
    pack_main([str(run.path), "--name", "near", "--out", str(tmp_path)])
    (before,) = json.loads((run.path / "evaluation.json").read_text())["memorization"]
    (found,) = json.loads((tmp_path / "near" / "evaluation.json").read_text())["memorization"]
    small = Run.open(tmp_path / "near")
    expected = evaluate_memorization(small.load_model(), run.dataset, count=30)
    assert MemorizationEntry.from_json(found) == expected.model_copy(update={"epoch": before["epoch"]})
    # Rounding changes the samples.
    assert found["pixels"]["distance"] != before["pixels"]["distance"]


@pytest.mark.slow
def test_the_distance_is_measured_in_the_features_of_the_data_s_classifier_too(tmp_path, capsys):
    line = "--model vae --hidden 8 --latent-dim 2 --epochs 1 --data digits"
    train_main([*line.split(), "--run", str(tmp_path / "run")])
    run = Run.open(tmp_path / "run")
    data = run.dataset
    classifier = classifier_for("digits", data.event_shape, data.levels)
    before = measure_memorization(run, classifier=classifier, count=20)
    pack_main([str(run.path), "--name", "near", "--out", str(tmp_path)])
    (found,) = json.loads((tmp_path / "near" / "evaluation.json").read_text())["memorization"]
    assert found["classifier"] == before.classifier.to_json() == classifier.identity.to_json()
    assert found["features"] == pytest.approx(before.features.to_json(), abs=0.05)
    assert "distance of 20 samples to training images: " in capsys.readouterr().out


def test_a_likelihood_that_took_long_is_copied_and_marked(own, tmp_path, capsys):
    run = copy_of(own, tmp_path / "run")
    found = json.loads((run / "evaluation.json").read_text())
    found["likelihood"].append({**found["likelihood"][0], "samples": 5000, "seconds": 3600.0})
    (run / "evaluation.json").write_text(json.dumps(found))
    pack_main([str(run), "--name", "x", "--out", str(tmp_path)])
    entries = json.loads((tmp_path / "x" / "evaluation.json").read_text())["likelihood"]
    by_samples = {entry["samples"]: entry for entry in entries}
    assert "weights" not in by_samples[1]
    assert by_samples[5000] == {**found["likelihood"][1], "weights": BEFORE_ROUNDING}
    marked = LikelihoodEntry.from_json(by_samples[5000])
    assert likelihood_summary(marked).endswith("; measured with the run's float32 weights")
    assert "5000 samples: measured with the run's float32 weights; it took 3600 s" in capsys.readouterr().out


def test_without_its_data_the_rounding_is_checked_on_samples_and_likelihoods_are_copied(own, tmp_path):
    run = copy_of(own, tmp_path / "run")
    config = json.loads((run / "config.json").read_text())
    config["data"]["data"] = str(tmp_path / "gone.npz")
    (run / "config.json").write_text(json.dumps(config))
    small = pack.pack(Run.open(run), "x", tmp_path)
    assert pretrained.read(small.path)["float16"]["likelihood_of"] == "256 samples"
    (entry,) = json.loads((small.path / "evaluation.json").read_text())["likelihood"]
    assert entry["weights"] == BEFORE_ROUNDING


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("samples", r"samples of float32 weights within -1 of the run's\. Received: 0\.0"),
        ("likelihood", r"change the mean likelihood by at most -1 bits per dim\. Received: 0\.0"),
    ],
)
def test_a_model_that_rounding_changes_too_much_is_refused_and_no_folder_is_left(
    own, tmp_path, monkeypatch, part, expected
):
    monkeypatch.setitem(rounding.MAX_DIFFERENCE, part, -1)
    with pytest.raises(RunError, match=expected):
        pack.pack(Run.open(own), "x", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_if_16_bits_change_samples_too_much_24_bits_are_used_and_both_are_recorded(own, packed, tmp_path, monkeypatch):
    found = pretrained.read(packed)["float16"]["largest_difference_of_samples"]
    monkeypatch.setitem(rounding.MAX_DIFFERENCE, "samples", found / 2)
    lines: list[str] = []
    finer = pack.pack(Run.open(own), "finer", tmp_path, report=lines.append).path
    record = pretrained.read(finer)
    assert (pretrained.read(packed)["weights"]["format"], record["weights"]["format"]) == ("float16", "float24")
    assert record["float16"]["largest_difference_of_samples"] == found
    assert 0 < record["float24"]["largest_difference_of_samples"] < found / 8
    assert any(line.startswith("Expected samples of float16 weights within") for line in lines)
    difference = np.abs(load(own).sample(64).numpy() - load(finer).sample(64).numpy())
    assert difference.max() == record["float24"]["largest_difference_of_samples"]
    sizes = [(folder / "weights.npz").stat().st_size for folder in (packed, finer)]
    assert sizes[0] < sizes[1] < 1.7 * sizes[0]


def test_runs_and_names_that_cannot_be_packed_are_refused(own, packed, tmp_path, capsys):
    assert "which is packed already" in refusal(capsys, packed, "--name", "x", "--out", tmp_path)
    assert "own-vae, which exists" in refusal(capsys, own, "--name", "own-vae", "--out", packed.parent)
    for name in ("Upper", "a/b", "..", "", "-x"):
        assert "error: --name: expected" in refusal(capsys, own, f"--name={name}", "--out", tmp_path)
    (tmp_path / "file").write_text("")
    assert "folder that can be written" in refusal(capsys, own, "--name", "x", "--out", tmp_path / "file")
    half = copy_of(own, tmp_path / "half")
    Run.open(half).keep_metrics(1)
    message = refusal(capsys, half, "--name", "x", "--out", tmp_path)
    assert "Expected a finished run of 2 epochs" in message
    assert f"half after 1; resume with: tfgen train --resume {half}" in message
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "half"]


def test_damaged_folders_are_refused(packed, tmp_path):
    folder = copy_of(packed, tmp_path / "x")
    whole = (folder / "weights.npz").read_bytes()
    (folder / "weights.npz").write_bytes(whole[:-1])
    with pytest.raises(RunError, match=r"weights\.npz\. Received: .* the file is damaged"):
        load(folder)
    (folder / "weights.npz").unlink()
    with pytest.raises(RunError, match=r"weights\.npz, which is missing"):
        load(folder)
    (folder / "weights.npz").write_bytes(whole)
    load(folder)
    for record in ("{", "{}", "[]", json.dumps({"about": "", "event_shape": 8, "levels": 17})):
        (folder / "pretrained.json").write_text(record)
        with pytest.raises(RunError, match=r"Expected .*pretrained\.json"):
            load(folder)


def test_training_of_a_packed_run_is_refused(packed, capsys):
    for arguments in (["--resume", packed], ["--model", "vae", "--run", packed]):
        with pytest.raises(SystemExit) as stop:
            train_main([str(argument) for argument in arguments])
        assert stop.value.code == 2
        assert "no optimizer's state and cannot be trained further" in capsys.readouterr().err


# -- conditional models ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packed_conditional(tmp_path_factory, digits):
    """The packed folder of a conditional VAE, and its run."""
    from tfgen.data import load as load_data

    folder = tmp_path_factory.mktemp("conditional")
    labels = load_data("digits").train.labels
    np.savez(
        folder / "own.npz",
        x_train=digits[:400],
        y_train=labels[:400],
        x_test=digits[400:500],
        y_test=labels[400:500],
    )
    line = "--model vae --conditional --hidden 16 --latent-dim 2 --epochs 2 --seed 3"
    train_main([*line.split(), "--data", str(folder / "own.npz"), "--run", str(folder / "run")])
    arguments = ["--name", "classes", "--out", str(folder), "--licence", "CC0 (a test)"]
    pack_main([str(folder / "run"), *arguments])
    return folder / "classes", folder / "run"


@pytest.mark.slow
def test_a_packed_conditional_model_keeps_its_classes(packed_conditional):
    small, run = (load(folder) for folder in packed_conditional)
    assert small.classes == run.classes
    np.testing.assert_allclose(small.class_frequencies, run.class_frequencies)
    np.testing.assert_allclose(small.sample(10, label="each"), run.sample(10, label="each"), atol=0.05)
    record = pretrained.read(packed_conditional[0])
    assert len(record["classes"]) == 10
    assert sum(record["class_frequencies"]) == pytest.approx(1.0)


@pytest.mark.slow
def test_the_licence_of_the_pictures_stands_in_the_list_of_models(packed_conditional, monkeypatch, capsys):
    from tfgen.cli.models import main as models_main

    monkeypatch.setattr(pretrained, "FOLDER", packed_conditional[0].parent)
    models_main([])
    assert capsys.readouterr().out.rstrip().endswith("; 10 classes; pictures: CC0 (a test)")


@pytest.mark.slow
def test_a_conditional_model_without_its_classes_is_refused(packed_conditional, tmp_path):
    folder = copy_of(packed_conditional[0], tmp_path / "classes")
    record = json.loads((folder / "pretrained.json").read_text())
    del record["classes"]
    (folder / "pretrained.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match="Expected the classes of a conditional model"):
        load(folder)


def test_names_of_other_packages_are_no_paths(own):
    config = Run.open(own).config.with_options({"data": "tfds:cifar10/3.0.2"})
    assert pack.without_paths(config).data.data == "tfds:cifar10/3.0.2"
