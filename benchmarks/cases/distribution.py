"""Overhead and scaling of distributed training.

overhead   images/s of the training loop on one device, and of a bare `tf.function` with the same steps and batches,
           measured in turn; the loss is the median over the pairs of the loop's loss of speed
scaling    images/s of `tfgen launch` with one worker on one core and with two workers on two cores, measured in turn;
           medians over the epochs after the first
"""

import argparse
from typing import Any

from benchmarks.overhead import OVERHEAD, overhead
from benchmarks.scaling import SCALED, scaling


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repeats", type=int, default=5, help="Measurements of each kind [default: 5].")
    parser.add_argument("--only", choices=("overhead", "scaling"), help="Run this part only [default: both].")


def run(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    results = {}
    # Scaling is measured first, before TensorFlow takes memory and threads in this process.
    if options.only != "overhead":
        results |= {f"{name}, scaling": scaling(line, options.repeats) for name, line in SCALED.items()}
    if options.only != "scaling":
        results |= {f"{name}, overhead": overhead(name, steps, options.repeats) for name, steps in OVERHEAD.items()}
    return results
