"""Draw rows of pictures between pairs of samples: tfgen interpolate RUN --pairs 4 --steps 7 --out interpolation.png"""

from collections.abc import Sequence

from tfgen.cli.arguments import DEFAULT, Parser, add_out, add_run, add_seed, add_temperature, int_in_range
from tfgen.errors import exit_on_error


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen interpolate",
        description="Draw rows of pictures that lead from one sample of a trained model to another. Row i starts at "
        "the picture of seed SEED + 2i and ends at the picture of seed SEED + 2i + 1.",
    )
    add_run(parser)
    parser.add_argument(
        "--pairs", type=int_in_range(1, 100), default=4, metavar="N", help=f"Number of rows, 1 to 100 {DEFAULT}."
    )
    parser.add_argument(
        "--steps",
        type=int_in_range(2, 100),
        default=7,
        metavar="N",
        help=f"Number of pictures in a row, both ends included, 2 to 100 {DEFAULT}.",
    )
    parser.add_argument(
        "--path",
        choices=("slerp", "lerp"),
        default="slerp",
        help="Path between two latents: slerp (spherical) keeps the norm typical of the normal prior; lerp is the "
        f"straight line {DEFAULT}.",
    )
    add_seed(parser, "Seed of the first end; with --real the number of the first test image")
    add_temperature(parser)
    parser.add_argument(
        "--real",
        action="store_true",
        help="Interpolate between encoded test images instead of samples. Row i leads from test image SEED + 2i to "
        "SEED + 2i + 1. --temperature has no effect.",
    )
    add_out(parser, "interpolation.png", "File to write, a .png")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Draw the rows. Exit status 0, or 2 with a sentence on bad input."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        from tfgen.files import check_writable
        from tfgen.runs import Run
        from tfgen.startup import start_tensorflow

        # Bad input is refused before TensorFlow and the model are loaded, which takes seconds.
        path = check_writable(options.out, (".png",))
        run = Run.open(options.run)
        start_tensorflow()
        from tfgen.evaluation.interpolation import pairs_of_test_images, write_interpolation

        model = run.load_model()
        images = pairs_of_test_images(run, model, options.seed, options.pairs) if options.real else None
        write_interpolation(
            model,
            path,
            pairs=options.pairs,
            steps=options.steps,
            seed=options.seed,
            path=options.path,
            temperature=options.temperature,
            images=images,
        )
        first = f"test image {options.seed}" if options.real else f"seed {options.seed}"
        print(f"{path}: {options.pairs} rows of {options.steps} pictures, the first row from {first}")
