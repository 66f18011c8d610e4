"""The measuring processes, seen from the program that asks them in turn."""

import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.networks import Network

ROOT = Path(__file__).parents[1]


class WorkerError(RuntimeError):
    """A measuring process ended; the message holds the end of its standard error."""


class Worker:
    """A process of `benchmarks.worker`, as a context manager.

    Args:
        engine: "tfgen" or "torch".
        task: "training" or "sampling".
        network: the network.
        clock: "wall", or "processor" for the processor time of all threads.

    Attributes:
        facts: what the process says about the network, for example {"weights": 1000}.
    """

    def __init__(self, engine: str, task: str, network: Network, clock: str = "wall"):
        self._clock = clock
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed by __exit__)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", engine, task, network.to_json()],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            bufsize=1,
        )
        self.facts = self._answer()
        self._counts: dict[str, int] = {}

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    @property
    def functions(self) -> list[str]:
        """Names of the functions that can be timed."""
        return self.facts["functions"]

    def seconds(self, name: str, count: int, calls: int = 1) -> float:
        """Call a function with a count `calls` times, and return the mean seconds of a call."""
        return self._ask({"run": name, "count": count, "calls": calls})[self._clock] / calls

    def calibrate(self, name: str, seconds: float) -> float:
        """Choose the number of runs that take about so many seconds; the first run, which compiles, does not count.

        Returns the seconds of the first run.
        """
        first = self.seconds(name, 1)
        count, spent = 1, self.seconds(name, 1)
        while spent < seconds / 4:
            count = math.ceil(min(8.0, seconds / 2 / max(spent, 1e-6)) * count)
            spent = self.seconds(name, count)
        self._counts[name] = max(1, round(count * seconds / spent))
        return first

    def measure(self, name: str) -> float:
        """Time a calibrated function, and return the seconds of one run."""
        count = self._counts[name]
        return self.seconds(name, count) / count

    def largest_memory(self) -> int:
        """Return the largest resident memory of the process so far, in bytes."""
        return self._ask({"memory": True})["bytes"]

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        print(json.dumps(request), file=self._process.stdin)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._log.seek(0)
            raise WorkerError(self._log.read()[-3000:])
        return json.loads(line)
