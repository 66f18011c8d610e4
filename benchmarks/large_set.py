"""Memory and speed of a set larger than memory: python benchmarks/large_set.py [--pictures 1000000] [--size 64]

Writes pictures of noise into an .npy file (12 GB for a million of 64×64; --folder says where), and trains a model on
them and on a set of 20,000 in memory, in new processes and by turns. Prints one JSON object: images/s of both as
median, minimum and maximum, their ratio, and the largest resident memory of a process in GB. Run the benchmark on an
otherwise idle machine.
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

#: Pictures of the set in memory, to compare with.
IN_MEMORY = 20_000
#: Batches of an epoch that are visited before the measurement, so that both kinds read warm files.
WARM_UP = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=1_000_000, help="Pictures of the set [default: 1000000].")
    parser.add_argument("--size", type=int, default=64, help="Side of a picture in pixels [default: 64].")
    parser.add_argument("--batch-size", type=int, default=128, help="Pictures of a batch [default: 128].")
    parser.add_argument("--steps", type=int, default=30, help="Steps of each measurement [default: 30].")
    parser.add_argument("--repeats", type=int, default=3, help="Processes of each kind [default: 3].")
    parser.add_argument("--folder", type=Path, help="Folder of the .npy file [default: a temporary one].")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "large.npy"
        write(path, options.pictures, options.size)
        found: dict[str, list[dict]] = {str(path): [], "memory": []}
        for _ in range(options.repeats):
            for kind, results in found.items():
                command = [sys.executable, __file__, *sys.argv[1:], "--measure", kind]
                answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
                results.append(json.loads(answer.stdout.splitlines()[-1]))
        stored, memory = found.values()
    rates = {"stored": [r["rate"] for r in stored], "memory": [r["rate"] for r in memory]}
    medians = {kind: statistics.median(values) for kind, values in rates.items()}
    print(
        json.dumps(
            {
                "cores": os.cpu_count(),
                "pictures": options.pictures,
                "gigabytes": options.pictures * options.size**2 * 3 / 1e9,
                **{f"{kind} images/s": _spread(values) for kind, values in rates.items()},
                "ratio of the medians": round(medians["stored"] / medians["memory"], 3),
                "largest resident memory, GB": max(r["resident"] for r in stored),
                "seconds to open": max(r["open"] for r in stored),
            },
            indent=2,
        )
    )


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


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Train on the set, and return images/s, the seconds to open the set and the process's largest resident memory."""
    from tfgen.startup import start_tensorflow

    start_tensorflow()
    import numpy as np
    import tensorflow as tf

    from tfgen.config.presets import run_config
    from tfgen.data import load
    from tfgen.data.sets import Dataset, ImageSet
    from tfgen.training.compiled import compile_training
    from tfgen.training.distributed.strategy import make_strategy
    from tfgen.training.prepare import make_batches_and_model

    started = time.perf_counter()
    if options.measure == "memory":
        pixels = np.random.default_rng(1).integers(0, 256, (IN_MEMORY, options.size, options.size, 3), np.uint8)
        images = ImageSet(pixels, 256)
        dataset = Dataset("memory", images, None, images[:100])
    else:
        dataset = load(options.measure)
    opened = time.perf_counter() - started
    config = run_config("vae", "quick", data="digits", arch="conv", batch_size=options.batch_size, seed=0)
    from tfgen.config.machine import MachineConfig

    distribution = make_strategy(MachineConfig(), options.batch_size)
    batches, model = make_batches_and_model(config, dataset, distribution)
    with distribution.strategy.scope():
        run = compile_training(model, batches, xla=False)
    run(tf.constant(WARM_UP, tf.int64))
    started = time.perf_counter()
    run(tf.constant(options.steps, tf.int64))
    rate = options.steps * options.batch_size / (time.perf_counter() - started)
    # More of the set is visited, so that memory that grows with the visited part is seen.
    for step in range(min(batches.steps_per_epoch, 2_000)):
        batches.at(step)
    status = Path("/proc/self/status").read_text()
    resident = int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e9
    return {"rate": round(rate, 1), "open": round(opened, 2), "resident": round(resident, 2)}


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


if __name__ == "__main__":
    main()
