"""Serve a page that runs an exported model in the browser: tfgen web EXPORT_DIR"""

import functools
from collections.abc import Sequence

from tfgen.cli.arguments import Parser, add_listening
from tfgen.errors import exit_on_error


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen web",
        description="Serve a page on which an exported TFLite model draws samples, interpolates and explores its "
        "latent space. The browser computes everything. Ctrl-C stops the server.",
    )
    parser.add_argument(
        "model", metavar="MODEL", help="A .tflite file, or the folder that tfgen export --to tflite wrote."
    )
    add_listening(parser, 8080)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Serve the page until Ctrl-C. Exit status 0, or 2 with a sentence on bad input."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        from tfgen.ondevice.web.server import serve

        serve(options.model, options.host, options.port, report=functools.partial(print, flush=True))
