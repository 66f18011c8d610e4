"""Programs start on any terminal, in any thread, and where a module of POSIX is missing."""

import io
import os
import subprocess
import sys
import threading

import pytest

from tfgen.startup import tolerate_any_terminal


@pytest.mark.parametrize("command", ["models", "models --help", "train --help", "--help", "data show digits"])
def test_a_terminal_that_knows_ascii_only_gets_escapes(command):
    done = subprocess.run(
        [sys.executable, "-m", "tfgen", *command.split()],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "80"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert b"Traceback" not in done.stderr


def test_names_of_files_that_are_no_text_are_written(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), "utf-8")
    monkeypatch.setattr("sys.stdout", stream)
    tolerate_any_terminal()
    print("\udcff.png × 3", flush=True)
    assert stream.buffer.getvalue() == "\\udcff.png × 3\n".encode()


def test_streams_of_another_kind_are_left_alone(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr("sys.stdout", stream)
    tolerate_any_terminal()
    assert sys.stdout is stream


def test_nothing_needs_the_module_fcntl():
    program = (
        "import sys; sys.modules['fcntl'] = None\n"
        "import tfgen.export.staging, tfgen.app.trainer, tfgen.app.server, tfgen.runs.lock, tfgen.data.cache\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_commands_run_in_a_thread(capsys):
    from tfgen.cli.main import main

    errors = []

    def run():
        try:
            main(["models"])
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert errors == []
    assert "digits-vae" in capsys.readouterr().out
