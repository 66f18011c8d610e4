import os
import subprocess
import sys

import pytest

from tfgen.cli import web


def error_of(capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as stop:
        web.main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_a_missing_model_and_a_missing_npm_are_reported(capsys, tmp_path, monkeypatch):
    message = error_of(capsys, tmp_path)
    assert message.startswith("error: Expected a .tflite file or a folder that contains one.")
    assert "tfgen export RUN --to tflite" in message
    (tmp_path / "model.tflite").write_bytes(b"\x1c\0\0\0TFL3")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "Expected npm (Node.js 20.19 or newer)" in error_of(capsys, tmp_path)


def test_help_does_not_import_tensorflow():
    code = (
        "import sys; from tfgen.cli import web as command\n"
        "try: command.main(['--help'])\n"
        "finally: assert not {'tensorflow', 'numpy'} & set(sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
    assert finished.returncode == 0, finished.stderr
    assert ".tflite" in finished.stdout
