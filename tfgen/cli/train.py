"""Train a model: tfgen train --model vae|gan|flow|… [--preset NAME] [OPTIONS]"""

from collections.abc import Sequence

from tfgen.cli.train_arguments import build_parser, parse
from tfgen.errors import exit_on_error

__all__ = ["build_parser", "main"]


def main(argv: Sequence[str] | None = None) -> None:
    """Train a model. Exit status 0, 2 with a sentence on bad input, or as `tfgen.errors.exit_on_error` says."""
    arguments = parse(argv)
    with exit_on_error():
        from tfgen.training.distributed.heartbeat import start_heartbeat

        start_heartbeat()
        from tfgen.startup import start_tensorflow

        start_tensorflow()
        from tfgen.training.session import train

        train(arguments)
