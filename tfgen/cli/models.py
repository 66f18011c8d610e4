"""List the pretrained models: tfgen models"""

from collections.abc import Sequence

from tfgen import pretrained
from tfgen.cli.arguments import Parser
from tfgen.errors import exit_on_error


def build_parser() -> Parser:
    """The parser of this command."""
    return Parser(
        prog="tfgen models",
        description="List the pretrained models that come with the package, one line each. Every command that takes a "
        "run also takes the name of a pretrained model.",
    )


def main(argv: Sequence[str] | None = None) -> None:
    """List the models. Exit status 0, or 2 with a sentence on bad input."""
    build_parser().parse_args(argv)
    with exit_on_error():
        for name in pretrained.names():
            print(f"{name:<16} {pretrained.describe(name)}")
