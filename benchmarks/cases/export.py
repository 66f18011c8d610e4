"""Latency of exported models on one thread: TensorFlow (the SavedModel) and LiteRT, in turn.

For each folder that `tfgen export` wrote, the bytes of each file, and for each signature the milliseconds of a request
of one row, without the conversion of inputs and outputs. Reported are median, minimum and maximum over the repeats of
the median over the requests.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.summaries import spread
from tfgen.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("exports", nargs="+", type=Path, metavar="EXPORT", help="Folder with saved_model/ and tflite/.")
    parser.add_argument("--requests", type=int, default=200, help="Requests of each measurement [default: 200].")
    parser.add_argument("--repeats", type=int, default=5, help="Measurements of each kind [default: 5].")


def run(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    from tfgen.startup import start_tensorflow

    start_tensorflow()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return {
        f"{folder.name}/{name}": measures
        for folder in options.exports
        for name, measures in measure(folder, options.requests, options.repeats).items()
    }


def measure(folder: Path, requests: int, repeats: int) -> dict[str, dict[str, Any]]:
    """Return artefact → its bytes, and the milliseconds of each signature."""
    from tfgen.export.saved_model import SavedModel
    from tfgen.export.tflite import LiteModel

    versions = sorted((folder / "saved_model").glob("[0-9]*"), key=lambda path: int(path.name))
    paths = [*versions[-1:], *sorted((folder / "tflite").glob("*.tflite"))]
    if not paths:
        raise ConfigError(f"EXPORT: expected a folder with saved_model/ or tflite/. Received: {folder}")
    models = {path: SavedModel(path) if path.is_dir() else LiteModel(path) for path in paths}
    results: dict[str, dict[str, Any]] = {_name(path, folder): {"bytes": size(path)} for path in paths}
    for name in next(iter(models.values())).names:
        runs = {_name(path, folder): request(models[path], name) for path in paths if name in models[path].names}
        for artefact, times in in_turn(runs, requests, repeats).items():
            results[artefact][f"{name}, ms"] = spread(times)
    return results


def in_turn(runs: dict[str, Callable[[], Any]], requests: int, repeats: int) -> dict[str, list[float]]:
    """Return the medians of some requests to each of some functions, in milliseconds, `repeats` times in turn."""
    for run in runs.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            times[name].append(median_of(run, requests))
    return times


def request(model, name: str) -> Callable[[], Any]:
    """Return a function that runs a signature for one row, without the conversion of inputs and outputs."""
    import numpy as np
    import tensorflow as tf

    from tfgen.export.saved_model import SavedModel

    if isinstance(model, SavedModel):
        function = model._loaded.signatures[name]
        inputs = {
            key: tf.ones((1, *spec.shape[1:]), spec.dtype)
            for key, spec in function.structured_input_signature[1].items()
        }
        return lambda: function(**inputs)
    runner = model._runners[name]
    inputs = {key: np.ones(spec["shape"], spec["dtype"]) for key, spec in runner.get_input_details().items()}
    return lambda: runner(**inputs)


def median_of(run: Callable[[], Any], requests: int) -> float:
    """Return the median time of a number of requests, in milliseconds."""
    times = []
    for _ in range(requests):
        started = time.perf_counter()
        run()
        times.append(1000.0 * (time.perf_counter() - started))
    return statistics.median(times)


def size(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    return sum(file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())


def _name(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder))
