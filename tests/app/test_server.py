"""The command line: a sentence and status 2 on a mistake, and a page that ends when it is asked to."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tfgen.app import server as command
from tfgen.cli import app as app_command

ROOT = Path(__file__).parents[2]


def refusal(capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as stop:
        app_command.main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    said = capsys.readouterr()
    assert not said.out
    assert "Traceback" not in said.err
    return said.err.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "x"], "expected an integer from 0 to 65535. Received: 'x'"),
        (["--port", "65536"], "Received: '65536'"),
        (["--port", "-1"], "Received: '-1'"),
        (["--port"], "--port: expected one argument"),
        (["--prot", "1"], "unrecognized arguments: --prot 1"),
        (["--por", "1"], "unrecognized arguments: --por 1"),
        (["runs"], "unrecognized arguments: runs"),
        (["--share", "yes"], "unrecognized arguments: yes"),
    ],
)
def test_a_wrong_flag_is_refused(capsys, arguments, words):
    assert words in refusal(capsys, *arguments)


def test_runs_that_are_a_file_are_refused(capsys, tmp_path):
    (tmp_path / "file").touch()
    assert refusal(capsys, "--runs", tmp_path / "file") == (
        f"error: --runs: expected a folder. Received: {tmp_path / 'file'}, which is a file"
    )


def test_a_port_in_use_is_refused(capsys, tmp_path):
    with socket.socket() as taken:
        taken.bind((command.LOCAL, 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refusal(capsys, "--runs", tmp_path, "--port", port)
    assert said.startswith("error: --host, --port: expected an address of this machine that is free.")
    assert f"Received: {command.LOCAL}:{port} (" in said


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host", "::ffff:203.0.113.1", "x" * 300, "é" * 100, "a..b"])
def test_an_address_of_another_machine_is_refused(capsys, tmp_path, host):
    assert "expected an address of this machine" in refusal(capsys, "--runs", tmp_path, "--host", host)


def test_tools_without_their_package_are_refused(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(app_command.check_tools.__globals__["importlib"].util, "find_spec", lambda name: None)
    assert "--mcp: expected the package mcp" in refusal(capsys, "--runs", tmp_path, "--port", 0, "--mcp")


def test_help_answers_without_tensorflow_or_gradio():
    program = (
        "import sys, runpy; sys.argv = ['app.py', '--help']\n"
        "try: runpy.run_path('app.py', run_name='__main__')\n"
        "except SystemExit as stop: assert not stop.code\n"
        "assert not {'tensorflow', 'keras', 'gradio', 'numpy'} & set(sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    for flag in ("--runs", "--host", "--port", "--share", "--mcp"):
        assert flag in said.stdout
    assert "[127.0.0.1]" in said.stdout


def test_the_page_is_served_to_this_machine_alone_until_it_is_told_to_end(tmp_path):
    """As a user starts it: it prints one line, answers, and leaves nothing behind."""
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
