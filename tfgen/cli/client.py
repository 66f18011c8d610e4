"""Ask a server for samples: tfgen client --n 64 --seed 7 --out grid.png"""

from collections.abc import Sequence

from tfgen.cli.arguments import DEFAULT, Parser, add_n, add_out, add_seed, add_temperature
from tfgen.cli.sample import LARGEST_GRID
from tfgen.cli.value_types import SMALLEST_SEED, int_in_range
from tfgen.errors import exit_on_error
from tfgen.export.class_names import ANY
from tfgen.serving.addresses import ADDRESSES


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen client",
        description="Ask a server of an exported model for samples, and write them as one picture. Sample i is the "
        "picture of seed SEED + i, as in tfgen sample.",
    )
    add_n(parser, LARGEST_GRID)
    add_seed(parser)
    add_temperature(parser)
    parser.add_argument(
        "--to",
        type=int_in_range(SMALLEST_SEED),
        metavar="SEED",
        help="Draw an interpolation instead of samples: N pictures from the picture of --seed to the picture of this "
        "seed.",
    )
    parser.add_argument(
        "--label",
        type=_label,
        metavar="CLASS",
        help="Conditional model: class of the pictures, by name or index, or any for classes that the seeds draw. A "
        "name needs tfgen serve, TensorFlow Serving knows indices only [default: any with tfgen serve].",
    )
    parser.add_argument(
        "--label-to",
        type=_label,
        metavar="CLASS",
        help="Conditional model, with --to: class of the last picture [default: as --label].",
    )
    parser.add_argument(
        "--protocol",
        choices=tuple(ADDRESSES),
        default="rest",
        help="Protocol. rest, grpc: those of TensorFlow Serving. v2, grpc-v2: the open inference protocol. tfgen serve "
        f"answers rest, v2 and grpc-v2 {DEFAULT}.",
    )
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="Address of the server [default: 127.0.0.1 with port 8501 for HTTP and 8500 for gRPC].",
    )
    parser.add_argument("--model", default="model", metavar="NAME", help=f"Name of the model on the server {DEFAULT}.")
    parser.add_argument(
        "--model-version",
        dest="version",
        type=int_in_range(0),
        metavar="N",
        help="Version of the model [default: the newest].",
    )
    add_out(parser, "grid.png", "File to write, a .png")
    return parser


def _label(text: str) -> int | str:
    """Return an index as a number, -1 for "any", and a name unchanged."""
    if text == ANY:
        return -1
    return int(text) if text.removeprefix("-").isdecimal() else text


def main(argv: Sequence[str] | None = None) -> None:
    """Ask the server. Exit status 0, or 2 with a sentence if the server or the file fails."""
    parser = build_parser()
    options = parser.parse_args(argv)
    if options.label_to is not None and options.to is None:
        parser.error("--label-to: expected with --to only. Received: no --to")
    with exit_on_error():
        from tfgen.files import check_writable
        from tfgen.plots.grid import save_grid
        from tfgen.serving.client import Client

        path = check_writable(options.out, (".png",))
        with Client(options.address, options.protocol, options.model, options.version) as client:
            if options.to is None:
                images = client.sample(options.n, options.seed, options.temperature, options.label)
            else:
                last = options.label if options.label_to is None else options.label_to
                images = client.interpolate(options.n, options.seed, options.to, options.label, last)
        save_grid(images, path)
        print(f"{path}: {options.n} pictures, from seed {options.seed}")
