"""Write the latents of pictures: tfgen encode RUN PICTURES --out latents.npz"""

from collections.abc import Sequence

from tfgen.cli.arguments import DEFAULT, Parser, add_label, add_out, add_pictures, add_run, add_seed, add_skip_broken
from tfgen.cli.value_types import int_in_range
from tfgen.errors import exit_on_error

#: Usual number of steps of the search for the latents of a GAN.
STEPS = 200


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen encode",
        description="Encode pictures with a trained model and write their latents with the names of the files. A "
        "conditional model takes the class from --label, else from sub-folders with the names of its classes, else the "
        "most probable class by Bayes' rule. A GAN has no encoder: its latents are searched, and the file also holds "
        "the root mean squared difference between each picture and the one that the GAN draws.",
    )
    add_run(parser)
    add_pictures(parser)
    add_skip_broken(parser)
    add_label(parser, "Conditional models: class of all pictures, a name or a number", each=False)
    add_seed(parser, "Seed of the likelihood's noise, for the most probable class, and of a GAN's search")
    parser.add_argument(
        "--steps",
        type=int_in_range(1, 100_000),
        default=STEPS,
        metavar="N",
        help=f"GANs: number of steps of the search {DEFAULT}.",
    )
    add_out(parser, "latents.npz", "File to write, an .npz with the arrays latents and files")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Encode the pictures. Exit status 0, or 2 with a sentence on bad input."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        from tfgen.files import check_writable
        from tfgen.runs import Run
        from tfgen.startup import start_tensorflow

        path = check_writable(options.out, (".npz",))
        run = Run.open(options.run)
        start_tensorflow()
        from tfgen.evaluation.encode import encode_pictures, labels_of_pictures, project_pictures, save_latents
        from tfgen.evaluation.find_classifier import classifier_if_any
        from tfgen.evaluation.pictures import read_pictures
        from tfgen.evaluation.projection import can_project

        model = run.load_model()
        pictures = read_pictures(options.pictures, model, options.skip_broken)
        labels = labels_of_pictures(model, pictures, options.label)
        errors = None
        if can_project(model):
            classifier = classifier_if_any(run.config.data.data, model.event_shape, model.levels)
            settings = {"classifier": classifier, "steps": options.steps, "seed": options.seed}
            found = project_pictures(model, pictures.images, labels, progress=True, **settings)
            latents, labels, errors = found.latents, found.labels, found.errors
        else:
            latents, labels = encode_pictures(model, pictures.images, labels, options.seed)
        save_latents(model, path, pictures.names, latents, labels, errors)
        print(f"{path}: latents of {len(latents)} pictures, each of shape {list(latents.shape[1:])}")
        if errors is not None:
            print(
                f"Root mean squared difference between a picture and the one that the GAN draws: {errors.mean():.3f} "
                "on average. 1 is the difference between black and white."
            )
        if pictures.note:
            print(pictures.note)
