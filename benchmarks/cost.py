"""Cost of a training step: python benchmarks/cost.py [--model flow --preset autoregressive-small] [--steps 20]

Prints one JSON object: the counted operations and bytes of a step for each image; the peak speed of this machine for
a matrix product, for a 3×3 convolution of the shape in the flow's networks, and for copying memory; the images/s of
the step; and the fraction of each peak speed that the step reaches. The step and the peaks are measured alternately.
Run the benchmark on an otherwise idle machine.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable

from tfgen.config.presets import run_config
from tfgen.errors import exit_on_error
from tfgen.startup import start_tensorflow


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="flow", help="Family: vae, gan or flow [default: flow].")
    parser.add_argument(
        "--preset", default="autoregressive-small", help="Preset of the family [default: autoregressive-small]."
    )
    parser.add_argument("--steps", type=int, default=20, help="Steps of each measurement [default: 20].")
    parser.add_argument("--repeats", type=int, default=5, help="Measurements of each kind [default: 5].")
    options = parser.parse_args()
    with exit_on_error():
        config = run_config(options.model, options.preset)
        start_tensorflow()
        print(json.dumps(measure(config, options), indent=2))


def measure(config, options) -> dict:
    """Return the counted cost and the measured speeds of a training step on images of 28×28."""
    import numpy as np
    import tensorflow as tf

    from tfgen.data.batches import Batches
    from tfgen.evaluation.cost import training_bytes, training_flops
    from tfgen.models import build
    from tfgen.training.optimizers import make_optimizer

    batch = config.train.batch_size
    images = np.random.default_rng(0).integers(0, 256, (20 * batch, 28, 28, 1)).astype(np.uint8)
    batches = Batches(images, batch, seed=0)
    model = build(config, (28, 28, 1), 256)
    model.initialize_from(batches.at(0))
    model.compile(make_optimizer(config.train, batches.steps_per_epoch), clip_norm=config.train.clip_norm)
    step = tf.function(model.train_step, autograph=False)

    @tf.function
    def steps():
        for _ in tf.range(options.steps):
            step(batches.at(model.step))

    work, seconds = {"step": (steps, options.steps * batch)}, {}
    work |= peaks(batch, getattr(config.architecture, "width", 64))
    for run, _ in work.values():
        run()
    for _ in range(options.repeats):
        for name, (run, _) in work.items():
            started = time.perf_counter()
            run()
            seconds.setdefault(name, []).append(time.perf_counter() - started)
    speeds = {name: amount / statistics.median(seconds[name]) for name, (_, amount) in work.items()}
    flops, written = training_flops(model, batch), training_bytes(model, batch)
    rate, traffic = speeds["step"] * flops, speeds["step"] * 2 * written
    return {
        "model": f"{options.model}, {options.preset}",
        "cores": len(os.sched_getaffinity(0)),
        "operations an image": round(flops),
        "bytes written an image": round(written),
        "images/s": round(speeds["step"], 1),
        "GFLOP/s": round(rate / 1e9, 1),
        "peaks": {
            "matrix product, GFLOP/s": round(speeds["product"] / 1e9, 1),
            "3x3 convolution, GFLOP/s": round(speeds["convolution"] / 1e9, 1),
            "memory read and written, GB/s": round(speeds["memory"] / 1e9, 1),
        },
        "fraction of the matrix product": round(rate / speeds["product"], 3),
        "fraction of the convolution": round(rate / speeds["convolution"], 3),
        "fraction of the memory, each byte read once": round(traffic / speeds["memory"], 3),
    }


def peaks(batch: int, width: int) -> dict[str, tuple[Callable, float]]:
    """Return the functions that measure the peak speeds: name → (function, operations or bytes of one call)."""
    import tensorflow as tf

    matrix = tf.random.normal((1024, 1024))
    images, kernel = tf.random.normal((batch, 7, 7, width)), tf.random.normal((3, 3, width, width))
    long = tf.random.normal((2**25,))
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(matrix, matrix)))
    convolution = tf.function(lambda: tf.reduce_sum(tf.nn.conv2d(images, kernel, 1, "SAME")))
    memory = tf.function(lambda: tf.add(long, 1.0))

    def times(function, count):
        return lambda: [function().numpy() if function is not memory else function() for _ in range(count)]

    return {
        "product": (times(product, 20), 20 * 2.0 * 1024**3),
        "convolution": (times(convolution, 50), 50 * 2.0 * batch * 49 * 9 * width**2),
        "memory": (times(memory, 5), 5 * 2.0 * 4 * 2**25),
    }


if __name__ == "__main__":
    main()
