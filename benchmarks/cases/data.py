"""Memory and training speed of a set of pictures larger than memory, beside a set of 20,000 in memory.

Pictures of noise are written into an .npy file: 12 GB for a million of 64×64. A model is trained on them and on the set
in memory, in new processes and in turn.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT
from benchmarks.summaries import paired_ratio, spread
from benchmarks.worker import largest_memory

#: Pictures of the set in memory, to compare with.
IN_MEMORY = 20_000
#: Steps of training before the measurement, so that both kinds read warm files.
WARM_UP = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pictures", type=int, default=1_000_000, help="Pictures of the set [default: 1000000].")
    parser.add_argument("--size", type=int, default=64, help="Side of a picture in pixels [default: 64].")
    parser.add_argument("--batch-size", type=int, default=128, help="Pictures of a batch [default: 128].")
    parser.add_argument("--steps", type=int, default=30, help="Steps of each measurement [default: 30].")
    parser.add_argument("--repeats", type=int, default=3, help="Processes of each kind [default: 3].")
    parser.add_argument("--folder", type=Path, help="Folder of the .npy file [default: a temporary one].")


def run(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "large.npy"
        write(path, options.pictures, options.size)
        found: dict[str, list[dict]] = {str(path): [], "memory": []}
        for _ in range(options.repeats):
            for kind, results in found.items():
                numbers = [str(number) for number in (options.size, options.batch_size, options.steps)]
                command = [sys.executable, "-m", "benchmarks.cases.data", kind, *numbers]
                answer = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
                results.append(json.loads(answer.stdout.splitlines()[-1]))
    stored, memory = found.values()
    return {
        "stored": {
            "pictures": options.pictures,
            "GB of pixels": round(options.pictures * options.size**2 * 3 / 1e9, 2),
            **_measures(stored),
            "times in memory": paired_ratio([row["rate"] for row in stored], [row["rate"] for row in memory]),
        },
        "in memory": {"pictures": IN_MEMORY, "GB of pixels": round(IN_MEMORY * options.size**2 * 3 / 1e9, 2)}
        | _measures(memory),
    }


def _measures(rows: list[dict]) -> dict[str, Any]:
    return {
        "images/s": spread([row["rate"] for row in rows]),
        "peak memory, GB": max(row["resident"] for row in rows),
        "opening, s": max(row["open"] for row in rows),
    }


def write(path: Path, pictures: int, size: int) -> None:
    """Write pictures of noise, uint8 [pictures, size, size, 3]."""
    import numpy as np

    generator, part = np.random.default_rng(0), 10_000
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (pictures, size, size, 3)}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, pictures, part):
            shape = (min(part, pictures - start), size, size, 3)
            file.write(generator.integers(0, 256, shape, np.uint8).data)


def measure(kind: str, size: int, batch_size: int, steps: int) -> dict[str, float]:
    """Train on the file `kind`, or on the set in "memory".

    Returns:
        images/s, the seconds to open the set, and the process's largest resident memory in GB.
    """
    from tfgen.startup import start_tensorflow

    start_tensorflow()
    import numpy as np
    import tensorflow as tf

    from tfgen.config.machine import MachineConfig
    from tfgen.config.presets import run_config
    from tfgen.data import load
    from tfgen.data.sets import Dataset, ImageSet
    from tfgen.training.compiled import compile_training
    from tfgen.training.distributed.strategy import make_strategy
    from tfgen.training.prepare import make_batches_and_model

    started = time.perf_counter()
    if kind == "memory":
        pixels = np.random.default_rng(1).integers(0, 256, (IN_MEMORY, size, size, 3), np.uint8)
        images = ImageSet(pixels, 256)
        dataset = Dataset("memory", images, None, images[:100])
    else:
        dataset = load(kind)
    opened = time.perf_counter() - started
    config = run_config("vae", "quick", data="digits", arch="conv", batch_size=batch_size, seed=0)
    distribution = make_strategy(MachineConfig(), batch_size)
    batches, model = make_batches_and_model(config, dataset, distribution)
    with distribution.strategy.scope():
        training = compile_training(model, batches, xla=False)
    training(tf.constant(WARM_UP, tf.int64))
    started = time.perf_counter()
    training(tf.constant(steps, tf.int64))
    rate = steps * batch_size / (time.perf_counter() - started)
    # More of the set is visited, so that memory that grows with the visited part is seen.
    for step in range(min(batches.steps_per_epoch, 2_000)):
        batches.at(step)
    return {"rate": round(rate, 1), "open": round(opened, 2), "resident": round(largest_memory() / 1e9, 2)}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], *map(int, sys.argv[2:]))))
