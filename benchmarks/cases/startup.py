"""Seconds from the start of a program to its first result, each in a new process, in turn.

--help          `tfgen --help`
import          importing TensorFlow alone, which nothing below can avoid
first step      `tfgen train` of each network of --networks on noise, to the end of its first training step
app             `python app.py`, to its first picture in a headless Chromium (with --app)
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.networks import NETWORKS, WITH_PEER
from benchmarks.process import ROOT
from benchmarks.summaries import paired_ratio, spread

#: Program that trains like `tfgen train` and exits after the first step.
FIRST_STEP = """
import os, sys
from tfgen.cli.main import main
import tfgen.startup
from tfgen.startup import start_tensorflow
def started(*args, **kwargs):
    start_tensorflow(*args, **kwargs)
    from tfgen.training.loop import Loop
    run_steps = Loop.run_steps
    def first(self, steps):
        run_steps(self, steps)
        os._exit(0)
    Loop.run_steps = first
tfgen.startup.start_tensorflow = started
main(["train", *sys.argv[1:]])
sys.exit("Expected a training step. Received: none")
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--networks", nargs="*", choices=NETWORKS, default=["vae-mlp", "vae-conv", "flow-small"], metavar="NAME"
    )
    parser.add_argument("--app", action="store_true", help="Start the app too, which needs Chromium.")
    parser.add_argument("--repeats", type=int, default=5, help="Number of turns [default: 5].")


def run(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "noise.npz"
        np.savez(data, images=np.random.default_rng(0).integers(0, 256, (2_000, 28, 28, 1)).astype(np.uint8))
        programs = {
            "--help": [sys.executable, "-m", "tfgen", "--help"],
            "import": [sys.executable, "-c", "import tensorflow"],
        }
        for name in options.networks:
            programs[f"first step, {name}"] = [sys.executable, "-c", FIRST_STEP, *_arguments(name, data)]
        seconds: dict[str, list[float]] = {name: [] for name in programs} | ({"app": []} if options.app else {})
        for turn in range(options.repeats):
            for name, command in programs.items():
                line = [*command, "--run", f"{folder}/{name}-{turn}"] if name.startswith("first") else command
                seconds[name].append(duration(line))
            if options.app:
                seconds["app"].append(app_seconds())
    return {
        name: {"seconds": spread(values), "times import of TensorFlow": paired_ratio(values, seconds["import"])}
        for name, values in seconds.items()
    }


def duration(command: list[str]) -> float:
    """Return the seconds that a command takes. Raises CalledProcessError if it fails."""
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def app_seconds() -> float:
    """Return the seconds from the start of the app to its first picture."""
    from benchmarks.browser import opened_app

    with opened_app() as (_, seconds):
        return seconds


def _arguments(name: str, data: Path) -> list[str]:
    """Return the options of `tfgen train` for a network."""
    network = WITH_PEER.get(name) or NETWORKS[name]
    found = ["--model", network.family, "--preset", network.preset, "--data", str(data)]
    for option, value in network.options.items():
        found += [f"--{option.replace('_', '-')}", str(value)]
    return [*found, "--train-size", "1500", "--validation-size", "250"]
