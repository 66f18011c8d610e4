"""The pretrained models: their files, their numbers, and their names as arguments of every command."""

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tfgen
from tests.conftest import slow_except
from tfgen import pretrained
from tfgen.cli import launch
from tfgen.cli.evaluate import main as evaluate_main
from tfgen.cli.export import main as export_main
from tfgen.cli.interpolate import main as interpolate_main
from tfgen.cli.models import main as list_main
from tfgen.cli.sample import main as sample_main
from tfgen.cli.train import main as train_main
from tfgen.cli.train_arguments import parse
from tfgen.errors import RunError
from tfgen.evaluation.likelihood import measure_likelihood
from tfgen.packing.remeasure import BEFORE_ROUNDING
from tfgen.plots.grid import enlarged, image_grid
from tfgen.runs.run import Run

ROOT = Path(__file__).parents[2]
MIB = 2**20
#: Models whose 64 samples take seconds.
SLOW_FLOWS = {"mnist-flow", "mnist-conditional-flow", "emoji-flow"}
#: Models that multiply the rounding errors of pictures of noise, which are far from their data (docs/results.md).
WITHOUT_NOISE = {"mnist-conditional-flow"}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Run the commands in an empty folder and check that they leave the models unchanged."""
    monkeypatch.chdir(tmp_path)
    before = {name: contents(pretrained.FOLDER / name) for name in pretrained.names()}
    yield
    assert {name: contents(pretrained.FOLDER / name) for name in pretrained.names()} == before


def error_of(command, capsys, *arguments) -> str:
    """Run a command that has to fail with status 2, and return its standard error."""
    with pytest.raises(SystemExit) as stop:
        command(list(arguments))
    assert stop.value.code == 2
    output = capsys.readouterr().err
    assert "Traceback" not in output
    return output


def test_all_three_families_exist_for_one_data_set():
    assert {"digits-vae", "digits-gan", "digits-flow"} <= set(pretrained.names())


def test_the_models_of_colour_pictures_take_at_most_8_mib_together():
    folders = [contents(pretrained.FOLDER / name) for name in pretrained.names() if name.startswith("emoji")]
    assert len(folders) == 3
    assert sum(len(content) for files in folders for content in files.values()) <= 8 * MIB


@pytest.mark.parametrize("name", pretrained.names())
def test_the_files_are_small_and_name_the_commands_that_made_them(name):
    files = contents(pretrained.FOLDER / name)
    assert {"config.json", "versions.json", "metrics.jsonl", "weights.npz", "samples.png"} <= set(files)
    limit = 6 if Run.open(name).config.model == "flow" else 3
    assert sum(map(len, files.values())) <= limit * MIB
    assert len(files["samples.png"]) <= 100_000
    for file, content in files.items():
        if file.endswith(("json", "jsonl")):
            # No absolute path and no home folder.
            assert not re.search(r'"(/|~|[A-Za-z]:\\)', content.decode()), file
    record = pretrained.read(pretrained.FOLDER / name)
    assert parse(shlex.split(record["commands"][0])[2:]).config == Run.open(name).config
    assert "\n" not in pretrained.describe(name)


@pytest.mark.parametrize("name", slow_except(pretrained.names(), *{*pretrained.names()} - SLOW_FLOWS))
def test_the_model_s_samples_are_those_of_samples_png(name):
    model = tfgen.load(name)
    with Image.open(pretrained.FOLDER / name / "samples.png") as picture:
        found = np.asarray(picture).astype(int)
    # Fewer samples are shown of pictures in colour.
    grid = image_grid(model.sample(16 if name.startswith("emoji") else 64, seed=0).numpy())
    expected = enlarged(grid, found.shape[0] // grid.shape[0]).astype(int).reshape(found.shape)
    # Rounding on another machine may change a byte by 1.
    assert np.abs(found - expected).max() <= 1


# `test_pretrained_numbers.py` measures likelihoods of the flow too.
@pytest.mark.parametrize("name", slow_except(["digits-vae", "digits-gan", "digits-flow"], "digits-vae", "digits-gan"))
def test_the_recorded_likelihood_is_reproduced(name):
    run = Run.open(name)
    model = run.load_model()
    entries = json.loads((run.path / "evaluation.json").read_text())["likelihood"]
    assert bool(entries) == model.can("log_prob")
    for entry in entries:
        if entry.get("weights") == BEFORE_ROUNDING:
            continue
        again = measure_likelihood(run, model=model, split=entry["split"], samples=entry["samples"], seed=entry["seed"])
        assert again.log_prob_nats == pytest.approx(entry["log_prob_nats"], abs=0.01)


@pytest.mark.parametrize(
    "name", slow_except([name for name in pretrained.names() if name.endswith("flow")], "digits-flow")
)
def test_a_trained_flow_decodes_every_encoded_image_to_itself(name):
    model = Run.open(name).load_model()
    brightest, shape = model.levels - 1, model.event_shape
    generator = np.random.default_rng(0)
    strokes = np.zeros((8, *shape))
    for picture in strokes:
        row, column = generator.integers(1, shape[0] - 3, 2)
        picture[row : row + 2], picture[:, column] = brightest, generator.integers(1, brightest)
    images = [np.zeros((1, *shape)), np.full((1, *shape), brightest), strokes]
    if name not in WITHOUT_NOISE:
        images.append(generator.integers(0, model.levels, (24, *shape)))
    images = np.concatenate(images).astype(np.uint8)
    label = {"label": np.arange(len(images)) % len(model.classes)} if model.classes else {}
    # Guidance and the removal of noise are no part of the inverse.
    with model.decoding(0.0, False) if model.config.transformers else contextlib.nullcontext():
        again = model.decode(model.encode(images, **label), **label).numpy()
    assert np.abs(again - images / brightest).max() < 1e-4


def test_every_command_accepts_a_name(tmp_path, capsys, monkeypatch):
    from tfgen.export import pipeline as module
    from tfgen.export.signatures import signatures

    list_main([])
    assert capsys.readouterr().out.splitlines()[0].startswith(pretrained.names()[0])
    sample_main(["digits-gan", "--n", "4", "--out", "s.npz"])
    with np.load("s.npz") as saved:
        np.testing.assert_array_equal(saved["images"], tfgen.load("digits-gan").sample(4))
    interpolate_main(["digits-flow", "--pairs", "1", "--out", "i.png"])
    evaluate_main(["digits-vae", "--split", "validation"])
    output = capsys.readouterr().out
    assert "bits/dim" in output
    assert "not recorded: digits-vae belongs to the installed package" in output
    assert "no tractable likelihood" in error_of(evaluate_main, capsys, "digits-gan", "--only", "likelihood")
    monkeypatch.setattr(module, "signatures", lambda model, batch=None: {"sample": signatures(model, batch)["sample"]})
    # TensorFlow's numbers of threads can be set only before its first operation.
    for threads in ("set_intra_op_parallelism_threads", "set_inter_op_parallelism_threads"):
        monkeypatch.setattr(f"tensorflow.config.threading.{threads}", lambda count: None)
    export_main(["digits-vae", "--to", "saved_model"])
    assert "# digits-vae" in (tmp_path / "digits-vae-export" / "MODEL_CARD.md").read_text()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["digits-vae-export", "i.png", "s.npz"]


def test_no_command_trains_a_pretrained_model(tmp_path, capsys):
    sentence = "no optimizer's state and cannot be trained further"
    for arguments in (["--resume", "digits-vae"], ["--model", "vae", "--run", "digits-vae"]):
        assert sentence in error_of(train_main, capsys, *arguments)
        assert sentence in error_of(launch.main, capsys, "--workers", "1", "--", "train.py", *arguments)
    assert "./digits-vae would be a folder" in error_of(train_main, capsys, "--resume", "digits-vae")
    assert list(tmp_path.iterdir()) == []


def test_a_name_takes_precedence_over_a_folder_of_that_spelling(tmp_path):
    shutil.copytree(pretrained.FOLDER / "digits-gan", tmp_path / "digits-vae")
    assert Run.open("digits-vae").path == pretrained.FOLDER / "digits-vae"
    assert Run.open("digits-vae").by_name
    for folder in ("./digits-vae", "digits-vae/", Path("digits-vae"), tmp_path / "digits-vae"):
        run = Run.open(folder)
        # Absolute, so that a command that is given this path opens the folder.
        assert run.path == tmp_path / "digits-vae"
        assert run.config.model == "gan"
        assert not run.by_name


def test_an_error_about_an_unknown_name_lists_the_names(capsys):
    output = error_of(sample_main, capsys, "digits-vea")
    assert "Expected the folder of a run or one of the pretrained models digits-flow, digits-gan, digits-vae" in output
    assert "Received: digits-vea, which does not exist" in output
    with pytest.raises(RunError, match=r"Expected one of digits-flow, .*Received: 'digits-vea'"):
        pretrained.describe("digits-vea")
    with pytest.raises(RunError, match=r"Received: '\.\./pretrained/digits-vae'"):
        pretrained.describe("../pretrained/digits-vae")


def test_the_names_need_no_tensorflow():
    code = (
        "import sys; from tfgen import pretrained\n"
        "for name in pretrained.names(): print(name, pretrained.describe(name))\n"
        "assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert finished.returncode == 0, finished.stderr
    assert "digits-vae digits 8×8: VAE" in finished.stdout


@pytest.mark.slow
def test_the_wheel_contains_the_models(tmp_path):
    # Built from a copy, because the build creates folders beside the sources.
    source = tmp_path / "source"
    source.mkdir()
    for file in ("pyproject.toml", "README.md"):
        shutil.copyfile(ROOT / file, source / file)
    shutil.copytree(ROOT / "tfgen", source / "tfgen", ignore=shutil.ignore_patterns("__pycache__"))
    code = f"from setuptools import build_meta; build_meta.build_wheel({str(tmp_path)!r})"
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=source, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""}
    )
    assert finished.returncode == 0, finished.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        carried = {name: archive.read(name) for name in archive.namelist()}
    for name in pretrained.names():
        for file, content in contents(pretrained.FOLDER / name).items():
            assert carried[f"tfgen/pretrained/{name}/{file}"] == content
