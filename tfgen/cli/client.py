"""Pictures from a server: tfgen client --n 64 --seed 7 --out grid.png"""

import argparse
from collections.abc import Sequence

from tfgen.cli.arguments import int_in_range, non_negative_float
from tfgen.cli.sample import LARGEST_GRID
from tfgen.errors import reported
from tfgen.serving.client import interpolate, sample
from tfgen.serving.transports import ADDRESSES, connect


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="tfgen client",
        description="Ask a server of an exported model for pictures, and save them as a grid. Picture i is that of "
        "seed SEED + i, the same as from tfgen.sample.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--n", type=int_in_range(1, LARGEST_GRID), default=64, metavar="N", help="how many [%(default)s]"
    )
    parser.add_argument(
        "--seed", type=int_in_range(0), default=0, metavar="SEED", help="seed of the first [%(default)s]"
    )
    parser.add_argument(
        "--temperature",
        type=non_negative_float,
        default=1.0,
        metavar="T",
        help="factor on the latent's deviation [%(default)s]",
    )
    parser.add_argument(
        "--to",
        type=int_in_range(0),
        metavar="SEED",
        help="instead of samples, N pictures on the way from the picture of --seed to that of this seed",
    )
    parser.add_argument(
        "--protocol",
        choices=tuple(ADDRESSES),
        default="rest",
        help="rest, grpc: TensorFlow Serving's; v2, grpc-v2: the open inference protocol. serving.server answers rest, "
        "v2 and grpc-v2 [%(default)s]",
    )
    parser.add_argument(
        "--address", metavar="HOST:PORT", help="of the server [127.0.0.1, 8501 for HTTP, 8500 for gRPC]"
    )
    parser.add_argument("--model", default="model", metavar="NAME", help="the model's name there [%(default)s]")
    parser.add_argument("--out", default="grid.png", metavar="FILE", help="a .png [%(default)s]")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Ask as the command line says. Exit status 0, or 2 with a sentence where that fails."""
    options = parse(argv)
    with reported():
        from tfgen.plots.grid import save_grid
        from tfgen.plots.target import check_target, writing

        path = check_target(options.out, (".png",))
        with connect(options.protocol, options.address, options.model) as call:
            if options.to is None:
                images = sample(call, options.n, options.seed, options.temperature)
            else:
                images = interpolate(call, options.n, options.seed, options.to)
        with writing(path):
            save_grid(images, path)
        print(f"{path}: {options.n} pictures, from seed {options.seed}")
