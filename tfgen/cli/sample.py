"""Pictures of a trained model: tfgen sample RUN --n 64 --seed 7 --temperature 0.8 --out grid.png"""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfgen.errors import ConfigError, reported

if TYPE_CHECKING:
    pass
from tfgen.cli.arguments import int_in_range, non_negative_float
from tfgen.evaluation.samples import draw, save

#: More pictures than this are no picture any more.
LARGEST_GRID = 10_000


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="tfgen sample",
        description="Draw pictures from a trained model. Picture i is that of seed SEED + i, however many are drawn.",
        allow_abbrev=False,
    )
    parser.add_argument("run", metavar="RUN", help="folder of the run, or a pretrained model's name")
    parser.add_argument("--n", type=int_in_range(1, 1_000_000), default=64, metavar="N", help="how many [%(default)s]")
    parser.add_argument(
        "--seed", type=int_in_range(0), default=0, metavar="SEED", help="seed of the first [%(default)s]"
    )
    parser.add_argument(
        "--temperature",
        type=non_negative_float,
        default=1.0,
        metavar="T",
        help="factor on the standard deviation of the latent; below 1: more typical, less varied [%(default)s]",
    )
    parser.add_argument(
        "--pixels",
        action="store_true",
        help="VAE: draw each pixel from its distribution, instead of showing its mean",
    )
    parser.add_argument(
        "--out",
        default="samples.png",
        metavar="FILE",
        help="a .png with all of them, or an .npz with the raw numbers [%(default)s]",
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Sample as the command line says. Exit status 0, or 2 with a sentence on bad input."""
    options = parse(argv)
    with reported():
        from tfgen.plots.target import check_target, writing
        from tfgen.runs.run import Run
        from tfgen.startup import start_tensorflow

        # Whatever can be refused is refused before the seconds that TensorFlow and the model take.
        path = check_target(options.out, (".png", ".npz"))
        if path.suffix.lower() == ".png" and options.n > LARGEST_GRID:
            raise ConfigError(
                f"--n: expected at most {LARGEST_GRID} for a .png; an .npz holds more. Received: {options.n}"
            )
        run = Run.open(options.run)
        start_tensorflow()
        model = run.load_model()
        examples = draw(model, options.n, options.seed, options.temperature, options.pixels)
        with writing(path):
            save(model, examples, path, options.seed, options.temperature)
        kind = "pictures" if model.is_image else "points"
        print(f"{path}: {options.n} {kind}, seeds {options.seed} to {options.seed + options.n - 1}")
