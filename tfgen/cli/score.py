"""Write the likelihood of pictures: tfgen score RUN PICTURES --out scores.csv"""

from collections.abc import Sequence

from tfgen.cli.arguments import (
    Parser,
    add_label,
    add_out,
    add_pictures,
    add_run,
    add_samples,
    add_seed,
    add_skip_broken,
)
from tfgen.errors import exit_on_error


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen score",
        description="Measure the likelihood of each of some pictures under a trained model, and write bits/dim and "
        "nats with the names of the files and the estimator. A conditional model measures p(x|y) with the class from "
        "--label or from sub-folders with the names of its classes, and the marginal p(x) without them.",
    )
    add_run(parser)
    add_pictures(parser)
    add_skip_broken(parser)
    add_label(parser, "Conditional models: class of all pictures, a name or a number", each=False)
    add_samples(parser, "the likelihood of each picture")
    add_seed(parser, "Seed of the noise of the likelihood")
    add_out(parser, "scores.csv", "File to write, a .csv or an .npz")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Score the pictures. Exit status 0, or 2 with a sentence on bad input."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        from tfgen.files import check_writable
        from tfgen.runs import Run
        from tfgen.startup import start_tensorflow

        path = check_writable(options.out, (".csv", ".npz"))
        run = Run.open(options.run)
        start_tensorflow()
        from tfgen.evaluation.encode import labels_of_pictures, save_scores, score_pictures
        from tfgen.evaluation.pictures import read_pictures

        model = run.load_model()
        model.estimator(options.samples)  # raises the error of a model without likelihood before pictures are read
        pictures = read_pictures(options.pictures, model, options.skip_broken)
        labels = labels_of_pictures(model, pictures, options.label)
        scores = score_pictures(model, pictures, labels, samples=options.samples, seed=options.seed)
        save_scores(path, scores)
        given = "" if labels is None else " given the class"
        print(
            f"{path}: {len(scores.names)} pictures, mean {scores.bits_per_dim.mean():.4f} bits/dim{given}; "
            f"{scores.estimator}"
        )
        if pictures.note:
            print(pictures.note)
