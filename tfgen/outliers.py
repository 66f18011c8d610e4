"""The pictures that a model finds least and most likely: python -m tfgen.outliers RUN --n 24 --out outliers.png"""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfgen.errors import UndefinedError, reported
from tfgen.sample import whole

if TYPE_CHECKING:
    import numpy as np

    from tfgen.models.contract import GenerativeModel


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m tfgen.outliers",
        description="Rank the test images of a trained model's data by their likelihood, and draw the least and the "
        "most likely ones, each with its bits/dim. The odd and damaged ones are among the first; the likeliest are the "
        "simplest.",
        allow_abbrev=False,
    )
    parser.add_argument("run", metavar="RUN", help="folder of the run, or a pretrained model's name")
    parser.add_argument("--n", type=whole(1, 200), default=24, metavar="N", help="of each kind [%(default)s]")
    parser.add_argument("--samples", type=whole(1), default=1, metavar="K", help="for each likelihood [%(default)s]")
    parser.add_argument("--first", type=whole(1), metavar="N", help="only the first N test images")
    parser.add_argument("--seed", type=whole(0), default=0, metavar="SEED", help="of the noise [%(default)s]")
    parser.add_argument("--out", default="outliers.png", metavar="FILE", help="a .png [%(default)s]")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Rank as the command line says. Exit status 0, or 2 with a sentence on bad input."""
    options = parse(argv)
    with reported():
        from tfgen.plots.target import check_target, writing
        from tfgen.runs import Run
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


def ranked(
    model: "GenerativeModel", examples: "np.ndarray", *, samples: int = 1, seed: int = 0
) -> tuple["np.ndarray", "np.ndarray"]:
    """Bits per dimension of images, and their order.

    Args:
        model: of images, with a likelihood.
        examples: [n, H, W, C].
        samples: latent or dequantization samples for each likelihood.
        seed: of the noise.

    Returns:
        (bits per dimension [n], the images' numbers from the least to the most likely [n]).

    Raises:
        UndefinedError: if the model has no likelihood, or makes points.
    """
    import numpy as np

    from tfgen.metrics.likelihood import evaluate_likelihood

    _check(model)
    bits = evaluate_likelihood(model, examples, samples=samples, seed=seed).bits_per_dim
    return bits, np.argsort(-bits, kind="stable")


def _check(model: "GenerativeModel") -> None:
    model.estimator(1)  # a model without likelihood says so
    if not model.is_image:
        raise UndefinedError(f"A ranking needs images. Received: points of shape {list(model.event_shape)}")


if __name__ == "__main__":
    main()
