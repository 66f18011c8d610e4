"""Export a trained model: tfgen export RUN --to saved_model tflite [--quantize none float16] [--out DIR]"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tfgen.cli.arguments import Parser, add_out, add_run
from tfgen.cli.value_types import int_in_range
from tfgen.errors import ConfigError, exit_on_error
from tfgen.pretrained import is_name

FORMATS = ("saved_model", "tflite", "onnx")
QUANTIZATIONS = ("none", "float16", "dynamic-int8", "int8")


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen export",
        description="Export a trained model. Every exported file is compared with the Keras model before it is put in "
        "place; parity.json and MODEL_CARD.md hold the result. A failed export leaves an earlier export as it was.",
    )
    add_run(parser)
    parser.add_argument(
        "--to",
        nargs="+",
        choices=FORMATS,
        required=True,
        help="Formats. saved_model: for TensorFlow Serving, in OUT/saved_model/<version>. tflite: for devices and the "
        "browser, in OUT/tflite. onnx: for ONNX Runtime, one file for each signature, in OUT/onnx.",
    )
    add_out(
        parser,
        None,
        "Folder to write to [default: RUN/export; for a pretrained model or a .keras file ./NAME-export].",
        metavar="DIR",
    )
    parser.add_argument(
        "--quantize",
        nargs="+",
        choices=QUANTIZATIONS,
        help="TFLite: number formats of the weights, one file for each; int8 also computes with 8 bits "
        "[default: none, which is float32].",
    )
    parser.add_argument(
        "--batch",
        type=int_in_range(1, 4096),
        metavar="N",
        help="TFLite and ONNX: number of rows of every input, fixed in the file, 1 to 4096 [default: 1].",
    )
    return parser


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line and check options that depend on each other. Exit status 2 on a mistake."""
    parser = build_parser()
    options = parser.parse_args(argv)
    if "tflite" not in options.to and options.quantize is not None:
        parser.error(f"--quantize: expected with --to tflite only. Received: --to {' '.join(options.to)}")
    if options.to == ["saved_model"] and options.batch is not None:
        parser.error("--batch: expected with --to tflite or onnx. Received: --to saved_model, which takes any number")
    options.to = list(dict.fromkeys(options.to))
    options.quantize = list(dict.fromkeys(options.quantize or ["none"]))
    options.batch = options.batch or 1
    # The folder of a pretrained model belongs to the installed package.
    is_file = Path(options.run).suffix == ".keras"
    name = Path(options.run).stem if is_file else options.run
    default = f"{name}-export" if is_file or is_name(options.run) else Path(options.run) / "export"
    options.out = Path(options.out or default)
    return options


def main(argv: Sequence[str] | None = None) -> None:
    """Export the model. Exit status 0, or 2 with a sentence on bad input."""
    options = parse(argv)
    with exit_on_error():
        from tfgen.export.packages import check_packages

        check_packages(options.to, options.quantize)
        from tfgen.runs import Run
        from tfgen.startup import start_tensorflow

        run = Run.open(options.run)
        start_tensorflow()
        import tensorflow as tf

        # The latency of every format is measured with one thread, so that the formats can be compared.
        try:
            tf.config.threading.set_intra_op_parallelism_threads(1)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            raise ConfigError("Expected a process of its own, in which TensorFlow has not started yet") from None

        from tfgen.export.pipeline import export

        export(run, options.to, options.out, quantize=options.quantize, batch=options.batch, progress=print)
