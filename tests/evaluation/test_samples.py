"""Samples as files: pictures with seeds in their names and metadata, arrays of any number, rows of classes."""

import contextlib
import json

import numpy as np
import pytest
from PIL import Image

from tfgen.cli import sample
from tfgen.errors import ConfigError
from tfgen.evaluation import samples
from tfgen.evaluation.array_files import check_disk_space


def refusal(capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as stop:
        sample.main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    return next(line for line in capsys.readouterr().err.splitlines() if line.startswith("error: "))


def facts_of(path):
    """The metadata of a picture file."""
    with Image.open(path) as picture:
        if picture.format == "PNG":
            return {key.lower(): value for key, value in picture.text.items()}
        return {**json.loads(picture.getexif()[0x010E]), "software": picture.getexif()[0x0131]}


@pytest.mark.parametrize("format", ["png", "webp", "jpg"])
def test_a_folder_gets_a_picture_of_each_sample_with_its_seed_and_class(conditional_run, tmp_path, format):
    run = conditional_run("vae")
    settings = ["--n", "12", "--seed", "5", "--temperature", "0.5", "--label", "each"]
    sample.main([str(run.path), *settings, "--format", format, "--out", str(tmp_path / "out")])
    files = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in files] == [f"seed-{5 + i:08d}-{i % 10}.{format}" for i in range(12)]
    expected = run.load_model().sample(12, 5, 0.5, label="each").numpy()
    for i, file in enumerate(files):
        facts = facts_of(file)
        assert (str(facts["seed"]), str(facts["temperature"]), facts["label"]) == (str(5 + i), "0.5", str(i % 10))
        assert facts["run"] == run.path.name and facts["software"].startswith("tfgen ")
        with Image.open(file) as picture:
            assert picture.size == (8, 8)
            pixels = np.asarray(picture.convert("L"))
        np.testing.assert_allclose(pixels, np.round(255 * expected[i, ..., 0]), atol=12 if format == "jpg" else 1)


def test_a_model_without_classes_has_no_class_in_the_names(tiny_run, tmp_path, capsys):
    sample.main([str(tiny_run.path), "--n", "2", "--out", f"{tmp_path}/"])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["seed-00000000.png", "seed-00000001.png"]
    assert "label" not in facts_of(tmp_path / "seed-00000000.png")
    assert "without classes" in refusal(capsys, tiny_run.path, "--label", "3", "--out", tmp_path / "x.png")


def test_a_class_that_the_model_does_not_have_is_refused(conditional_run, tmp_path, capsys):
    path = conditional_run("vae").path
    assert "Received: 'cat'" in refusal(capsys, path, "--label", "cat", "--out", tmp_path / "x.png")


def test_the_array_does_not_depend_on_the_size_of_the_chunks(conditional_run, tmp_path, monkeypatch):
    run = conditional_run("vae")
    monkeypatch.setattr(samples, "CHUNK", 7)
    sample.main([str(run.path), "--n", "20", "--seed", "3", "--out", str(tmp_path / "x.npz")])
    model = run.load_model()
    with np.load(tmp_path / "x.npz") as saved:
        np.testing.assert_allclose(saved["images"], model.sample(20, 3).numpy(), atol=1e-5)
        assert saved["images"].dtype == np.float32
        assert saved["seeds"].tolist() == list(range(3, 23))
        assert saved["label_names"].tolist() == list(model.classes)
        # Without --label, the seed draws the class.
        first = model.sample(1, 3, label=int(saved["labels"][0])).numpy()
        np.testing.assert_allclose(saved["images"][:1], first, atol=1e-5)


def test_one_class_is_drawn_by_its_name(conditional_run, tmp_path):
    run = conditional_run("gan")
    sample.main([str(run.path), "--n", "3", "--label", "7", "--out", str(tmp_path / "x.npz")])
    with np.load(tmp_path / "x.npz") as saved:
        assert saved["labels"].tolist() == [7, 7, 7]
        np.testing.assert_allclose(saved["images"], run.load_model().sample(3, label="7").numpy(), atol=1e-6)


def test_each_class_has_a_row_of_the_picture(conditional_run, tmp_path, capsys):
    run = conditional_run("vae")
    sample.main([str(run.path), "--n", "25", "--label", "each", "--out", str(tmp_path / "x.png")])
    # 25 is rounded up to three columns of ten classes.
    assert "30 pictures" in capsys.readouterr().out
    with Image.open(tmp_path / "x.png") as picture:
        scale = picture.height // (10 * 9 + 1)
        # The names of the classes stand to the left of the grid.
        grid = np.asarray(picture.convert("L"))[::scale, picture.width - scale * (3 * 9 + 1) :: scale]
    assert grid.shape == (10 * 9 + 1, 3 * 9 + 1)
    images = np.round(255 * run.load_model().sample(30, label="each").numpy()[..., 0])
    for row, column in ((0, 0), (4, 1), (9, 2)):
        cell = grid[1 + 9 * row : 9 + 9 * row, 1 + 9 * column : 9 + 9 * column]
        np.testing.assert_allclose(cell, images[row + 10 * column], atol=1)


def test_samples_that_do_not_fit_on_the_disk_are_refused_with_their_size(tmp_path):
    check_disk_space(tmp_path, 1000)
    with pytest.raises(ConfigError, match=r"Received: 1000000\.0 GB of samples"):
        check_disk_space(tmp_path, 10**15)


def test_many_samples_show_their_progress_on_a_terminal(tiny_models, monkeypatch):
    bars = []

    class Bar(contextlib.nullcontext):
        def __init__(self, total, unit, shown):
            super().__init__(self)
            bars.append((total, unit, shown))

        def update(self, count):
            bars.append(count)

    monkeypatch.setattr(samples, "progress_bar", Bar)
    monkeypatch.setattr(samples, "CHUNK", 4)
    model = tiny_models("gan")
    assert [len(chunk.examples) for chunk in samples.sample_chunks(model, 10, progress=True)] == [4, 4, 2]
    assert bars == [(10, "sample", True), 4, 4, 2]
    # A single chunk is drawn at once.
    list(samples.sample_chunks(model, 4, progress=True))
    assert bars[4:] == [(4, "sample", False), 4]
