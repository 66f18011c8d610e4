"""Training a classifier: its command determines its weights, and images without labels are refused."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgen import data, random
from tfgen.cli.train_classifier import main
from tfgen.evaluation.augmentation import random_affine
from tfgen.evaluation.classifier_files import load_classifier
from tfgen.evaluation.classifier_recipes import RECIPES
from tfgen.evaluation.train_classifier import train_classifier


def refusal(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main([*map(str, arguments)])
    assert stop.value.code == 2
    return next(line for line in capsys.readouterr().err.splitlines() if line.startswith("error: "))


def test_the_command_writes_a_classifier_that_names_the_command(tmp_path, capsys):
    line = ["--data", "digits", "--steps", "120", "--batch-size", "64", "--out", str(tmp_path / "mine.npz")]
    main(line)
    shown = capsys.readouterr()
    assert "test accuracy" in shown.out
    assert "step 12 of 120" in shown.err and "left" in shown.err
    found = load_classifier(tmp_path / "mine.npz")
    assert found.card.command == ("tfgen train-classifier --data digits --steps 120 --batch-size 64")
    digits = data.load("digits")
    assert np.mean(found.classify(digits.train.images).features ** 2) == pytest.approx(1.0, rel=0.01)
    test = digits.test
    assert found.accuracy(test.images, test.labels) == found.card.test_accuracy > 0.5


@pytest.mark.parametrize(("examples", "steps"), [(300, 500), (12_800, 1_000), (45_000, 3_516), (10**6, 4_000)])
def test_the_default_length_is_20_passes_with_bounds(examples, steps):
    assert RECIPES["whitened"].steps_for(examples, 256) == steps


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes():
    digits = data.load("digits", train_size=200, validation_size=0)
    settings = {"steps": 12, "batch_size": 32}
    first, again, other = (train_classifier(digits, **settings, seed=seed)[0] for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.slow
def test_a_folder_and_an_npz_with_labels_are_accepted(tmp_path):
    generator = np.random.default_rng(0)
    for name, level in (("dark", 60), ("light", 190)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for i in range(20):
            pixels = generator.integers(level - 40, level + 40, (10, 12, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{i}.png")
    content, card = train_classifier(data.load(tmp_path / "pictures"), steps=60, batch_size=16)
    assert card.label_names == ("dark", "light")
    assert card.event_shape == (10, 12, 3)
    assert card.test_accuracy == 1.0
    assert content
    images = generator.integers(0, 4, (30, 6, 6)).astype(np.uint8)
    np.savez(tmp_path / "own.npz", images=images, labels=np.tile([5, 0, 9], 10), levels=4)
    card = train_classifier(data.load(tmp_path / "own.npz"), steps=2, batch_size=8)[1]
    assert card.labels == (0, 5, 9)
    assert card.levels == 4


def test_data_without_labels_is_refused(tmp_path, capsys):
    np.savez(tmp_path / "bare.npz", images=np.zeros((20, 8, 8), np.uint8))
    out = tmp_path / "x.npz"
    assert "Expected labelled images" in refusal(capsys, "--data", tmp_path / "bare.npz", "--out", out)
    assert "consists of points" in refusal(capsys, "--data", "moons", "--out", out)
    np.savez(tmp_path / "one.npz", images=np.zeros((20, 8, 8), np.uint8), labels=np.zeros(20, int))
    assert "at least 2 classes" in refusal(capsys, "--data", tmp_path / "one.npz", "--out", out)
    assert "ending in .npz" in refusal(capsys, "--out", tmp_path / "x.json")
    assert "from 1 to" in refusal(capsys, "--steps", 0)
    assert not out.exists()


def test_help_is_answered_without_tensorflow():
    code = (
        "import sys, tfgen.cli.train_classifier as command\n"
        "try: command.main(['--help'])\n"
        "finally: assert not {'tensorflow', 'numpy'} & set(sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert "--data-dir" in finished.stdout


class ConstantRng:
    """Random numbers that are the same for every image."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def uniform(self, name, shape):
        return tf.tile(tf.constant([self.numbers], tf.float32), (shape[0], 1))


def test_the_affine_map_shifts_and_rotates_by_the_drawn_amounts():
    pictures = tf.constant(data.load("digits").train.images[:5] / 16.0, tf.float32)
    np.testing.assert_allclose(random_affine(pictures, ConstantRng(0.5, 0.5, 0.5, 0.5)), pictures, atol=1e-5)
    # The largest shift, 8 % of 25 pixels, is 2 pixels; the source pixels lie to the right and below.
    large = tf.random.stateless_uniform((2, 25, 25, 1), (1, 2))
    shifted = random_affine(large, ConstantRng(0.5, 0.5, 1.0, 1.0))
    np.testing.assert_allclose(shifted[:, :-2, :-2], large[:, 2:, 2:], atol=1e-4)
    # Rotating there and back restores the middle of the image.
    smooth = tf.constant(np.add.outer(np.arange(25.0), 2 * np.arange(25.0))[None, ..., None], tf.float32)
    back = random_affine(random_affine(smooth, ConstantRng(1.0, 0.5, 0.5, 0.5)), ConstantRng(0.0, 0.5, 0.5, 0.5))
    np.testing.assert_allclose(back[:, 8:17, 8:17], smooth[:, 8:17, 8:17], atol=0.05)
    with random.StepRng(0, 0) as rng:
        drawn = random_affine(pictures, rng)
    assert np.abs(drawn - pictures).max(axis=(1, 2, 3)).min() > 0.05
