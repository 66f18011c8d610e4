"""Interpolations as animations: closed paths, paths inside a class and from class to class."""

import gc
import sys

import numpy as np
import pytest
from PIL import Image, ImageSequence

from tfgen.cli import interpolate as command
from tfgen.errors import ConfigError
from tfgen.evaluation.interpolation import interpolate, write_interpolation
from tfgen.plots.animation import grid_frames, save_animation


@pytest.fixture
def model(conditional_run):
    return conditional_run("vae").load_model()


def test_the_ends_of_a_path_inside_a_class_are_samples_of_the_class(model):
    rows = interpolate(model, pairs=2, steps=4, seed=3, label="each").numpy()
    assert rows.shape == (2, 4, 8, 8, 1)
    np.testing.assert_allclose(rows[:, [0, -1]].reshape(4, 8, 8, 1), model.sample(4, 3, label=[0, 0, 1, 1]), atol=1e-5)


def test_without_a_label_the_ends_have_the_classes_of_their_seeds(model):
    rows = interpolate(model, pairs=3, steps=3, seed=1).numpy()
    np.testing.assert_allclose(rows[:, [0, -1]].reshape(6, 8, 8, 1), model.sample(6, 1), atol=1e-5)


def test_a_path_from_class_to_class_keeps_the_noise(model):
    rows = interpolate(model, pairs=2, steps=5, seed=7, label="3", to_label="8").numpy()
    np.testing.assert_allclose(rows[:, 0], model.sample(2, 7, label="3"), atol=1e-5)
    np.testing.assert_allclose(rows[:, -1], model.sample(2, 7, label="8"), atol=1e-5)
    # The pictures between differ from both ends, so that the class vector is not switched at once.
    assert np.abs(rows[:, 2] - rows[:, 0]).max() > 1e-3 and np.abs(rows[:, 2] - rows[:, -1]).max() > 1e-3
    closed = interpolate(model, pairs=2, steps=5, seed=7, label="3", to_label="8", loop=True).numpy()
    assert closed.shape[1] == 8
    np.testing.assert_allclose(closed[:, :5], rows, atol=1e-5)
    np.testing.assert_allclose(closed[:, 5:], rows[:, 3:0:-1], atol=1e-5)


def test_a_closed_path_visits_every_end_once(tiny_models):
    model = tiny_models("vae-mixture")
    path = interpolate(model, pairs=2, steps=4, seed=0, loop=True).numpy()
    assert path.shape == (1, 12, 8, 8, 1)
    np.testing.assert_allclose(path[0, ::3], model.sample(4, 0), atol=1e-5)
    # The step from the last picture to the first is a step of the path from the last end to the first one.
    back = interpolate(model, pairs=1, steps=4, seed=0).numpy()
    assert np.abs(back[0, 0] - path[0, 0]).max() < 1e-5


def test_the_command_writes_a_gif_of_all_pictures(conditional_run, tmp_path, capsys):
    run = conditional_run("vae")
    arguments = [str(run.path), "--pairs", "2", "--steps", "4", "--label", "1", "--to-label", "7", "--loop"]
    command.main([*arguments, "--fps", "10", "--out", str(tmp_path / "way.gif")])
    assert "closed path" in capsys.readouterr().out
    with Image.open(tmp_path / "way.gif") as gif:
        frames = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(gif)]
        assert gif.info["loop"] == 0 and gif.info["duration"] == 100
    assert len(frames) == 6
    expected = grid_frames(interpolate(run.load_model(), pairs=2, steps=4, label="1", to_label="7", loop=True))
    for frame, drawn in zip(frames, expected, strict=True):
        np.testing.assert_allclose(frame, drawn[..., 0], atol=8)


def refusal(capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as stop:
        command.main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    return next(line for line in capsys.readouterr().err.splitlines() if line.startswith("error: "))


def test_options_that_do_not_fit_together_are_refused(conditional_run, tiny_run, tmp_path, capsys):
    run, gif = conditional_run("vae").path, tmp_path / "x.gif"
    assert "expected a .gif or .mp4" in refusal(capsys, run, "--loop", "--out", tmp_path / "x.png")
    assert "together with one class in --label" in refusal(capsys, run, "--to-label", "1", "--out", gif)
    assert "classes of their own" in refusal(capsys, run, "--real", "--label", "1", "--out", gif)
    assert "Received: 'cat'" in refusal(capsys, run, "--label", "1", "--to-label", "cat", "--out", gif)
    assert "without classes" in refusal(capsys, tiny_run.path, "--label", "1", "--out", gif)
    assert not gif.exists()


def test_the_ends_of_real_images_have_their_own_classes(conditional_run, tmp_path):
    run = conditional_run("vae")
    command.main([str(run.path), "--real", "--pairs", "1", "--steps", "3", "--out", str(tmp_path / "x.gif")])
    with Image.open(tmp_path / "x.gif") as gif:
        assert gif.n_frames == 3


@pytest.mark.slow
def test_a_gan_leads_from_one_given_image_to_another_of_its_own_class(conditional_run):
    gan = conditional_run("gan").load_model()
    labels = np.array([2, 5, 7, 7], np.int32)
    images = np.round(16 * gan.sample(4, 3, label=labels).numpy()).astype(np.uint8)
    rows = interpolate(gan, pairs=2, steps=3, images=images, label=labels).numpy()
    assert rows.shape == (2, 3, 8, 8, 1)
    # The search starts from random latents of the class; a picture of another seed differs by about 0.3.
    errors = np.sqrt(np.mean((rows[:, [0, -1]].reshape(images.shape) - images / 16) ** 2, axis=(1, 2, 3)))
    assert errors.max() < 0.1


def test_a_video_without_its_packages_names_the_extra(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(ConfigError, match=r"pip install 'tfgen\[video\]'"):
        write_interpolation(model, tmp_path / "x.mp4", pairs=1, steps=2)
    assert not list(tmp_path.iterdir())


# imageio-ffmpeg leaves the pipes of its processes to the garbage collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_video_has_all_frames(tmp_path):
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    frames = np.zeros((6, 32, 48, 3), np.uint8)
    frames[:, :, :, 0] = 40 * np.arange(6)[:, None, None]
    save_animation(frames, tmp_path / "x.mp4", 10)
    reader = imageio_ffmpeg.read_frames(str(tmp_path / "x.mp4"))
    facts = next(reader)
    assert facts["size"] == (48, 32) and facts["fps"] == 10
    found = np.stack([np.frombuffer(frame, np.uint8).reshape(32, 48, 3) for frame in reader])
    assert found.shape == frames.shape
    np.testing.assert_allclose(found.mean(axis=(1, 2)), frames.mean(axis=(1, 2)), atol=12)
    del reader
    gc.collect()
