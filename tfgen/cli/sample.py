"""Draw samples of a trained model: tfgen sample RUN --n 64 --seed 7 --temperature 0.8 --out grid.png"""

from collections.abc import Sequence

from tfgen.cli.arguments import Parser, add_n, add_out, add_run, add_seed, add_temperature
from tfgen.errors import ConfigError, exit_on_error

#: A picture of more samples would be too large to look at.
LARGEST_GRID = 10_000


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
        "--pixels",
        action="store_true",
        help="VAE: draw every pixel from its distribution p(x|z) [default: show the mean of the distribution].",
    )
    add_out(parser, "samples.png", "File to write: a .png with all samples, or an .npz with the numbers")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Draw the samples. Exit status 0, or 2 with a sentence on bad input."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        from tfgen.files import check_writable
        from tfgen.runs import Run
        from tfgen.startup import start_tensorflow

        # Bad input is refused before TensorFlow and the model are loaded, which takes seconds.
        path = check_writable(options.out, (".png", ".npz"))
        if path.suffix.lower() == ".png" and options.n > LARGEST_GRID:
            raise ConfigError(
                f"--n: expected at most {LARGEST_GRID} for a .png; an .npz holds more. Received: {options.n}"
            )
        run = Run.open(options.run)
        start_tensorflow()
        from tfgen.evaluation.samples import draw_samples, save_samples

        model = run.load_model()
        settings = {"seed": options.seed, "temperature": options.temperature}
        examples = draw_samples(model, options.n, **settings, pixels=options.pixels)
        save_samples(model, examples, path, **settings)
        kind = "pictures" if model.is_image else "points"
        print(f"{path}: {options.n} {kind}, seeds {options.seed} to {options.seed + options.n - 1}")
