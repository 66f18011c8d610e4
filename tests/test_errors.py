"""Errors of the command line: one sentence and an exit status."""

import errno
import subprocess
import sys

import pytest

from tfgen.errors import ConfigError, DivergedError, Interrupted, LostWorkerError, exit_on_error


class ResourceExhaustedError(Exception):
    """TensorFlow's error has this name."""


def ended(error, capsys) -> tuple[int, str]:
    """Exit status and standard error of a program that raises `error`."""
    with pytest.raises(SystemExit) as stop, exit_on_error():
        raise error
    return stop.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (ConfigError("Expected x"), 2, "error: Expected x\n"),
        (DivergedError("loss is NaN"), 3, "error: loss is NaN\n"),
        (LostWorkerError("worker 1 ended"), 75, "error: worker 1 ended\n"),
        (Interrupted("continue with --resume"), 130, "\ncontinue with --resume\n"),
        (KeyboardInterrupt(), 130, "\nstopped\n"),
        (
            MemoryError("Unable to allocate 7 TiB"),
            2,
            "error: expected enough memory. Received: Unable to allocate 7 TiB\n",
        ),
        (ResourceExhaustedError("OOM\nat node"), 2, "error: expected enough memory. Received: OOM\n"),
    ],
)
def test_each_error_has_a_sentence_and_an_exit_status(error, status, message, capsys):
    assert ended(error, capsys) == (status, message)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "No space left on device"),
        (errno.ENAMETOOLONG, "File name too long"),
        (errno.EROFS, "Read-only file system"),
        (errno.EISDIR, "Is a directory"),
    ],
)
def test_an_error_of_the_operating_system_is_one_sentence_with_the_path(number, reason, capsys):
    status, message = ended(OSError(number, reason, "runs/a.png"), capsys)
    assert status == 2
    assert message == f"error: expected to read or write runs/a.png. Received: {reason}\n"


def test_an_error_of_the_operating_system_without_a_path_names_its_reason(capsys):
    assert ended(OSError("broken file"), capsys)[1].endswith("Received: broken file\n")
    assert ended(TimeoutError(), capsys)[1].endswith("Received: TimeoutError\n")


def test_a_reason_that_a_library_passes_on_as_text_is_one_sentence(capsys):
    """HDF5 raises RuntimeError, and TensorFlow an error of its own, when a disk is full."""
    error = RuntimeError("Unable to flush file (errno = 28, error message = 'No space left on device')")
    assert ended(error, capsys) == (
        2,
        "error: expected the operating system to carry out a request. Received: No space left on device\n",
    )


@pytest.mark.parametrize("error", [ZeroDivisionError("No space left on device"), RuntimeError("a defect")])
def test_a_defect_of_the_program_keeps_its_traceback(error):
    with pytest.raises(type(error)), exit_on_error():
        raise error


def test_an_error_of_tensorflow_about_a_file_is_one_sentence(tmp_path, capsys):
    import tensorflow as tf

    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit), exit_on_error():
        tf.io.write_file(str(tmp_path / "file" / "below"), "content")
    assert capsys.readouterr().err.endswith("Received: Not a directory\n")
    with pytest.raises(tf.errors.InvalidArgumentError), exit_on_error():
        tf.reshape(tf.zeros(3), (2, 2))


def test_a_closed_pipe_ends_the_program_without_a_message():
    code = "from tfgen.errors import exit_on_error\nwith exit_on_error():\n    for i in range(10**6): print(i)"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout.readline() == "0\n"
        program.stdout.close()
        assert program.stderr.read() == ""
        assert program.wait() == 1
