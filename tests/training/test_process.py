"""A child process: its output, its end, and the sentence for the end."""

import signal
import sys
import time
from pathlib import Path

import pytest

from tfgen.errors import RunError
from tfgen.training.process import ChildProcess, describe_exit, package_environment


@pytest.fixture
def start(tmp_path):
    """A function that starts a Python program; the processes are killed at the end."""
    processes = []

    def started(program: str, log=tmp_path / "log", header=""):
        processes.append(ChildProcess([sys.executable, "-u", "-c", program], log, package_environment(), header))
        return processes[-1]

    yield started
    for process in processes:
        process.kill()
        process.close()


def wait_for(process, text, seconds=30.0):
    deadline = time.monotonic() + seconds
    while text not in process.output():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_output_is_what_this_process_printed(start, tmp_path):
    (tmp_path / "log").write_text("before\n")
    process = start("print('né'); print('error: no file'); print()", header="--- header\n")
    process.wait(30.0)
    assert process.poll() == 0
    assert process.output() == "né\nerror: no file\n\n"
    assert process.output(limit=5) == "ile\n\n"
    assert (process.last_error(), process.last_line()) == ("no file", "error: no file")
    assert (tmp_path / "log").read_text().startswith("before\n--- header\nné")


def test_new_output_is_returned_once_and_never_splits_a_character(start):
    process = start("import os, time\nfor b in 'aé'.encode(): os.write(1, bytes([b])); time.sleep(0.1)")
    parts = []
    while process.poll() is None:
        parts.append(process.new_output())
        time.sleep(0.02)
    parts.append(process.new_output())
    assert "".join(parts) == "aé"
    assert process.new_output() == ""


def test_a_process_that_ignores_the_request_to_stop_is_killed_with_its_children(start):
    process = start(
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print('child', child.pid); time.sleep(60)"
    )
    wait_for(process, "\n")
    child = int(process.last_line().split()[1])
    process.ask_to_stop(0.3)
    assert process.is_stopping
    assert process.poll() is None
    time.sleep(0.4)
    assert process.poll() == -signal.SIGKILL
    deadline = time.monotonic() + 10.0
    while is_running(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_process_that_stops_in_time_has_its_own_status(start):
    process = start(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))\n"
        "print('ready'); time.sleep(60)"
    )
    wait_for(process, "ready")
    process.ask_to_stop(60.0)
    process.wait(30.0)
    assert process.poll() == 130


def test_what_cannot_be_started_is_a_sentence(tmp_path):
    with pytest.raises(RunError, match="Expected to start a process"):
        ChildProcess([str(tmp_path / "nothing")], tmp_path / "log", {})
    with pytest.raises(RunError, match="log file that can be written"):
        ChildProcess([sys.executable], tmp_path / "no" / "log", {})


@pytest.mark.parametrize(
    ("status", "expected"),
    [(-9, "was killed (SIGKILL)"), (75, "has to be started again"), (1, "ended with exit status 1")],
)
def test_an_exit_status_is_described(status, expected):
    assert describe_exit(status) == expected
