"""Train the classifier in whose features samples are measured: tfgen train-classifier --data mnist"""

import argparse
import dataclasses
import shlex
import sys
import time
from collections.abc import Sequence

from tfgen.cli.arguments import DEFAULT, Parser, add_data_source, add_out, add_seed, data_options
from tfgen.cli.value_types import int_in_range
from tfgen.errors import exit_on_error

#: Options that name files of one machine. The recorded command leaves them out.
FILE_OPTIONS = ("data_dir", "no_cache", "out")
ARCHITECTURES = ("convolutional", "whitened")


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen train-classifier",
        description="Train a small classifier on labelled images. Its features serve to measure samples (tfgen "
        "evaluate). Writes the weights as float16 in an .npz and, beside it, a .json with their hash, the test "
        "accuracy and the command. Without --out the file goes to the user's data folder, where tfgen "
        "evaluate finds it for runs on the same test images.",
    )
    parser.add_argument(
        "--data",
        default="digits",
        help="Labelled images: the name of a data set, or a folder, .zip or .npz with labels, as for tfgen train "
        f"{DEFAULT}.",
    )
    add_data_source(parser)
    for split in ("train", "validation"):
        parser.add_argument(
            f"--{split}-size",
            type=int_in_range(0 if split == "validation" else 1),
            metavar="N",
            help=f"Number of {split if split == 'validation' else 'training'} images [default: as the data set is "
            "split].",
        )
    parser.add_argument(
        "--architecture",
        choices=ARCHITECTURES,
        help="Network and training. convolutional: small, for grey images, with rotations and shifts; whitened: "
        "larger, with batch normalization, trained with mirroring and shifts [default: whitened for colour images "
        "of at least 16×16 pixels].",
    )
    parser.add_argument(
        "--steps",
        type=int_in_range(1),
        metavar="N",
        help="Number of updates, 1 or more [default: 5000; whitened: 20 passes over the images, 500 to 4000 updates].",
    )
    parser.add_argument(
        "--batch-size",
        type=int_in_range(1),
        metavar="N",
        help="Number of examples in each update, 1 or more [default: 128; whitened: 256].",
    )
    parser.add_argument(
        "--filters",
        type=int_in_range(1, 256),
        metavar="N",
        help="Number of filters of the first layer, 1 to 256 [default: 16; whitened: 64].",
    )
    parser.add_argument(
        "--no-flip",
        action="store_true",
        help="Do not mirror images from left to right, for letters and signs (architecture whitened).",
    )
    parser.add_argument(
        "--bfloat16-products",
        action="store_true",
        help="Compute matrix products and convolutions of the training in bfloat16, which is faster on some CPUs with "
        "instructions for this format.",
    )
    add_seed(parser, "Seed of the weights and of the noise", low=0)
    add_out(parser, None, "File to write, an .npz [default: a file in the user's data folder].")
    return parser


def command_of(options: argparse.Namespace, parser: Parser) -> str:
    """The command that these options came from, without the files of this machine."""
    command = ["tfgen", "train-classifier"]
    for name, value in vars(options).items():
        if name not in FILE_OPTIONS and (name == "data" or value != parser.get_default(name)):
            command += ["--" + name.replace("_", "-"), *([] if value is True else [str(value)])]
    return shlex.join(command)


def main(argv: Sequence[str] | None = None) -> None:
    """Train the classifier. Exit status 0, or 2 with a sentence on bad input."""
    parser = build_parser()
    options = parser.parse_args(argv)
    with exit_on_error():
        from tfgen import data
        from tfgen.files import check_writable
        from tfgen.startup import start_tensorflow
        from tfgen.training.plan_text import duration

        path = check_writable(options.out, (".npz",)) if options.out else None
        sizes = {"train_size": options.train_size, "validation_size": options.validation_size}
        dataset = data.load(options.data, **data_options(options), **sizes)
        start_tensorflow()
        from tfgen.evaluation.classifier_files import save_classifier
        from tfgen.evaluation.find_classifier import users_file
        from tfgen.evaluation.train_classifier import train_classifier

        path = path or users_file(dataset, make_folder=True)

        started = time.monotonic()

        def report(step: int, steps: int, loss: float, accuracy: float) -> None:
            validation = "" if accuracy != accuracy else f"  validation accuracy {accuracy:.4f}"
            left = duration((time.monotonic() - started) * (steps - step) / step)
            print(f"step {step:,} of {steps:,}  loss {loss:.4f}{validation}  {left} left", flush=True, file=sys.stderr)

        settings = {name: getattr(options, name) for name in ("architecture", "steps", "batch_size", "filters", "seed")}
        content, card = train_classifier(
            dataset, **settings, flip=not options.no_flip, bfloat16_products=options.bfloat16_products, report=report
        )
        save_classifier(path, content, dataclasses.replace(card, command=command_of(options, parser)))
        print(f"{path}: {len(content):,} bytes, test accuracy {card.test_accuracy:.4f} of {card.test_examples:,}")
