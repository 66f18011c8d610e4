"""Draw the test images with the lowest and the highest likelihood: tfgen outliers RUN --n 24 --out outliers.png"""

from collections.abc import Sequence

from tfgen.cli.arguments import Parser, add_n, add_out, add_run, add_samples, add_seed
from tfgen.cli.value_types import int_in_range
from tfgen.errors import exit_on_error


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen outliers",
        description="Rank the test images by their likelihood under a trained model, and draw the least likely and the "
        "most likely images, each with its bits/dim. Unusual and damaged images tend to be among the least likely, "
        "simple images among the most likely. For pictures from files, the names of the least likely files are "
        "printed.",
    )
    add_run(parser)
    add_n(parser, 200, 24, "Number of least likely images and of most likely images")
    add_samples(parser, "the likelihood of each image")
    parser.add_argument(
        "--first", type=int_in_range(1), metavar="N", help="Rank only the first N test images [default: all]."
    )
    add_seed(parser, "Seed of the noise of the likelihood")
    add_out(parser, "outliers.png", "File to write, a .png")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Rank and draw the images. Exit status 0, or 2 with a sentence on bad input."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        from tfgen.files import check_writable
        from tfgen.runs import Run
        from tfgen.startup import start_tensorflow

        # Bad input is refused before TensorFlow and the model are loaded, which takes seconds.
        path = check_writable(options.out, (".png",))
        run = Run.open(options.run)
        start_tensorflow()
        import numpy as np

        from tfgen.evaluation.likelihood import labels_for
        from tfgen.evaluation.outliers import check_rankable, file_names, rank_by_likelihood
        from tfgen.evaluation.split import check_number
        from tfgen.plots import style
        from tfgen.plots.ranking import draw_ranking

        model = run.load_model()
        check_rankable(model)
        check_number("--first", options.first, run.dataset)
        test = run.dataset.test[: options.first]
        examples = np.asarray(test.examples)
        labels = labels_for(model, test)
        bits, order = rank_by_likelihood(model, examples, samples=options.samples, seed=options.seed, labels=labels)
        style.save(draw_ranking(examples, model.levels, bits, order, options.n), path)
        names = file_names(test)
        first, last = (
            f"{names[number] if names else f'number {number}'} ({bits[number]:.3f} bits/dim)"
            for number in order[[0, -1]]
        )
        print(
            f"{path}: of {len(order)} test images {first} is the least likely and {last} the most likely; "
            f"{model.estimator(options.samples)}"
        )
        if names:
            print("least likely files, with bits/dim:")
            for number in order[: options.n]:
                print(f"  {bits[number]:.3f}  {names[number]}")
