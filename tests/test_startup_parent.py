"""The worker of a process pool ends when the program that started it was killed."""

import subprocess
import sys

PROGRAM = """
import concurrent.futures, multiprocessing, os, signal, sys
from tfgen.startup import end_with_parent

if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, spawn, end_with_parent) as pool:
        pool.submit(os.getpid).result()
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_worker_of_a_killed_program_ends(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, str(tmp_path / "program.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        # The worker has the other end of the pipe, which closes when both have ended.
        assert process.communicate(timeout=60)[0] == b""
    assert process.returncode == -9
