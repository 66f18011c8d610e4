"""`python train.py`: from the command line to a finished run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfgen.cli.train_arguments import parse
from tfgen.errors import reported

if TYPE_CHECKING:
    pass
from tfgen.training.session import train


def main(argv: Sequence[str] | None = None) -> None:
    """Train as the command line says. Exit status 0, 2 with a sentence on bad input, or as `errors.reported` says."""
    request = parse(argv)
    with reported():
        from tfgen.training.distributed.heartbeat import start_heartbeat

        start_heartbeat()
        from tfgen.startup import start_tensorflow

        start_tensorflow()
        train(request)
