"""From one picture to another: tfgen interpolate RUN --pairs 4 --steps 7 --out interpolation.png"""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfgen.cli.arguments import int_in_range, non_negative_float
from tfgen.errors import ConfigError, UndefinedError, reported

if TYPE_CHECKING:
    pass
from tfgen.evaluation.interpolation import interpolation


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="tfgen interpolate",
        description="Draw rows of pictures that lead from one sample of a trained model to another. Row i leads from "
        "the picture of seed SEED + 2i to that of SEED + 2i + 1, as tfgen.sample draws them.",
        allow_abbrev=False,
    )
    parser.add_argument("run", metavar="RUN", help="folder of the run, or a pretrained model's name")
    parser.add_argument("--pairs", type=int_in_range(1, 100), default=4, metavar="N", help="rows [%(default)s]")
    parser.add_argument(
        "--steps",
        type=int_in_range(2, 100),
        default=7,
        metavar="N",
        help="pictures in a row, the two ends included: 7 are 5 between two ends [%(default)s]",
    )
    parser.add_argument(
        "--path",
        choices=("slerp", "lerp"),
        default="slerp",
        help="slerp: along the sphere on which a normal prior has its mass; lerp: straight through it [%(default)s]",
    )
    parser.add_argument(
        "--seed", type=int_in_range(0), default=0, metavar="SEED", help="seed of the first end [%(default)s]"
    )
    parser.add_argument(
        "--temperature",
        type=non_negative_float,
        default=1.0,
        metavar="T",
        help="factor on the standard deviation of the ends' latents [%(default)s]",
    )
    parser.add_argument(
        "--real",
        action="store_true",
        help="between test images instead of samples: row i leads from number SEED + 2i to SEED + 2i + 1 as the model "
        "encodes them; the temperature has no say",
    )
    parser.add_argument("--out", default="interpolation.png", metavar="FILE", help="a .png [%(default)s]")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Interpolate as the command line says. Exit status 0, or 2 with a sentence on bad input."""
    options = parse(argv)
    with reported():
        from tfgen.plots.target import check_target, writing
        from tfgen.runs.run import Run
        from tfgen.startup import start_tensorflow

        # Whatever can be refused is refused before the seconds that TensorFlow and the model take.
        path = check_target(options.out, (".png",))
        run = Run.open(options.run)
        start_tensorflow()
        model = run.load_model()
        images = None
        if options.real:
            if not model.can("encode"):
                raise UndefinedError(
                    f"--real: expected a model that encodes images. Received: a {type(model).__name__}"
                )
            images = run.dataset.test.examples[options.seed : options.seed + 2 * options.pairs]
            if len(images) < 2 * options.pairs:
                raise ConfigError(
                    f"--real: expected two of the {len(run.dataset.test.examples)} test images a row. Received: "
                    f"{options.pairs} rows from number {options.seed} on"
                )
        with writing(path):
            interpolation(
                model,
                path,
                options.pairs,
                options.steps,
                options.seed,
                along=options.path,
                temperature=options.temperature,
                images=images,
            )
        first = f"test image {options.seed}" if options.real else f"seed {options.seed}"
        print(f"{path}: {options.pairs} rows of {options.steps} pictures, the first from {first}")
