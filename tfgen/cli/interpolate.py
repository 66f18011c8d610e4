"""Draw rows of pictures between pairs of samples: tfgen interpolate RUN --pairs 4 --steps 7 --out interpolation.png"""

from collections.abc import Sequence

from tfgen.cli.arguments import (
    DEFAULT,
    Parser,
    add_label,
    add_out,
    add_run,
    add_seed,
    add_temperature,
)
from tfgen.cli.value_types import int_in_range
from tfgen.errors import ConfigError, exit_on_error


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen interpolate",
        description="Draw rows of pictures that lead from one sample of a trained model to another. Row i starts at "
        "the picture of seed SEED + 2i and ends at the picture of seed SEED + 2i + 1. A .gif or .mp4 shows the rows "
        "as an animation; a picture of several rows is then a grid.",
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
        help="Interpolate between test images instead of samples. Row i leads from test image SEED + 2i to SEED + 2i + "
        "1. The latents of a GAN, which has no encoder, are searched. --temperature has no effect.",
    )
    add_label(
        parser,
        "Conditional models: class of both ends, a name or a number; each: row i is of class i mod K [default: the "
        "class of each end is drawn by its seed, and with --real it is the image's own].",
    )
    parser.add_argument(
        "--to-label",
        metavar="NAME",
        help="Conditional models: class at which every row ends. Row i then keeps the latent noise of seed SEED + i "
        "and leads from the class of --label to this one [default: the class of --label].",
    )
    parser.add_argument(
        "--loop",
        action="store_true",
        help="Make the path of a .gif or .mp4 closed. One path then visits all 2·N ends and returns to the first; with "
        "--to-label each row returns to its first class.",
    )
    parser.add_argument(
        "--fps",
        type=int_in_range(1, 50),
        default=12,
        metavar="N",
        help=f"Pictures of a .gif or .mp4 in a second, 1 to 50 {DEFAULT}.",
    )
    add_out(parser, "interpolation.png", "File to write: a .png, a .gif or an .mp4 (needs pip install 'tfgen[video]')")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Draw the rows. Exit status 0, or 2 with a sentence on bad input."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        from tfgen.files import check_writable
        from tfgen.runs import Run
        from tfgen.startup import start_tensorflow

        # Bad input is refused before TensorFlow and the model are loaded, which takes seconds.
        path = check_writable(options.out, (".png", ".gif", ".mp4"))
        if options.loop and path.suffix.lower() == ".png":
            raise ConfigError(f"--loop: expected a .gif or .mp4, in which the path is closed. Received: {path}")
        if options.to_label is not None and (options.label in (None, "each") or options.real):
            raise ConfigError("--to-label: expected together with one class in --label, and without --real")
        if options.real and options.label is not None:
            raise ConfigError("--label: expected samples. Received: --real, whose images have classes of their own")
        run = Run.open(options.run)
        start_tensorflow()
        from tfgen.evaluation.find_classifier import classifier_if_any
        from tfgen.evaluation.interpolation import pairs_of_test_images, write_interpolation
        from tfgen.evaluation.projection import can_project
        from tfgen.evaluation.samples import check_label

        model = run.load_model()
        for label in (options.label, options.to_label):
            check_label(model, label)
        images, label, classifier = None, options.label, None
        if options.real:
            images, label = pairs_of_test_images(run, model, options.seed, options.pairs)
            if can_project(model):
                classifier = classifier_if_any(run.config.data.data, model.event_shape, model.levels)
        write_interpolation(
            model,
            path,
            frames_per_second=options.fps,
            pairs=options.pairs,
            steps=options.steps,
            seed=options.seed,
            path=options.path,
            temperature=options.temperature,
            images=images,
            label=label,
            to_label=options.to_label,
            loop=options.loop,
            classifier=classifier,
            progress=True,
        )
        first = f"test image {options.seed}" if options.real else f"seed {options.seed}"
        shape = "a closed path" if options.loop else f"{options.pairs} rows of {options.steps} pictures, the first row"
        print(f"{path}: {shape} from {first}")
