"""Overhead and scaling of distributed training: python benchmarks/distribution.py [--repeats 5]

Prints one JSON object. Run the benchmark on an otherwise idle machine.

overhead   images/s of the training loop on one device, and of a bare `tf.function` with the same steps and batches,
           measured alternately; `loss_percent` is the median over the pairs of the loop's loss of speed.
scaling    images/s of `tfgen launch` with one worker on one core and with two workers on two cores, measured
           alternately; medians over the epochs after the first.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tfgen.config.presets import run_config

CASES = {
    "vae mlp 28x28 (tutorial)": ("vae", {}, 1200),
    "vae conv 28x28 (tutorial)": ("vae", {"arch": "conv"}, 150),
    "gan mlp 28x28 (tutorial)": ("gan", {}, 400),
    "flow 28x28 (glow)": ("flow", {}, 150),
}
SCALED = {
    "vae mlp 28x28 (tutorial)": ["--model", "vae", "--preset", "tutorial", "--epochs", "12"],
    "vae conv 28x28 (tutorial)": ["--model", "vae", "--preset", "tutorial", "--arch", "conv", "--epochs", "4"],
    "gan mlp 28x28 (tutorial)": ["--model", "gan", "--preset", "tutorial", "--epochs", "6"],
    "flow 28x28 (glow)": ["--model", "flow", "--preset", "glow", "--epochs", "4"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="Measurements of each kind [default: 5].")
    parser.add_argument("--only", choices=("overhead", "scaling"), help="Run this part only [default: both].")
    options = parser.parse_args()
    found: dict = {"cores": os.cpu_count()}
    # Scaling is measured first, before TensorFlow takes memory and threads in this process.
    if options.only != "overhead":
        found["scaling"] = {name: scaling(line, options.repeats) for name, line in SCALED.items()}
    if options.only != "scaling":
        found["overhead"] = {name: overhead(*case, options.repeats) for name, case in CASES.items()}
    print(json.dumps(found, indent=2))


def overhead(model_name: str, overrides: dict, steps: int, repeats: int) -> dict:
    """Return the speeds of the training loop and of a bare `tf.function` with the same steps."""
    from tfgen.startup import start_tensorflow

    start_tensorflow()
    import keras
    import tensorflow as tf

    from tfgen.data.batches import Batches
    from tfgen.models import build
    from tfgen.training.compiled import compile_xla_step
    from tfgen.training.loop import Loop
    from tfgen.training.optimizers import make_optimizer
    from tfgen.training.prepare import uses_xla

    config = run_config(model_name, "glow" if model_name == "flow" else "tutorial", **overrides)
    batch = config.train.batch_size
    images = np.random.default_rng(0).integers(0, 256, (steps * batch, 28, 28, 1)).astype(np.uint8)
    keras.utils.set_random_seed(0)
    model = build(config, (28, 28, 1), 256)
    model.compile(make_optimizer(config.train, steps), clip_norm=config.train.clip_norm)
    batches = Batches(images, batch, seed=0)
    model.initialize_from(batches.at(0))
    xla = uses_xla(config, model)
    with tempfile.TemporaryDirectory() as folder:
        # Twice the default interval of checkpoints, because the loop runs half of the time.
        loop = Loop(model, batches, None, repeats + 1, Path(folder), xla=xla, checkpoint_seconds=120.0)
        step = compile_xla_step(model, batches) if xla else model.train_step

        @tf.function
        def bare():
            for _ in tf.range(steps):
                step(batches.at(model.step))

        class Alternate(keras.callbacks.Callback):
            """Runs the steps of one epoch with the bare function after every epoch of the loop."""

            def __init__(self):
                super().__init__()
                self.pairs, self.began = [], 0.0

            def on_epoch_end(self, epoch, logs=None):
                ended, step_count = time.perf_counter(), int(model.optimizer.iterations.numpy())
                bare()
                again = time.perf_counter()
                model.optimizer.iterations.assign(step_count)
                if epoch:  # The first epoch of each kind includes tracing and compilation.
                    self.pairs.append((again - ended, ended - self.began))
                self.began = time.perf_counter()

        alternate = Alternate()
        loop.run([alternate])
    examples = steps * batch
    return {
        "bare": summary([examples / seconds for seconds, _ in alternate.pairs]),
        "loop": summary([examples / seconds for _, seconds in alternate.pairs]),
        "loss_percent": round(statistics.median(100.0 * (1.0 - bare / looped) for bare, looped in alternate.pairs), 2),
    }


def scaling(line: list[str], repeats: int) -> dict:
    """Return the speeds of one worker on one core and of two workers on two cores, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "noise.npz"
        np.savez(data, images=np.random.default_rng(0).integers(0, 256, (6_000, 28, 28, 1)).astype(np.uint8))
        common = [
            *line,
            "--data",
            str(data),
            "--train-size",
            "4608",
            "--validation-size",
            "256",
            "--no-evaluate-test",
            "--sample-every",
            "1000",
        ]
        speeds: dict[int, list[float]] = {1: [], 2: []}
        for repeat in range(repeats):
            for workers in speeds:
                run = Path(folder) / f"run-{repeat}-{workers}"
                speeds[workers].append(speed_of(workers, [*common, "--run", str(run)], run))
    ratio = statistics.median(two / one for one, two in zip(speeds[1], speeds[2], strict=True))
    return {"one worker": summary(speeds[1]), "two workers": summary(speeds[2]), "ratio": round(ratio, 2)}


def speed_of(workers: int, line: list[str], run: Path) -> float:
    """Train with one core for each worker, and return the median images/s of the epochs after the first."""
    launch = [sys.executable, "-m", "tfgen", "launch", "--workers", str(workers), "--max-restarts", "0"]
    subprocess.run(
        # Limits the process to as many cores as workers; a single worker would use all cores.
        ["taskset", "-c", f"0-{workers - 1}", *launch, "--", "train", *line],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "TF_NUM_INTRAOP_THREADS": "1"},
        cwd=Path(__file__).parents[1],
    )
    rows = [json.loads(row) for row in (run / "metrics.jsonl").read_text().splitlines()]
    return statistics.median(row["images_per_second"] for row in rows[1:])


def summary(values: list[float]) -> dict[str, int]:
    """Return median, minimum and maximum."""
    return {"median": round(statistics.median(values)), "min": round(min(values)), "max": round(max(values))}


if __name__ == "__main__":
    main()
