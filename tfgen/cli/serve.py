"""Serve an exported model: tfgen serve EXPORT_DIR [--port 8501] [--grpc-port 8500]"""

import argparse
import functools
from collections.abc import Sequence

from tfgen.cli.arguments import DEFAULT, Parser, add_listening
from tfgen.cli.value_types import int_in_range
from tfgen.errors import exit_on_error


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen serve",
        description="Serve an exported SavedModel over HTTP and gRPC, with the JSON of TensorFlow Serving and the open "
        "inference protocol. Ctrl-C stops the server.",
    )
    parser.add_argument("export", metavar="EXPORT_DIR", help="Folder that tfgen export --to saved_model wrote.")
    add_listening(parser, 8501)
    parser.add_argument(
        "--grpc-port",
        type=int_in_range(0, 65535),
        default=8500,
        metavar="N",
        help=f"Port of gRPC, 0 to 65535; 0 chooses a free port {DEFAULT}.",
    )
    parser.add_argument("--name", default="model", help=f"Name of the model in the addresses {DEFAULT}.")
    parser.add_argument(
        "--max-batch",
        type=int_in_range(1, 65536),
        default=256,
        metavar="N",
        help=f"Largest number of rows in one request, 1 to 65536 {DEFAULT}.",
    )
    parser.add_argument(
        "--versions",
        type=int_in_range(1, 100),
        default=2,
        metavar="N",
        help="Number of newest versions that are served, 1 to 100. An address without a version means the newest; one "
        f"that is added to the folder is served without a restart {DEFAULT}.",
    )
    parser.add_argument(
        "--batching",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="Compute rows of several requests together. The responses are the same, bit for bit, without.",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until Ctrl-C. Exit status 0, or 2 with a sentence on bad input."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        from tfgen.serving.server import serve

        serve(
            options.export,
            host=options.host,
            port=options.port,
            grpc_port=options.grpc_port,
            name=options.name,
            max_batch=options.max_batch,
            batching=options.batching,
            keep=options.versions,
            report=functools.partial(print, flush=True),
        )
