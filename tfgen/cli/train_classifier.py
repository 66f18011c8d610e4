"""Train the classifier that samples are measured with: tfgen train-classifier --data mnist

Any labelled images will do: digits, mnist, fashion_mnist, a folder whose sub-folders are the classes, an .npz with
labels. Writes the weights as float16 (an .npz) and, beside them, a .json with their hash, test accuracy and command.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.errors import reported

if TYPE_CHECKING:
    pass
from tfgen.evaluation.train_classifier import _PLACES, train_classifier


def parse(argv: Sequence[str] | None = None) -> tuple[argparse.Namespace, str]:
    """Read the command line: (options, the command without the places of files). Exit status 2 on a mistake."""
    from tfgen.cli.arguments import int_in_range

    parser = argparse.ArgumentParser(
        prog="tfgen train-classifier", description=__doc__.splitlines()[0], allow_abbrev=False
    )
    parser.add_argument("--data", default="digits", help="digits, mnist, fashion_mnist, a folder or an .npz [digits]")
    parser.add_argument("--data-dir", metavar="DIR", help="mnist, fashion_mnist: folder of the idx files [$TFGEN_DATA]")
    parser.add_argument(
        "--image-size", type=int_in_range(4, 1024), metavar="N", help="folder: crop and resize to this side"
    )
    parser.add_argument("--color", choices=("grey", "rgb"), help="folder: convert all pictures")
    parser.add_argument("--steps", type=int_in_range(1), default=5000, metavar="N", help="updates [%(default)s]")
    parser.add_argument(
        "--batch-size", type=int_in_range(1), default=128, metavar="N", help="examples in each [%(default)s]"
    )
    parser.add_argument("--filters", type=int_in_range(1, 256), default=16, metavar="N", help="of the first layer [16]")
    parser.add_argument(
        "--seed", type=int_in_range(0), default=0, metavar="SEED", help="of weights and noise [%(default)s]"
    )
    parser.add_argument("--out", metavar="FILE", help="an .npz for the weights [<data>-classifier.npz]")
    options = parser.parse_args(argv)
    command = ["tfgen", "train-classifier"]
    for name, value in vars(options).items():
        if name not in _PLACES and (name == "data" or value != parser.get_default(name)):
            command += ["--" + name.replace("_", "-"), str(value)]
    return options, shlex.join(command)


def main(argv: Sequence[str] | None = None) -> None:
    """Train as the command line says. Exit status 0, or 2 with a sentence on bad input."""
    options, command = parse(argv)
    with reported():
        from tfgen import data
        from tfgen.plots.target import check_target, writing
        from tfgen.startup import start_tensorflow

        path = check_target(options.out or f"{Path(options.data).stem}-classifier.npz", (".npz",))
        dataset = data.load(options.data, data_dir=options.data_dir, image_size=options.image_size, color=options.color)
        start_tensorflow()

        def report(step, loss, accuracy):
            held = "" if accuracy != accuracy else f"  validation accuracy {accuracy:.4f}"
            print(f"step {step}/{options.steps}  loss {loss:.4f}{held}", flush=True, file=sys.stderr)

        from tfgen.evaluation.classifier import save

        settings = {name: getattr(options, name) for name in ("steps", "batch_size", "filters", "seed")}
        content, card = train_classifier(dataset, **settings, report=report)
        with writing(path):
            save(path, content, {**card, "command": command})
        print(f"{path}: {len(content):,} bytes, test accuracy {card['test_accuracy']:.4f} of {card['test_examples']:,}")
