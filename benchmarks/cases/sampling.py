"""Seconds of sampling some pictures, by tfgen and in PyTorch, in turn.

"sample" is `model.sample(n)` as a user calls it, "compiled" the same as one `tf.function`. A measurement repeats the
call for --seconds, because a single call after another process finds the caches of the processor empty. Sampling is
linear in the number of pictures where the time of a picture does not grow from a small number to a large one: give
both.
"""

import argparse
import contextlib
from typing import Any

from benchmarks.networks import NETWORKS, Network
from benchmarks.options import add_network_options
from benchmarks.process import Worker
from benchmarks.summaries import paired_ratio, spread


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_network_options(parser)
    parser.add_argument("--pictures", type=int, nargs="+", default=[64], help="Numbers of pictures [default: 64].")
    parser.add_argument("--seconds", type=float, default=0.5, help="Duration of each measurement [default: 0.5].")
    parser.add_argument("--repeats", type=int, default=9, help="Number of turns [default: 9].")


def run(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    return {
        f"{name}, {count}": measure(NETWORKS[name], count, options)
        for name in options.networks
        for count in options.pictures
    }


def measure(network: Network, count: int, options: argparse.Namespace) -> dict[str, Any]:
    """Return the measures of one network and number of pictures."""
    with contextlib.ExitStack() as stack:
        workers = {"tfgen": stack.enter_context(Worker("tfgen", "sampling", network, options.clock))}
        if options.peer is not None:
            workers[options.peer] = stack.enter_context(Worker(options.peer, "sampling", network, options.clock))
        kinds = [(engine, name) for engine, worker in workers.items() for name in worker.functions]
        first = {kind: workers[kind[0]].seconds(kind[1], count) for kind in kinds}
        calls = {}
        for engine, name in kinds:
            one = min(workers[engine].seconds(name, count) for _ in range(3))
            calls[engine, name] = max(1, round(options.seconds / one))
        seconds: dict[tuple[str, str], list[float]] = {kind: [] for kind in kinds}
        for _ in range(options.repeats):
            for engine, name in kinds:
                seconds[engine, name].append(workers[engine].seconds(name, count, calls[engine, name]))
        memory = {engine: round(worker.largest_memory() / 1e6) for engine, worker in workers.items()}
    result: dict[str, Any] = {"pictures": count}
    for (engine, name), values in seconds.items():
        result[f"{engine} {name}, ms"] = spread([1000 * value for value in values])
        result[f"{engine} {name}, first, s"] = round(first[engine, name], 2)
    result["pictures/s"] = spread([count / value for value in seconds["tfgen", "sample"]])
    if options.peer is not None:
        for name in workers[options.peer].functions:
            other = seconds[options.peer, name]
            result[f"times {options.peer} {name}"] = paired_ratio(other, seconds["tfgen", "sample"])
            result[f"compiled, times {options.peer} {name}"] = paired_ratio(other, seconds["tfgen", "compiled"])
    return result | {f"{engine} peak memory, MB": value for engine, value in memory.items()}
