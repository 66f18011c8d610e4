"""The command line: tfgen export RUN --to saved_model tflite --quantize none float16 --out DIR"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tfgen.cli.arguments import int_in_range
from tfgen.errors import reported
from tfgen.pretrained import is_name

FORMATS = ("saved_model", "tflite", "onnx")
QUANTIZATIONS = ("none", "float16", "dynamic-int8", "int8")


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="tfgen export",
        description="Export a trained model. What is made is compared with the Keras model before it is put in place; "
        "parity.json and MODEL_CARD.md tell the result. An export that fails leaves everything as it was.",
        allow_abbrev=False,
    )
    parser.add_argument("run", metavar="RUN", help="folder of the run, or a pretrained model's name")
    parser.add_argument(
        "--to",
        nargs="+",
        choices=FORMATS,
        required=True,
        help="saved_model: for TensorFlow Serving, in OUT/saved_model/<version>; tflite: for devices and the browser, "
        "in OUT/tflite; onnx: for ONNX Runtime, a file a signature, in OUT/onnx",
    )
    parser.add_argument(
        "--out", metavar="DIR", help="where to put it [RUN/export; of a pretrained model NAME, ./NAME-export]"
    )
    parser.add_argument(
        "--quantize",
        nargs="+",
        choices=QUANTIZATIONS,
        help="tflite: the numbers that weights are stored in, a file for each [none]; int8 computes with 8 bits too",
    )
    parser.add_argument(
        "--batch",
        type=int_in_range(1, 4096),
        metavar="N",
        help="tflite, onnx: rows of every input, fixed in the file [1]",
    )
    options = parser.parse_args(argv)
    if "tflite" not in options.to and options.quantize is not None:
        parser.error(f"argument --quantize: expected with --to tflite only. Received: --to {' '.join(options.to)}")
    if options.to == ["saved_model"] and options.batch is not None:
        parser.error("argument --batch: expected with --to tflite or onnx. Received: --to saved_model, for any number")
    options.to = list(dict.fromkeys(options.to))
    options.quantize = list(dict.fromkeys(options.quantize or ["none"]))
    options.batch = options.batch or 1
    # The folder of a pretrained model belongs to the installed package.
    usual = f"{options.run}-export" if is_name(options.run) else Path(options.run) / "export"
    options.out = Path(options.out or usual)
    return options


def main(argv: Sequence[str] | None = None) -> None:
    """Export as the command line says. Exit status 0, or 2 with a sentence."""
    options = parse(argv)
    with reported():
        from tfgen.runs.run import Run
        from tfgen.startup import start_tensorflow

        run = Run.open(options.run)
        start_tensorflow()
        import tensorflow as tf

        # Every latency is that of one thread, so that the formats can be compared.
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)

        from tfgen.export.export import export

        export(run, options.to, options.out, quantize=options.quantize, batch=options.batch, report=print)
