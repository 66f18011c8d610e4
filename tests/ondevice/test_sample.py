import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tfgen.ondevice import sample

FILE = sample.__file__


def error_of(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        sample.main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_the_file_runs_alone_without_tensorflow_and_writes_a_grid(exported, tmp_path):
    blocked = ("tensorflow", "keras", "tensorflow_probability", "tf_keras", "tfgen", "export", "matplotlib")
    code = (
        f"import runpy, sys\nfor name in {blocked}: sys.modules[name] = None\n"
        f"sys.argv[0] = {FILE!r}; runpy.run_path({FILE!r}, run_name='__main__')"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code, str(exported / "tflite" / "model.tflite"), "--n", "10", "--seed", "3"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert "10 pictures, seeds 3 to 12; median latency" in finished.stdout
    assert "ms for 1 picture, 1 thread" in finished.stdout
    assert os.listdir(tmp_path) == ["samples.png"]
    with Image.open(tmp_path / "samples.png") as picture:
        # Four columns and three rows of 8 pixels with one pixel between them, enlarged.
        scale = picture.width // 35
        assert picture.size == (35 * scale, 26 * scale)


@pytest.mark.parametrize("name", ["model", "model-float16", "model-dynamic-int8", "model-int8"])
def test_the_pictures_are_those_of_the_keras_model(exported, tiny_models, name):
    images, times = sample.sample(sample.load(exported / "tflite" / f"{name}.tflite"), 5, seed=2**31 - 2)
    expected = tiny_models("vae-mixture").sample(5, seed=2**31 - 2)
    np.testing.assert_allclose(images, expected, atol=1e-5 if name == "model" else 0.1)
    assert len(times) == 5


def test_a_grid_is_filled_row_by_row():
    levels = np.linspace(0, 1, 5, dtype=np.float32)
    picture = sample.grid(np.ones((5, 600, 600, 1), np.float32) * levels[:, None, None, None])
    assert picture.size == (3 * 601 - 1, 2 * 601 - 1)
    assert [picture.getpixel((300 + 601 * (i % 3), 300 + 601 * (i // 3))) for i in range(6)] == [
        0,
        64,
        128,
        191,
        255,
        0,
    ]


def test_a_file_that_is_not_an_exported_model_is_rejected(capsys, tmp_path, exported):
    out = ("--out", tmp_path / "x.png")
    assert f"{tmp_path / 'absent'}, which does not exist" in error_of(capsys, tmp_path / "absent", *out)
    assert "which is a folder" in error_of(capsys, tmp_path, *out)
    text = tmp_path / "text.tflite"
    text.write_text("not a model at all")
    assert f"Expected a TFLite model. Received: {text}" in error_of(capsys, text, *out)
    cut = tmp_path / "cut.tflite"
    cut.write_bytes((exported / "tflite" / "model.tflite").read_bytes()[:3000])
    assert f"Expected a complete TFLite model. Received: {cut}" in error_of(capsys, cut, *out)
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize(
    ("flag", "value", "expected"),
    [
        ("--n", "0", "expected 1 to 10000. Received: 0"),
        ("--temperature", "nan", "expected a finite number, 0 or more. Received: nan"),
        ("--seed", "2147483648", "expected -2147483648 to 2147483647. Received: 2147483648"),
        ("--out", "x.jpg", "expected a .png in an existing folder. Received: x.jpg"),
        ("--out", "nowhere/x.png", "Received: nowhere/x.png"),
    ],
)
def test_the_message_names_the_option_with_an_invalid_value(capsys, flag, value, expected):
    message = error_of(capsys, "model.tflite", f"{flag}={value}")
    assert f"error: argument {flag}: " in message
    assert expected in message


# -- conditional models ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("word", "label"), [("owl", 2), ("1", 1), ("each", "each"), ("any", None), (None, None)])
def test_a_class_is_given_by_name_or_index(conditional_tflite, conditional_model, word, label):
    labels = sample.labels_of(word, 4, sample.class_names(str(conditional_tflite)))
    images, _ = sample.sample(sample.load(conditional_tflite), 4, seed=3, labels=labels)
    np.testing.assert_allclose(images, conditional_model.sample(4, seed=3, label=label), atol=1e-5)


@pytest.mark.slow
def test_the_command_takes_a_class(conditional_tflite, tmp_path, capsys):
    sample.main([str(conditional_tflite), "--n=4", "--label=dog", f"--out={tmp_path / 'dogs.png'}"])
    assert "4 pictures" in capsys.readouterr().out
    message = error_of(capsys, conditional_tflite, "--label=bird", f"--out={tmp_path / 'no.png'}")
    assert message == "error: --label: expected one of cat, dog, owl, an index, any or each. Received: 'bird'"


def test_a_model_without_classes_refuses_a_label(tflite, tmp_path, capsys):
    message = error_of(capsys, tflite, "--label=dog", f"--out={tmp_path / 'no.png'}")
    assert message == "error: --label: expected a conditional model. Received: 'dog' for a model without classes"
