"""Speed of a training step: its parts, its cost, its fraction of the machine's ceilings, and PyTorch's speed.

A step is measured in turn with its parts, with the ceilings of `benchmarks.ceilings` and with the peer's step. The part
"noise" is also in "forward". "backward" is the time of losses with gradients less that of the losses, "optimizer" the
time of a step less that of losses with gradients. With XLA, a whole step writes fewer results to memory than its parts,
so that the difference for the optimizer can be below zero.
"""

import argparse
import contextlib
import statistics
from typing import Any

from benchmarks.networks import NETWORKS, Network
from benchmarks.options import add_network_options
from benchmarks.process import Worker
from benchmarks.summaries import paired_ratio, significant, spread

#: What is timed of tfgen, in this order, in every turn.
TIMED = ("step", "data", "noise", "forward", "gradients", "product", "convolution", "copy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_network_options(parser)
    parser.add_argument("--seconds", type=float, default=1.0, help="Duration of each measurement [default: 1].")
    parser.add_argument("--repeats", type=int, default=5, help="Number of turns [default: 5].")
    parser.add_argument(
        "--both-xla", action="store_true", help="Measure the step with XLA and without, whatever --xla auto takes."
    )
    parser.add_argument(
        "--both-precisions", action="store_true", help="Measure the step with products in bfloat16 too."
    )
    parser.add_argument("--steps-only", action="store_true", help="Measure the step alone, without parts and ceilings.")


def run(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    return {name: measure(NETWORKS[name], options) for name in options.networks}


def measure(network: Network, options: argparse.Namespace) -> dict[str, Any]:
    """Return the measures of one network."""
    timed = TIMED[:1] if options.steps_only else TIMED
    timed += ("other step",) * options.both_xla + ("products",) * options.both_precisions
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(Worker("tfgen", "training", network, options.clock))
        first = {name: ours.calibrate(name, options.seconds) for name in timed}
        peer = variant = None
        variants: dict[str, float] = {}
        if options.peer is not None:
            peer = stack.enter_context(Worker(options.peer, "training", network, options.clock))
            variants = fastest_first(peer, options.seconds)
            variant = next(iter(variants))
        seconds: dict[str, list[float]] = {name: [] for name in (*timed, "peer")}
        for _ in range(options.repeats):
            seconds["step"].append(ours.measure("step"))
            if peer is not None:
                seconds["peer"].append(peer.measure(variant))
            for name in timed[1:]:
                seconds[name].append(ours.measure(name))
        result = step_measures(ours.facts, seconds, first["step"])
        result["peak memory, MB"] = round(ours.largest_memory() / 1e6)
        if peer is not None:
            rates = [network.batch_size / value for value in seconds["peer"]]
            result |= {
                f"{options.peer} images/s": spread(rates),
                f"times {options.peer}": paired_ratio(seconds["peer"], seconds["step"]),
                f"{options.peer} variant": variant,
                f"{options.peer} weights": peer.facts["weights"],
                f"{options.peer} peak memory, MB": round(peer.largest_memory() / 1e6),
            }
            for name, value in variants.items():
                result[f"{options.peer} {name}, trial images/s"] = significant(network.batch_size / value)
    return result


def fastest_first(peer: Worker, seconds: float) -> dict[str, float]:
    """Return the seconds of a run of each of the peer's functions, the fastest first. Two trials each, in turn."""
    for name in peer.functions:
        peer.calibrate(name, seconds)
    trials = [{name: peer.measure(name) for name in peer.functions} for _ in range(2)]
    best = {name: min(trial[name] for trial in trials) for name in peer.functions}
    return dict(sorted(best.items(), key=lambda item: item[1]))


def step_measures(facts: dict[str, Any], seconds: dict[str, list[float]], first: float) -> dict[str, Any]:
    """Return the measures of tfgen's step from the seconds of every turn."""
    batch = facts["batch size"]
    rates = [batch / value for value in seconds["step"]]
    result = {
        "images/s": spread(rates),
        "XLA": "on" if facts["xla"] else "off",
        "batch": batch,
        "first step, s": significant(first),
        "weights": facts["weights"],
        "operations an image": round(facts["operations an image"]),
        "bytes written an image": round(facts["bytes written an image"]),
    }
    if seconds.get("other step"):
        name = "images/s without XLA" if facts["xla"] else "images/s with XLA"
        result[name] = spread([batch / value for value in seconds["other step"]])
    if seconds.get("products"):
        result["images/s in bfloat16"] = spread([batch / value for value in seconds["products"]])
        result["times float32"] = paired_ratio(seconds["step"], seconds["products"])
    if not seconds.get("gradients"):
        return result
    result |= split(seconds)
    speed = [rate * facts["operations an image"] for rate in rates]
    # Every written byte is read at least once.
    traffic = [rate * 2 * facts["bytes written an image"] for rate in rates]
    result["GFLOP/s"] = spread([value / 1e9 for value in speed])
    for name, reached, unit in (
        ("product", speed, "GFLOP/s"),
        ("convolution", speed, "GFLOP/s"),
        ("copy", traffic, "GB/s"),
    ):
        ceiling = [facts["ceilings"][name] / value for value in seconds[name]]
        result[f"{name}, {unit}"] = significant(statistics.median(ceiling) / 1e9)
        result[f"fraction of {name}"] = paired_ratio(reached, ceiling)
    return result


def split(seconds: dict[str, list[float]]) -> dict[str, float]:
    """Return the medians of data, noise, forward, backward and optimizer in milliseconds of a step."""
    parts = {
        "data": seconds["data"],
        "noise": _differences(seconds["noise"], seconds["data"]),
        "forward": _differences(seconds["forward"], seconds["data"]),
        "backward": _differences(seconds["gradients"], seconds["forward"]),
        "optimizer": _differences(seconds["step"], seconds["gradients"]),
    }
    return {f"{name}, ms": significant(1000 * statistics.median(values)) for name, values in parts.items()}


def _differences(longer: list[float], shorter: list[float]) -> list[float]:
    return [one - two for one, two in zip(longer, shorter, strict=True)]
