"""Describe a data set: tfgen data show DATA [--out sheet.png]"""

from collections.abc import Sequence

from tfgen.cli.arguments import Parser, add_data_source, add_n, add_out
from tfgen.errors import exit_on_error


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen data",
        description="Describe a data set as training would read it: size, levels, split and classes. With --out, also "
        "write a picture of the first training examples.",
    )
    parser.add_argument("action", choices=("show",), help="What to do; show prints the description.")
    parser.add_argument(
        "data",
        metavar="DATA",
        help="Name of a data set, for example digits or mnist; a folder of pictures; or an .npz.",
    )
    add_data_source(parser)
    add_n(parser, 10_000, 64, "Number of examples on the contact sheet")
    add_out(parser, None, "Picture of training examples to write, a .png [default: none].")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Describe the data set. Exit status 0, or 2 with a sentence on bad input."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        from tfgen.data import load
        from tfgen.data.sets import ImageSet
        from tfgen.data.summary import summary
        from tfgen.files import check_writable
        from tfgen.plots.contact_sheet import save_contact_sheet
        from tfgen.plots.points import save_points

        path = check_writable(options.out, (".png",)) if options.out else None
        dataset = load(options.data, data_dir=options.data_dir, image_size=options.image_size, color=options.color)
        print("\n".join(summary(dataset)))
        if path is not None:
            train = dataset.train
            if isinstance(train, ImageSet):
                save_contact_sheet(train.examples, train.levels, path, train.labels, options.n)
            else:
                save_points(train.examples[: options.n], path, label="training points")
            print(f"{path}: {min(options.n, len(train))} training examples")
