"""The pictures that a model finds least and most likely: tfgen outliers RUN --n 24 --out outliers.png"""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfgen.cli.arguments import int_in_range
from tfgen.errors import reported

if TYPE_CHECKING:
    pass
from tfgen.evaluation.outliers import _check, ranked


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="tfgen outliers",
        description="Rank the test images of a trained model's data by their likelihood, and draw the least and the "
        "most likely ones, each with its bits/dim. The odd and damaged ones are among the first; the likeliest are the "
        "simplest.",
        allow_abbrev=False,
    )
    parser.add_argument("run", metavar="RUN", help="folder of the run, or a pretrained model's name")
    parser.add_argument("--n", type=int_in_range(1, 200), default=24, metavar="N", help="of each kind [%(default)s]")
    parser.add_argument(
        "--samples", type=int_in_range(1), default=1, metavar="K", help="for each likelihood [%(default)s]"
    )
    parser.add_argument("--first", type=int_in_range(1), metavar="N", help="only the first N test images")
    parser.add_argument("--seed", type=int_in_range(0), default=0, metavar="SEED", help="of the noise [%(default)s]")
    parser.add_argument("--out", default="outliers.png", metavar="FILE", help="a .png [%(default)s]")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Rank as the command line says. Exit status 0, or 2 with a sentence on bad input."""
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
        _check(model)
        examples = run.dataset.test.examples[: options.first]
        from tfgen.plots import style
        from tfgen.plots.ranking import draw_ranking

        bits, order = ranked(model, examples, samples=options.samples, seed=options.seed)
        with writing(path):
            style.save(draw_ranking(examples, model.levels, bits, order, options.n), path)
        first, last = (f"number {number} ({bits[number]:.3f} bits/dim)" for number in order[[0, -1]])
        print(
            f"{path}: of {len(order)} test images {first} is the least likely and {last} the most likely; "
            f"{model.estimator(options.samples)}"
        )
