"""A child process that trains: its start, its output, its end, and a sentence for how it ended.

The launcher of several workers and the app's trainer both use this class.
"""

import codecs
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import tfgen
from tfgen.errors import LostWorkerError, RunError

#: Python with options for a child process. -u: output is not buffered. -P: a file in the current folder does not take
#: the place of a package.
PYTHON = (sys.executable, "-P", "-u")
#: `output` returns at most this many of the last bytes.
OUTPUT_BYTES = 20_000


def package_environment() -> dict[str, str]:
    """The environment of this process, with this package on PYTHONPATH, so that a child process finds the package."""
    package = str(Path(tfgen.__file__).parents[1])
    others = [folder for folder in (os.environ.get("PYTHONPATH") or "").split(os.pathsep) if folder]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([package, *others])}


class ChildProcess:
    """A child process that writes its output to a log file.

    The process leads a session and a process group of its own: Ctrl-C on the terminal reaches only the parent process,
    which then decides, and `kill` also ends the processes that the child has started.

    Args:
        command: program and arguments.
        log: file to append standard output and standard error to.
        environment: of the process.
        header: line to write to the log before the output.

    Raises:
        RunError: if the log cannot be written or the process cannot be started.
    """

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str], header: str = ""):
        try:
            # Kept open, so that the output can be read after the file was deleted.
            self._log = open(log, "ab+", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise RunError(f"Expected a log file that can be written, {log}. Received: {error.strerror}") from None
        try:
            self._log.write(header.encode())
            #: Position in the log at which the output begins.
            self._start = self._read_to = self._log.seek(0, os.SEEK_END)
            self._process = subprocess.Popen(
                list(command),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            self._log.close()
            raise RunError(f"Expected to start a process. Received: {error.strerror}") from None
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._kill_at: float | None = None

    @property
    def pid(self) -> int:
        """The process number."""
        return self._process.pid

    @property
    def is_stopping(self) -> bool:
        """Whether the process was asked to stop."""
        return self._kill_at is not None

    def poll(self) -> int | None:
        """The exit status, negative after a signal; None while the process runs.

        A process that was asked to stop and still runs after its deadline is killed.
        """
        if self._process.poll() is None and self._kill_at is not None and time.monotonic() > self._kill_at:
            self.kill()
        return self._process.poll()

    def ask_to_stop(self, timeout: float) -> None:
        """Send SIGTERM, once. The process has `timeout` seconds to save before `poll` kills it."""
        if self._kill_at is None:
            self._kill_at = time.monotonic() + timeout
            # Not SIGINT: a shell lets the processes that it starts in the background ignore SIGINT.
            self._process.terminate()

    def wait(self, timeout: float) -> None:
        """Wait until the process ends, at most `timeout` seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)

    def kill(self) -> None:
        """Kill the process and the processes that it started, and wait for its end."""
        if self._process.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Close the log. The output can no longer be read."""
        self._log.close()

    def lower_priority(self, by: int) -> None:
        """Raise the nice value of the process to `by` above that of this process, at most to 19."""
        with contextlib.suppress(OSError):  # the process has ended
            own = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, self.pid, min(own + by, 19))

    def output(self, limit: int = OUTPUT_BYTES) -> str:
        """The last `limit` bytes of the output so far."""
        size = os.fstat(self._log.fileno()).st_size
        start = max(self._start, size - limit)
        return os.pread(self._log.fileno(), size - start, start).decode(errors="replace")

    def new_output(self) -> str:
        """The output since the last call."""
        size = os.fstat(self._log.fileno()).st_size
        content = os.pread(self._log.fileno(), size - self._read_to, self._read_to)
        self._read_to += len(content)
        return self._decoder.decode(content)

    def last_error(self) -> str:
        """The last message that the command line printed after "error: "; empty if there is none."""
        lines = [line.strip() for line in self.output().splitlines()]
        errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        return errors[-1] if errors else ""

    def last_line(self) -> str:
        """The last line of the output that is not empty; empty if there is none."""
        lines = [line.strip() for line in self.output().splitlines() if line.strip()]
        return lines[-1] if lines else ""


def describe_exit(status: int) -> str:
    """How a process with this exit status ended, as the rest of a sentence: "was killed (SIGKILL)"."""
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return f"was killed ({name})"
    if status == LostWorkerError.exit_status:
        return "has to be started again"
    return f"ended with exit status {status}"
