"""Programs of the command line in processes of their own, which the fault tests kill or deprive of space.

The processes are forked from a server that has imported TensorFlow but not used it, so that a start takes little time
and a kill at a random moment rarely falls into the imports.
"""

import multiprocessing
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import tfgen
from tfgen.files import PARTIAL
from tfgen.runs.run import Run

#: Modules that every program needs.
PRELOADED = [
    "tensorflow",
    "keras",
    "tensorflow_probability",
    "tfgen.cli.main",
    "tfgen.training.session",
    "tfgen.evaluation.evaluate",
    "tfgen.packing.remeasure",
    "tfgen.export.pipeline",
]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(PRELOADED)


def start(arguments: list[str], log: Path, largest_file: int | None = None) -> multiprocessing.Process:
    """Start `tfgen ARGUMENTS` with its output in `log`; no file may become larger than `largest_file` bytes."""
    process = _context.Process(target=_program, args=(arguments, str(log), largest_file))
    process.start()
    return process


def _program(arguments: list[str], log: str, largest_file: int | None) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, resource.RLIM_INFINITY))
    os.setpgid(0, 0)
    sys.argv = ["tfgen", *arguments]
    from tfgen.cli.main import main

    main(arguments)


def finish(process: multiprocessing.Process, log: Path, status: int = 0, seconds: float = 400.0) -> str:
    """Wait for the end of a process with an exit status, and return its output."""
    process.join(seconds)
    output = log.read_text() if log.exists() else ""
    assert process.exitcode == status, output[-3000:]
    assert "Traceback" not in output, output[-3000:]
    return output


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[bool]:
    """Mount a disk of a size at `folder`; gives False if this process may not mount."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def enlarge(folder: Path, size: str) -> None:
    """Give a mounted disk another size."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


def numbers(run: Path) -> list[dict]:
    """The rows of a run without its times."""
    clock = ("seconds", "images_per_second")
    return [{name: value for name, value in row.items() if name not in clock} for row in Run.open(run).metrics()]


def partial_files(folder: Path) -> list[Path]:
    """The temporary files that are left in a folder."""
    return [path for path in folder.rglob(f".*{PARTIAL}*") if path.is_file()]


def assert_same_run(one: Path, other: Path) -> None:
    """Rows, weights and pictures of two runs are equal, bit for bit."""
    assert numbers(one) == numbers(other)
    first, second = tfgen.load(one), tfgen.load(other)
    for a, b in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=a.path)
    assert not partial_files(other)
    pictures = [sorted(path.name for path in (run / "samples").iterdir()) for run in (one, other)]
    assert pictures[0] == pictures[1]
    for name in pictures[0]:
        assert (one / "samples" / name).read_bytes() == (other / "samples" / name).read_bytes(), name
    assert len(list((other / "checkpoints").glob("*.index"))) == 1
