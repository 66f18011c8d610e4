"""Training speed: python benchmarks/training.py [--steps 50] [--repeats 5]

Prints one JSON object: images/s of each preset's training step with XLA and without, as median, minimum and maximum of
the repeats. The two are measured alternately, so that changes of the machine's speed affect both. Run the benchmark on
an otherwise idle machine.
"""

import argparse
import json
import os
import statistics
import time

from tfgen.config.presets import run_config
from tfgen.startup import start_tensorflow

CASES = {
    "vae mlp 28x28 (tutorial)": ("vae", "tutorial", {}),
    "vae conv 28x28 (tutorial)": ("vae", "tutorial", {"arch": "conv"}),
    "vae conv 28x28 (convolutional)": ("vae", "convolutional", {}),
    "gan mlp 28x28 (tutorial)": ("gan", "tutorial", {}),
    "flow 28x28 (glow)": ("flow", "glow", {}),
    "flow 2-D points (tutorial)": ("flow", "tutorial", {}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=50, help="Steps of each measurement [default: 50].")
    parser.add_argument("--repeats", type=int, default=5, help="Measurements of each kind [default: 5].")
    options = parser.parse_args()
    start_tensorflow()
    print(
        json.dumps(
            {"cores": os.cpu_count(), **{name: measure(*case, options) for name, case in CASES.items()}}, indent=2
        )
    )


def measure(model: str, preset: str, overrides: dict, options) -> dict:
    """Return the images/s of one preset: {"xla": …, "plain": …}."""
    import numpy as np

    from tfgen.data.batches import Batches
    from tfgen.models import build
    from tfgen.training.optimizers import make_optimizer

    config = run_config(model, preset, **overrides)
    generator = np.random.default_rng(0)
    if config.data.data == "bimodal":
        shape, levels, examples = (2,), None, generator.normal(size=(10_000, 2)).astype(np.float32)
    else:
        shape, levels, examples = (28, 28, 1), 256, generator.integers(0, 256, (5_000, 28, 28, 1)).astype(np.uint8)
    batch = config.train.batch_size
    batches = Batches(examples, batch, seed=0)

    def runner(xla):
        import tensorflow as tf

        built = build(config, shape, levels)
        built.initialize_from(batches.at(0))
        built.compile(make_optimizer(config.train, batches.steps_per_epoch), clip_norm=config.train.clip_norm)
        step = tf.function(built.train_step, autograph=False, jit_compile=xla)

        @tf.function
        def run(steps):
            for _ in tf.range(steps):
                step(batches.at(built.step))

        run(tf.constant(2))
        return lambda: run(tf.constant(options.steps))

    runners = {"xla": runner(True), "plain": runner(False)}
    speeds: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(options.repeats):
        for name, run in runners.items():
            started = time.perf_counter()
            run()
            speeds[name].append(options.steps * batch / (time.perf_counter() - started))
    return {
        name: {"median": round(statistics.median(values)), "min": round(min(values)), "max": round(max(values))}
        for name, values in speeds.items()
    }


if __name__ == "__main__":
    main()
