"""A lock on a run folder excludes other processes and ends with its process."""

import os
import subprocess
import sys

import pytest

from tfgen.errors import RunError
from tfgen.runs.lock import is_locked, run_lock

HOLD = """
import sys
from pathlib import Path
from tfgen.runs.lock import run_lock
with run_lock(Path(sys.argv[1]), "training"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the training lock of the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_message_names_the_process_that_holds_the_lock(tmp_path, holder):
    assert is_locked(tmp_path, "training")
    message = rf"no other process uses for training.*process {holder.pid} of .* uses"
    with pytest.raises(RunError, match=message), run_lock(tmp_path, "training"):
        pass


def test_the_two_purposes_do_not_exclude_each_other(tmp_path, holder):
    with run_lock(tmp_path, "evaluation"):
        assert is_locked(tmp_path, "training")


def test_a_killed_process_releases_its_lock(tmp_path, holder):
    holder.kill()
    holder.wait()
    assert not is_locked(tmp_path, "training")
    with run_lock(tmp_path, "training"):
        pass


def test_a_thread_may_take_its_own_lock_again(tmp_path):
    with run_lock(tmp_path, "training"):
        with run_lock(tmp_path, "training"):
            pass
        code = (
            "import sys; from pathlib import Path; from tfgen.runs.lock import is_locked\n"
            "assert is_locked(Path(sys.argv[1]), 'training')"
        )
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RunError, match="run folder that can be written"), run_lock(tmp_path, "training"):
            pass
    finally:
        tmp_path.chmod(0o700)
