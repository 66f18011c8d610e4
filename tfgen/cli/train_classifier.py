"""Train the classifier in whose features samples are measured: tfgen train-classifier --data mnist"""

import argparse
import dataclasses
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from tfgen.cli.arguments import DEFAULT, Parser, add_data_source, add_out, add_seed, int_in_range
from tfgen.errors import exit_on_error

#: Options that name files of one machine. The recorded command leaves them out.
FILE_OPTIONS = ("data_dir", "out")


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen train-classifier",
        description="Train a small classifier on labelled images. The features of its penultimate layer serve to "
        "measure samples (tfgen evaluate --classifier). Writes the weights as float16 in an .npz and, beside it, a "
        ".json with their hash, the test accuracy and the command.",
    )
    parser.add_argument(
        "--data",
        default="digits",
        help="Labelled images: digits, mnist, fashion_mnist, a folder whose sub-folders are the classes, or an .npz "
        f"with labels {DEFAULT}.",
    )
    add_data_source(parser)
    parser.add_argument(
        "--steps", type=int_in_range(1), default=5000, metavar="N", help=f"Number of updates, 1 or more {DEFAULT}."
    )
    parser.add_argument(
        "--batch-size",
        type=int_in_range(1),
        default=128,
        metavar="N",
        help=f"Number of examples in each update, 1 or more {DEFAULT}.",
    )
    parser.add_argument(
        "--filters",
        type=int_in_range(1, 256),
        default=16,
        metavar="N",
        help=f"Number of filters of the first layer, 1 to 256 {DEFAULT}.",
    )
    add_seed(parser, "Seed of the weights and of the noise")
    add_out(parser, None, "File to write, an .npz [default: DATA-classifier.npz].")
    return parser


def command_of(options: argparse.Namespace, parser: Parser) -> str:
    """The command that these options came from, without the files of this machine."""
    command = ["tfgen", "train-classifier"]
    for name, value in vars(options).items():
        if name not in FILE_OPTIONS and (name == "data" or value != parser.get_default(name)):
            command += ["--" + name.replace("_", "-"), str(value)]
    return shlex.join(command)


def main(argv: Sequence[str] | None = None) -> None:
    """Train the classifier. Exit status 0, or 2 with a sentence on bad input."""
    parser = build_parser()
    options = parser.parse_args(argv)
    with exit_on_error():
        from tfgen import data
        from tfgen.files import check_writable
        from tfgen.startup import start_tensorflow

        path = check_writable(options.out or f"{Path(options.data).stem}-classifier.npz", (".npz",))
        dataset = data.load(options.data, data_dir=options.data_dir, image_size=options.image_size, color=options.color)
        start_tensorflow()
        from tfgen.evaluation.classifier_files import save_classifier
        from tfgen.evaluation.train_classifier import train_classifier

        def report(step: int, loss: float, accuracy: float) -> None:
            validation = "" if accuracy != accuracy else f"  validation accuracy {accuracy:.4f}"
            print(f"step {step}/{options.steps}  loss {loss:.4f}{validation}", flush=True, file=sys.stderr)

        settings = {name: getattr(options, name) for name in ("steps", "batch_size", "filters", "seed")}
        content, card = train_classifier(dataset, **settings, report=report)
        save_classifier(path, content, dataclasses.replace(card, command=command_of(options, parser)))
        print(f"{path}: {len(content):,} bytes, test accuracy {card.test_accuracy:.4f} of {card.test_examples:,}")
