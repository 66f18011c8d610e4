"""A missing package is named before anything slow happens."""

import importlib.util
import subprocess
import sys

import pytest

from tfgen.errors import ConfigError
from tfgen.export.packages import check_packages


@pytest.fixture
def without(monkeypatch):
    """A function that makes a package missing."""
    find_spec = importlib.util.find_spec

    def hide(missing):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else find_spec(name))

    return hide


@pytest.mark.parametrize(
    ("format_", "quantize", "package", "extra"),
    [
        ("saved_model", "none", "tensorflow_serving", "export"),
        ("tflite", "none", "ai_edge_litert", "export"),
        ("tflite", "float16", "ai_edge_quantizer", "export"),
        ("onnx", "none", "tf2onnx", "onnx"),
        ("onnx", "none", "onnxruntime", "onnx"),
    ],
)
def test_the_message_names_the_option_and_the_extra(without, format_, quantize, package, extra):
    check_packages([format_], [quantize])
    without(package)
    with pytest.raises(ConfigError, match=rf"--to {format_}: .* 'tfgen\[{extra}\]'\. Received: {package} is not"):
        check_packages([format_], [quantize])


def test_only_the_packages_that_are_needed_are_looked_for(without):
    without("ai_edge_quantizer")
    check_packages(["tflite", "saved_model", "onnx"])


@pytest.mark.parametrize(
    ("command", "package"),
    [
        (["export", "digits-vae", "--to", "tflite"], "ai_edge_litert"),
        (["export", "digits-vae", "--to", "saved_model"], "tensorflow_serving"),
        (["serve", "EXPORT"], "kserve"),
    ],
)
def test_the_command_refuses_without_importing_tensorflow(tmp_path, command, package):
    command = [str(tmp_path) if word == "EXPORT" else word for word in command]
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").touch()
    code = (
        "import importlib.util, sys\nfind = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name, *rest: None if name == {package!r} else find(name, *rest)\n"
        f"from tfgen.cli.main import main\ntry: main({command})\n"
        "finally: assert not {'tensorflow', 'keras', 'kserve'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: ")
    assert f"{package} is not installed" in done.stderr
    assert len(done.stderr.splitlines()) == 1
