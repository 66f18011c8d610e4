"""Latents and likelihoods of new pictures are those of the model, with the names of the files."""

import csv
import os
import zipfile

import numpy as np
import pytest
from PIL import Image

from tfgen.cli import encode, score
from tfgen.cli.outliers import main as outliers


@pytest.fixture
def pictures(tmp_path, digits):
    """A folder of five digits as 8×8 PNG files with 17 grey levels."""
    folder = tmp_path / "new"
    folder.mkdir()
    for i in range(5):
        Image.fromarray(np.round(digits[i, ..., 0] * (255 / 16)).astype(np.uint8)).save(folder / f"picture {i}.png")
    return folder


def refusal(command, capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as stop:
        command.main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    return next(line for line in capsys.readouterr().err.splitlines() if line.startswith("error: "))


def test_latents_have_the_names_of_their_files(tiny_run, tiny_models, pictures, tmp_path, digits):
    encode.main([str(tiny_run.path), str(pictures), "--out", str(tmp_path / "z.npz")])
    with np.load(tmp_path / "z.npz") as saved:
        assert sorted(saved) == ["files", "latents"]
        assert saved["files"].tolist() == [f"picture {i}.png" for i in range(5)]
        np.testing.assert_allclose(saved["latents"], tiny_models("vae-mixture").encode(digits[:5]), atol=1e-4)


def test_scores_are_the_bits_per_dim_of_the_model(tiny_run, tiny_models, pictures, tmp_path, digits, capsys):
    with zipfile.ZipFile(tmp_path / "new.zip", "w") as archive:
        for file in sorted(pictures.iterdir()):
            archive.write(file, file.name)
    arguments = [str(tiny_run.path), str(tmp_path / "new.zip"), "--samples", "2", "--seed", "4"]
    score.main([*arguments, "--out", str(tmp_path / "s.csv")])
    with (tmp_path / "s.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == [f"picture {i}.png" for i in range(5)]
    expected = tiny_models("vae-mixture").bits_per_dim(digits[:5], samples=2, seed=4)
    np.testing.assert_allclose([float(row["bits_per_dim"]) for row in rows], expected.bits_per_dim, rtol=1e-4)
    np.testing.assert_allclose([float(row["log_prob_nats"]) for row in rows], expected.nats, rtol=1e-4)
    assert {row["estimator"] for row in rows} == {expected.estimator}
    assert f"mean {expected.mean:.4f} bits/dim" in capsys.readouterr().out
    score.main([*arguments, "--out", str(tmp_path / "s.npz")])
    with np.load(tmp_path / "s.npz") as saved:
        np.testing.assert_allclose(saved["bits_per_dim"], expected.bits_per_dim, rtol=1e-4)
        assert saved["files"].tolist() == [row["file"] for row in rows]


def test_one_file_and_an_array_are_pictures_too(tiny_run, pictures, tmp_path, digits):
    np.savez(tmp_path / "new.npz", images=digits[:3])
    for source, names in (
        (pictures / "picture 3.png", ["picture 3.png"]),
        (tmp_path / "new.npz", ["0", "1", "2"]),
    ):
        score.main([str(tiny_run.path), str(source), "--out", str(tmp_path / "s.npz")])
        with np.load(tmp_path / "s.npz") as saved:
            assert saved["files"].tolist() == names


def test_pictures_of_any_size_become_the_model_s_shape(tiny_run, tmp_path):
    Image.new("RGB", (40, 20), "grey").save(tmp_path / "wide.jpg")
    score.main([str(tiny_run.path), str(tmp_path / "wide.jpg"), "--out", str(tmp_path / "s.csv")])
    assert "wide.jpg" in (tmp_path / "s.csv").read_text()


@pytest.mark.slow
def test_the_class_of_a_picture_is_given_or_found(conditional_run, pictures, tmp_path, digits):
    run = conditional_run("vae")
    model = run.load_model()
    score.main([str(run.path), str(pictures), "--label", "3", "--out", str(tmp_path / "s.npz")])
    with np.load(tmp_path / "s.npz") as saved:
        assert saved["label"].tolist() == ["3"] * 5
        np.testing.assert_allclose(saved["log_prob_nats"], model.log_prob(digits[:5], label="3"), rtol=1e-4)
    score.main([str(run.path), str(pictures), "--out", str(tmp_path / "s.npz")])
    with np.load(tmp_path / "s.npz") as saved:
        assert "label" not in saved
        np.testing.assert_allclose(saved["log_prob_nats"], model.log_prob(digits[:5]), rtol=1e-4)
    encode.main([str(run.path), str(pictures), "--out", str(tmp_path / "z.npz")])
    with np.load(tmp_path / "z.npz") as saved:
        assert saved["labels"].tolist() == model.class_log_posterior(digits[:5]).numpy().argmax(axis=1).tolist()
        np.testing.assert_allclose(saved["latents"], model.encode(digits[:5], label=saved["labels"]), atol=1e-4)
    # Sub-folders with the names of classes are classes.
    for name in ("3", "8"):
        (tmp_path / "classes" / name).mkdir(parents=True)
        (pictures / "picture 0.png").rename(tmp_path / "classes" / name / "a.png")
        (pictures / "picture 1.png").rename(pictures / "picture 0.png") if name == "3" else None
    score.main([str(run.path), str(tmp_path / "classes"), "--out", str(tmp_path / "s.npz")])
    with np.load(tmp_path / "s.npz") as saved:
        assert saved["files"].tolist() == ["3/a.png", "8/a.png"] and saved["label"].tolist() == ["3", "8"]


def test_what_cannot_be_read_or_measured_is_told_in_a_sentence(tiny_run, tmp_path, capsys):
    out = tmp_path / "s.csv"
    np.savez(tmp_path / "wrong.npz", images=np.zeros((3, 9, 9), np.uint8))
    assert "There is no file" in refusal(score, capsys, tiny_run.path, tmp_path / "absent", "--out", out)
    assert "shape ['n', 8, 8, 1]" in refusal(score, capsys, tiny_run.path, tmp_path / "wrong.npz", "--out", out)
    np.savez(tmp_path / "bright.npz", images=np.full((3, 8, 8), 200, np.uint8))
    assert "pixels of 17 levels" in refusal(score, capsys, tiny_run.path, tmp_path / "bright.npz", "--out", out)
    (tmp_path / "damaged.npz").write_bytes(b"PK\x05\x06")
    assert "damaged.npz: expected an .npz" in refusal(score, capsys, tiny_run.path, tmp_path / "damaged.npz")
    os.mkfifo(tmp_path / "pipe")
    assert "a pipe" in refusal(score, capsys, tiny_run.path, tmp_path / "pipe", "--out", out)
    assert "user who does not exist" in refusal(score, capsys, tiny_run.path, "~nosuch", "--out", out)
    (tmp_path / "text.png").write_text("no picture")
    assert "expected a picture" in refusal(score, capsys, tiny_run.path, tmp_path / "text.png", "--out", out)
    assert "ending in .csv or .npz" in refusal(score, capsys, tiny_run.path, "digits", "--out", tmp_path / "s.txt")
    assert "no tractable likelihood" in refusal(score, capsys, "digits-gan", "digits", "--out", out)
    assert not out.exists()


@pytest.mark.slow
def test_the_latents_of_a_gan_are_searched_and_the_difference_is_recorded(pictures, tmp_path, capsys, monkeypatch):
    from tfgen.evaluation import encode as module

    monkeypatch.setattr(module, "BATCH", 3)
    arguments = ["digits-gan", str(pictures), "--out", str(tmp_path / "z.npz")]
    encode.main([*arguments, "--steps", "40"])
    with np.load(tmp_path / "z.npz") as saved:
        assert sorted(saved) == ["errors", "files", "latents"]
        few, shape = saved["errors"], saved["latents"].shape
    assert f"the GAN draws: {few.mean():.3f} on average" in capsys.readouterr().out
    assert shape[0] == 5 and few.shape == (5,) and (few < 0.25).all()
    encode.main([*arguments, "--steps", "1"])
    with np.load(tmp_path / "z.npz") as saved:
        assert few.mean() < saved["errors"].mean()


@pytest.mark.slow
def test_the_class_of_a_picture_is_kept_when_a_gan_is_searched(conditional_run, pictures, tmp_path, capsys):
    run = conditional_run("gan").path
    encode.main([str(run), str(pictures), "--label", "3", "--steps", "2", "--out", str(tmp_path / "z.npz")])
    with np.load(tmp_path / "z.npz") as saved:
        assert saved["labels"].tolist() == [3] * 5
    assert "expected an integer from 1" in refusal(encode, capsys, run, pictures, "--steps", "0")


@pytest.mark.parametrize(("command", "name"), [(encode, "z.npz"), (score, "s.npz")])
def test_broken_pictures_are_left_out_on_request(tiny_run, pictures, tmp_path, capsys, command, name):
    (pictures / "picture 1.png").write_bytes(b"no picture")
    (pictures / "drawing.svg").write_text("<svg/>")
    arguments = [str(tiny_run.path), str(pictures), "--out", str(tmp_path / name)]
    assert "drawing.svg: expected a picture" in refusal(command, capsys, *arguments)
    (pictures / "drawing.svg").unlink()
    sentence = refusal(command, capsys, *arguments)
    assert "picture 1.png: expected a picture" in sentence and "--skip-broken" in sentence
    command.main([*arguments, "--skip-broken"])
    with np.load(tmp_path / name) as saved:
        assert saved["files"].tolist() == [f"picture {i}.png" for i in (0, 2, 3, 4)]
    assert "Left out: 1 broken, for example " in capsys.readouterr().out


def test_outliers_name_their_files(tiny_models, tmp_path, capsys):
    from tfgen.config.presets import run_config
    from tfgen.runs.run import Run

    generator = np.random.default_rng(0)
    for i in range(20):
        (tmp_path / "data").mkdir(exist_ok=True)
        pixels = generator.integers(0, 256, (8, 8)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "data" / f"p{i:02d}.png")
    from tfgen.models import family

    options = {"hidden": (8,), "latent_dim": 2, "likelihood": "logistic_mixture", "mixtures": 2}
    config = run_config("vae", data=str(tmp_path / "data"), **options)
    run = Run.create(tmp_path / "runs", config)
    family("vae")((8, 8, 1), 256, **options).save(run.model_file)
    outliers([str(run.path), "--n", "1", "--out", str(tmp_path / "o.png")])
    said = capsys.readouterr().out
    names = {name.decode() for name in run.dataset.test.files}
    assert "least likely files" in said
    assert any(name in said.splitlines()[-1] for name in names)
