"""Latency of exported models: python benchmarks/exports.py EXPORT [EXPORT ...] [--requests 200] [--repeats 5]

Prints one JSON object: for each folder that `tfgen export` wrote, the bytes of each artefact, and for each signature
the milliseconds of a request of one row on one thread. TensorFlow (the SavedModel) and LiteRT are measured
alternately, so that changes of the machine's speed affect both. Reported are median, minimum and maximum over the
repeats of the median over the requests. Run the benchmark on an otherwise idle machine.
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path

from tfgen.startup import start_tensorflow


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exports", nargs="+", metavar="EXPORT", help="Folder with saved_model/ and tflite/.")
    parser.add_argument("--requests", type=int, default=200, help="Requests of each measurement [default: 200].")
    parser.add_argument("--repeats", type=int, default=5, help="Measurements of each kind [default: 5].")
    options = parser.parse_args()
    start_tensorflow()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    found = {Path(folder).name: measure(Path(folder), options) for folder in options.exports}
    print(json.dumps({"cores": os.cpu_count(), "load": os.getloadavg()[0], **found}, indent=2))


def measure(folder: Path, options) -> dict:
    """Return artefact → {"bytes": …, "ms": {signature → times}}."""
    from tfgen.export.saved_model import SavedModel
    from tfgen.export.tflite import LiteModel

    versions = sorted((folder / "saved_model").glob("[0-9]*"), key=lambda path: int(path.name))
    paths = [*versions[-1:], *sorted((folder / "tflite").glob("*.tflite"))]
    models = {path: SavedModel(path) if path.is_dir() else LiteModel(path) for path in paths}
    times: dict = {path: {} for path in paths}
    for name in next(iter(models.values())).names:
        runs = {path: request(models[path], name) for path in paths if name in models[path].names}
        for run in runs.values():
            run()
        for _ in range(options.repeats):
            for path, run in runs.items():
                times[path].setdefault(name, []).append(median_of(run, options.requests))
    return {
        str(path.relative_to(folder)): {
            "bytes": size(path),
            "ms": {name: spread(values) for name, values in of.items()},
        }
        for path, of in times.items()
    }


def request(model, name):
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


def median_of(run, requests: int) -> float:
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


def spread(values: list[float]) -> dict[str, float]:
    """Return median, minimum and maximum."""
    return {
        "median": round(statistics.median(values), 4),
        "min": round(min(values), 4),
        "max": round(max(values), 4),
    }


if __name__ == "__main__":
    main()
