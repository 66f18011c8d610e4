"""Draw samples of a trained model: tfgen sample RUN --n 64 --seed 7 --temperature 0.8 --out grid.png"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tfgen.cli.arguments import (
    DEFAULT,
    Parser,
    add_label,
    add_n,
    add_out,
    add_run,
    add_seed,
    add_temperature,
)
from tfgen.cli.value_types import LARGEST_GUIDANCE, number_in_range
from tfgen.errors import ConfigError, exit_on_error

#: A picture of more samples would be too large to look at.
LARGEST_GRID = 10_000
FORMATS = ("png", "webp", "jpg")


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen sample",
        description="Draw samples of a trained model. Sample i is the picture of seed SEED + i, whatever N is.",
    )
    add_run(parser)
    add_n(parser, 1_000_000)
    add_seed(parser)
    add_temperature(parser)
    parser.add_argument(
        "--guidance",
        type=number_in_range(0.0, LARGEST_GUIDANCE),
        metavar="W",
        help=f"Flow of transformers: weight of the guidance, 0 to {LARGEST_GUIDANCE:g}. Larger values give more "
        "typical and less varied samples, in twice the time [default: as in the model's configuration].",
    )
    parser.add_argument(
        "--denoise",
        action=argparse.BooleanOptionalAction,
        help="Flow with gaussian noise: remove the noise of the samples [default: as in the model's configuration].",
    )
    add_label(
        parser,
        "Conditional models: class of the samples, a name or a number; each: the classes in turn, in a .png with one "
        "row for each class and N rounded up to whole columns [default: the class of each sample is drawn by its seed "
        "from the frequencies of the training data].",
    )
    parser.add_argument(
        "--pixels",
        action="store_true",
        help="VAE: draw every pixel from its distribution p(x|z) [default: show the mean of the distribution].",
    )
    add_out(
        parser,
        "samples.png",
        "File or folder to write: a .png with all samples; an .npz with the numbers; or a folder (a name without "
        "suffix, or ending in /) with a picture of each sample in the model's own size, whose name and metadata hold "
        "the seed",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="png",
        help=f"Format of the pictures in a folder; png and webp are lossless {DEFAULT}.",
    )
    return parser


def _folder(out: str) -> Path | None:
    """The folder that --out names, or None if it names a file. Raises `ConfigError` if it may be either."""
    path = Path(out)
    if out.endswith("/") and not path.is_dir() and path.suffix.lower() in (".png", ".npz"):
        raise ConfigError(f"--out: expected a file, without / at the end, or a folder without suffix. Received: {out}")
    if out.endswith("/") or not path.suffix or (path.is_dir() and path.suffix.lower() not in (".png", ".npz")):
        return path
    return None


def main(argv: Sequence[str] | None = None) -> None:
    """Draw the samples. Exit status 0, or 2 with a sentence on bad input."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        from tfgen.files import check_writable, make_output_folder
        from tfgen.runs import Run
        from tfgen.startup import start_tensorflow

        # Bad input is refused before TensorFlow and the model are loaded, which takes seconds.
        folder = _folder(options.out)
        path = folder or check_writable(options.out, (".png", ".npz"))
        if path.suffix.lower() == ".png" and folder is None and options.n > LARGEST_GRID:
            raise ConfigError(
                f"--n: expected at most {LARGEST_GRID} for a .png; an .npz holds more. Received: {options.n}"
            )
        run = Run.open(options.run)
        if folder is not None:
            make_output_folder(folder)
        start_tensorflow()
        import math

        from tfgen.evaluation import samples
        from tfgen.evaluation.array_files import check_disk_space
        from tfgen.evaluation.sample_pictures import write_pictures

        model = run.load_model()
        with samples.decoding(model, options.guidance, options.denoise):
            samples.check_label(model, options.label)
            in_turn = options.label == "each" and "each" not in model.classes
            rows = len(model.classes) if in_turn and path.suffix.lower() == ".png" and folder is None else 0
            n = options.n if not rows else rows * math.ceil(options.n / rows)
            settings = {"seed": options.seed, "temperature": options.temperature}
            labels = samples.labels_of_samples(model, n, options.seed, options.label)
            chunks = samples.sample_chunks(model, n, **settings, pixels=options.pixels, labels=labels, progress=True)
            kind = "pictures" if model.is_image else "points"
            if folder is not None:
                if not model.is_image:
                    raise ConfigError(f"--out: expected a .png or .npz for a model of points. Received: {options.out}")
                names = {"run": run.path.name, "classes": model.classes, "format": options.format}
                write_pictures(chunks, folder, **names, **settings, settings=samples.decoding_facts(model))
            elif path.suffix.lower() == ".npz":
                check_disk_space(path.parent, 4 * n * math.prod(model.event_shape))
                samples.save_arrays(model, chunks, n, path, **settings, labels=labels)
            else:
                import numpy as np

                samples.save_picture(model, np.concatenate([chunk.examples for chunk in chunks]), path, classes=rows)
            print(f"{path}: {n} {kind}, seeds {options.seed} to {options.seed + n - 1}")
