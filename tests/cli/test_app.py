"""The command `tfgen app`: messages about wrong options, and the start and end of the server."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tfgen.app import mcp
from tfgen.cli.app import main

ROOT = Path(__file__).parents[2]


def error_message(capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert "Traceback" not in printed.err
    return printed.err.strip()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "x"], "expected an integer from 0 to 65535. Received: 'x'"),
        (["--port", "65536"], "Received: '65536'"),
        (["--port", "-1"], "Received: '-1'"),
        (["--port"], "--port"),
        (["--prot", "1"], "Received: '--prot'. Did you mean '--port'?"),
        (["--por", "1"], "Received: '--por'"),
        (["runs"], "Received: 'runs'"),
        (["--share", "yes"], "Received: 'yes'"),
    ],
)
def test_a_wrong_option_is_refused(capsys, arguments, words):
    assert words in error_message(capsys, *arguments)


def test_runs_that_are_a_file_are_refused(capsys, tmp_path):
    (tmp_path / "file").touch()
    assert error_message(capsys, "--runs", tmp_path / "file") == (
        f"error: --runs: expected a folder. Received: {tmp_path / 'file'}, which is a file"
    )


def test_mcp_without_its_package_is_refused(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(mcp.importlib.util, "find_spec", lambda name: None)
    assert "--mcp: expected the package mcp" in error_message(capsys, "--runs", tmp_path, "--port", 0, "--mcp")


def test_help_imports_neither_tensorflow_nor_gradio():
    program = (
        "import sys, runpy; sys.argv = ['app.py', '--help']\n"
        "try: runpy.run_path('app.py', run_name='__main__')\n"
        "except SystemExit as stop: assert not stop.code\n"
        "assert not {'tensorflow', 'keras', 'gradio', 'numpy'} & set(sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    for flag in ("--runs", "--host", "--port", "--share", "--mcp"):
        assert flag in printed.stdout
    assert "[default: 127.0.0.1]" in printed.stdout


def test_the_page_is_served_on_loopback_until_sigterm(tmp_path):
    """The program prints one line, serves the page, and leaves no files behind."""
    (tmp_path / "temporary").mkdir()
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", "0", "--runs", str(tmp_path / "absent")],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        address = line.split()[2]
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert b"tfgen" in answer.read()
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert (out, err) == ("", "")
    assert not list((tmp_path / "temporary").iterdir())
    assert not (tmp_path / "absent").exists()
