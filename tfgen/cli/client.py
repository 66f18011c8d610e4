"""Ask a server for samples: tfgen client --n 64 --seed 7 --out grid.png"""

from collections.abc import Sequence

from tfgen.cli.arguments import DEFAULT, Parser, add_n, add_out, add_seed, add_temperature, int_in_range
from tfgen.cli.sample import LARGEST_GRID
from tfgen.errors import exit_on_error
from tfgen.serving.transports import ADDRESSES


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
        type=int_in_range(0),
        metavar="SEED",
        help="Draw an interpolation instead of samples: N pictures from the picture of --seed to the picture of this "
        "seed.",
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
    add_out(parser, "grid.png", "File to write, a .png")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Ask the server. Exit status 0, or 2 with a sentence if the server or the file fails."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        from tfgen.files import check_writable
        from tfgen.plots.grid import save_grid
        from tfgen.serving.client import interpolate, sample
        from tfgen.serving.transports import connect

        path = check_writable(options.out, (".png",))
        with connect(options.protocol, options.address, options.model) as call:
            if options.to is None:
                images = sample(call, options.n, options.seed, options.temperature)
            else:
                images = interpolate(call, options.n, options.seed, options.to)
        save_grid(images, path)
        print(f"{path}: {options.n} pictures, from seed {options.seed}")
