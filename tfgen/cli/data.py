"""Describe a data set, or empty the cache of decoded pictures: tfgen data show DATA, tfgen data clear"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.cli.arguments import Parser, add_data_source, add_n, add_out, data_options
from tfgen.errors import exit_on_error

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen data",
        description="show describes a data set as training would read it: files, sizes, colours, split, classes, "
        "duplicates and broken pictures. With --out, it also writes a picture of the first training examples.\n\n"
        "clear deletes the decoded pictures in the cache folder of the user.",
    )
    parser.add_argument("action", choices=("show", "clear"), help="What to do.")
    parser.add_argument(
        "data",
        nargs="?",
        metavar="DATA",
        help="Name of a data set, for example digits or mnist; a folder, a .zip or a .tar of pictures; an .npz or "
        ".npy; tfds:NAME or hf:NAME.",
    )
    add_data_source(parser)
    add_n(parser, 10_000, 64, "Number of examples on the contact sheet")
    add_out(parser, None, "Picture of training examples to write, a .png [default: none].")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Carry out the command. Exit status 0, or 2 with a sentence on bad input."""
    parser = build_parser()
    options = parser.parse_args(argv)
    with exit_on_error():
        if options.action == "clear":
            if options.data is not None:
                parser.error(f"clear: expected no DATA. Received: {options.data!r}")
            _clear()
        elif options.data is None:
            parser.error("show: expected DATA. Received: nothing")
        else:
            _show(options)


def _clear() -> None:
    from tfgen.data.cache import cache_folder, clear
    from tfgen.data.memory import in_gigabytes
    from tfgen.data.sets import counted

    entries, size = clear()
    print(f"{cache_folder()}: deleted {counted(entries, 'decoded data set')}, {in_gigabytes(size)}")


def _show(options: argparse.Namespace) -> None:
    from tfgen.data.inspection import describe, describe_duplicates
    from tfgen.data.preview import inspect_files, load_preview
    from tfgen.data.summary import summary
    from tfgen.files import check_writable

    path = check_writable(options.out, (".png",)) if options.out else None
    found = inspect_files(options.data)
    if found is not None:
        print("\n".join(describe(found)))
    usual_size = found.usual_size if found is not None else None
    dataset, refusal = load_preview(options.data, found, usual_size, **data_options(options))
    lines = summary(dataset)
    if dataset.is_images:
        lines[4:4] = describe_duplicates(dataset)
    print("\n".join([*lines, *dataset.notes]))
    if path is not None:
        _draw(dataset, options.n, path)
    if refusal is not None:
        height, width = usual_size or (0, 0)
        print(f"The description is that of --skip-broken --image-size {options.image_size or f'{height}x{width}'}.")
        raise refusal


def _draw(dataset: "Dataset", count: int, path: Path) -> None:
    from tfgen.data.sets import ImageSet
    from tfgen.plots.contact_sheet import save_contact_sheet
    from tfgen.plots.points import save_points

    train = dataset.train
    if isinstance(train, ImageSet):
        save_contact_sheet(train.examples, train.levels, path, train.labels, count, dataset.classes)
    else:
        save_points(train.examples[:count], path, label="training points")
    print(f"{path}: {min(count, len(train))} training examples")
