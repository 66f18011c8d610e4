"""Measure tfgen: python -m benchmarks CASE [--json FILE]

Run a benchmark on an otherwise idle machine. What is compared is measured in turn, and ratios are medians over pairs of
neighbouring measurements.
"""

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from tfgen.errors import exit_on_error
from tfgen.extras import check_installed

#: Case → what it measures. The module of a case is `benchmarks.cases.<case>`.
CASES = {
    "training": "Training steps: images/s, parts, cost, memory, fraction of the machine's ceilings, PyTorch's speed.",
    "sampling": "Sampling pictures, and PyTorch's speed.",
    "latency": "One picture on a device: LiteRT and ONNX Runtime, float32 and int8.",
    "startup": "Command line, import, first training step, and the app's first picture.",
    "data": "A set of pictures larger than memory beside one in memory.",
    "distribution": "The training loop beside a bare step, and two workers beside one.",
    "causal": "A causal convolution with zeros among its taps, and two ways to leave out the zeros.",
    "export": "Exported models: bytes, and TensorFlow beside LiteRT for every signature.",
    "app": "Response times of the app in a browser.",
    "load": "The app or a server under many clients, with malformed requests.",
}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n\n")[1])
    cases = parser.add_subparsers(dest="case", required=True, metavar="CASE")
    for name, text in CASES.items():
        module = importlib.import_module(f"benchmarks.cases.{name}")
        case = cases.add_parser(name, help=text, description=module.__doc__)
        case.add_argument("--json", type=Path, metavar="FILE", help="Write the results as JSON to this file too.")
        module.add_arguments(case)
    options = parser.parse_args(argv)
    with exit_on_error():
        if getattr(options, "peer", None):
            check_installed([options.peer], "bench", f"--peer {options.peer}")
        results = importlib.import_module(f"benchmarks.cases.{options.case}").run(options)
        report.show(options.case, results, options.json)
    # A case of many requests says whether there was a wrong response.
    raise SystemExit(any(column.get("failed") == "yes" for column in results.values()))


if __name__ == "__main__":
    main()
