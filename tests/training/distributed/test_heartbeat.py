"""A worker beats only while its training makes progress, and ends when its launcher has ended."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tfgen.training.distributed import heartbeat
from tfgen.training.loop import Loop

ROOT = Path(__file__).parents[3]


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv(heartbeat.HEARTBEAT, str(tmp_path / "alive"))
    return tmp_path / "alive"


def program(path: Path, body: str, **environment: str) -> subprocess.Popen:
    opening = "import os, signal, time\nfrom tfgen.training.distributed.heartbeat import *\nstart_heartbeat(0.05)\n"
    return subprocess.Popen(
        [sys.executable, "-u", "-c", opening + body],
        cwd=ROOT,
        env={**os.environ, heartbeat.HEARTBEAT: str(path), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def last_beat(path: Path) -> int:
    return path.stat().st_mtime_ns


@pytest.mark.parametrize(("allowance", "beats"), [("", False), ("0.0", False), ("60.0", True)])
def test_a_worker_that_hangs_is_silent_unless_it_has_an_allowance(tmp_path, allowance, beats):
    path = tmp_path / "alive"
    with program(path, f"beat({allowance}); time.sleep(0.2); print('hangs'); time.sleep(60)") as worker:
        assert worker.stdout.readline() == "hangs\n"
        before = last_beat(path)
        time.sleep(0.5)
        assert (last_beat(path) > before) == beats
        worker.kill()


def test_a_worker_beats_before_its_training_begins(tmp_path):
    path = tmp_path / "alive"
    with program(path, "time.sleep(0.2); print('reads data'); time.sleep(60)") as worker:
        worker.stdout.readline()
        before = last_beat(path)
        time.sleep(0.5)
        assert last_beat(path) > before
        worker.kill()


def test_the_loop_beats_after_each_chunk_and_not_inside_of_it(file, monkeypatch):
    """A chunk that does not return stands for a collective that waits for another worker."""
    calls = []
    monkeypatch.setattr("tfgen.training.loop.beat", lambda allowance=0.0: calls.append(allowance))
    loop = Loop.__new__(Loop)
    loop.progress = type("Progress", (), {"seconds": 0.0, "epoch": 0})()
    loop.callbacks = type("Callbacks", (), {"on_train_batch_end": lambda self, step: None})()
    loop.checkpoint_seconds, loop._saved_at, loop._stop_signal = 60.0, time.monotonic(), None
    loop.all_reduce_mean = tuple
    monkeypatch.setattr(Loop, "step", 1)
    inside = []
    monkeypatch.setattr(Loop, "run_steps", lambda self, steps: inside.append(list(calls)) or True)
    loop._run_chunk(1)
    assert inside == [[]]
    assert calls == [0.0]


def test_a_process_that_was_not_launched_has_no_heartbeat(monkeypatch, tmp_path):
    monkeypatch.delenv(heartbeat.HEARTBEAT, raising=False)
    assert not heartbeat.is_launched()
    heartbeat.beat(5.0)
    heartbeat.start_heartbeat()
    assert not list(tmp_path.iterdir())


def test_a_worker_ends_when_its_launcher_is_killed(tmp_path):
    worker = (
        "import os, sys, time\n"
        "from tfgen.training.distributed.heartbeat import *\n"
        "start_heartbeat(0.05); print(os.getpid(), flush=True); time.sleep(600)"
    )
    launcher = (
        "import os, subprocess, sys\n"
        f"environment = {{**os.environ, 'TFGEN_HEARTBEAT': {str(tmp_path / 'alive')!r}, "
        "'TFGEN_LAUNCHER': str(os.getpid())}\n"
        f"subprocess.Popen([sys.executable, '-c', {worker!r}], env=environment, start_new_session=True).wait()"
    )
    with subprocess.Popen([sys.executable, "-c", launcher], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        number = int(process.stdout.readline())
        os.kill(number, 0)
        process.send_signal(signal.SIGKILL)
        process.wait()
        # The pipe closes when the worker has ended.
        assert process.stdout.read() == ""
