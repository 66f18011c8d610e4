"""The speed of two workers on two cores beside that of one worker on one core."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.ours.model import noise
from benchmarks.process import ROOT
from benchmarks.summaries import paired_ratio, spread

#: Network → options of `tfgen train`.
SCALED = {
    "vae-mlp": ["--model", "vae", "--preset", "tutorial", "--epochs", "12"],
    "vae-conv": ["--model", "vae", "--preset", "tutorial", "--arch", "conv", "--epochs", "4"],
    "gan-mlp": ["--model", "gan", "--preset", "tutorial", "--epochs", "6"],
    "flow-glow": ["--model", "flow", "--preset", "glow", "--epochs", "4"],
}
#: Options that leave out everything but training.
COMMON = ["--train-size", "4608", "--validation-size", "256", "--no-evaluate-test", "--sample-every", "1000"]


def scaling(line: list[str], repeats: int) -> dict[str, Any]:
    """Return images/s of one worker on one core and of two workers on two cores, and their ratio."""
    import numpy as np

    speeds: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "noise.npz"
        np.savez(data, images=noise((28, 28, 1), 6_000))
        for repeat in range(repeats):
            for workers in speeds:
                run = Path(folder) / f"run-{repeat}-{workers}"
                speeds[workers].append(speed_of(workers, [*line, "--data", str(data), *COMMON, "--run", str(run)], run))
    return {
        "one worker, images/s": spread(speeds[1]),
        "two workers, images/s": spread(speeds[2]),
        "two beside one": paired_ratio(speeds[2], speeds[1]),
    }


def speed_of(workers: int, line: list[str], run: Path) -> float:
    """Train with one core for each worker, and return the median images/s of the epochs after the first."""
    launch = [sys.executable, "-m", "tfgen", "launch", "--workers", str(workers), "--max-restarts", "0"]
    subprocess.run(
        # Limits the process to as many cores as workers; a single worker would use all cores.
        ["taskset", "-c", f"0-{workers - 1}", *launch, "--", "train", *line],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "TF_NUM_INTRAOP_THREADS": "1"},
        cwd=ROOT,
    )
    rows = [json.loads(row) for row in (run / "metrics.jsonl").read_text().splitlines()]
    return statistics.median(row["images_per_second"] for row in rows[1:])
