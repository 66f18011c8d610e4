"""Programs start on any terminal, in any thread, and where a module of POSIX is missing."""

import gc
import importlib
import io
import os
import subprocess
import sys
import threading

import pytest

from tfgen.startup import (
    set_environment,
    silence_unless_failing,
    tolerate_any_terminal,
    without_garbage_collection,
    without_packages,
)


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


@pytest.mark.parametrize(
    ("machine", "given", "expected"),
    [("x86_64", None, "1"), ("AMD64", None, "1"), ("x86_64", "0", "0"), ("arm64", None, None)],
)
def test_onednn_is_on_unless_the_user_or_the_processor_says_otherwise(machine, given, expected, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if given:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", given)
    set_environment()
    assert os.environ.get("TF_ENABLE_ONEDNN_OPTS") == expected


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


@pytest.mark.parametrize(("show_python", "fails"), [(False, False), (True, False), (True, True), (False, True)])
def test_messages_of_libraries_are_shown_only_after_a_failure(show_python, fails):
    """What C++ code writes to descriptor 2 stands for TensorFlow; what another thread of Python writes, for a log."""
    program = f"""
import os, sys, threading
from tfgen.startup import silence_unless_failing
try:
    with silence_unless_failing(show_python={show_python}):
        os.write(2, b"library\\n")
        thread = threading.Thread(target=lambda: print("log", file=sys.stderr))
        thread.start(); thread.join()
        if {fails}: raise ValueError
except ValueError:
    pass
print("after", file=sys.stderr)
os.write(2, b"end\\n")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    lines = set(done.stderr.split())
    assert lines == {"after", "end"} | ({"library"} if fails else set()) | ({"log"} if show_python or fails else set())


def test_a_stream_that_is_no_file_stays_in_place(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    with silence_unless_failing(show_python=True):
        print("log", file=sys.stderr)
    assert sys.stderr is stream and stream.getvalue() == "log\n"


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_off_in_the_block_and_as_before_after_it(enabled):
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with without_garbage_collection():
            assert not gc.isenabled()
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_packages_are_hidden_in_the_block_only(monkeypatch, tmp_path):
    for name in ("tfgen_hidden", "tfgen_loaded"):
        (tmp_path / f"{name}.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    loaded = importlib.import_module("tfgen_loaded")
    with pytest.raises(ZeroDivisionError), without_packages("tfgen_hidden", "tfgen_loaded"):  # noqa: PT012
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("tfgen_hidden")
        assert importlib.import_module("tfgen_loaded") is loaded
        raise ZeroDivisionError
    assert importlib.import_module("tfgen_hidden").__name__ == "tfgen_hidden"
    assert importlib.import_module("tfgen_loaded") is loaded


def test_a_program_that_starts_tensorflow_does_not_import_ipython():
    program = (
        "import sys; from tfgen.startup import start_tensorflow; start_tensorflow()\n"
        "print(*sorted({'IPython', 'keras'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["keras"]
