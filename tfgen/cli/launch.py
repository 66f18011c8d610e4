"""Train with several worker processes on this machine: tfgen launch --workers 2 -- train --model vae …"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tfgen.cli.arguments import DEFAULT, DeprecatedOption, Parser
from tfgen.cli.train_arguments import parse as parse_training
from tfgen.cli.value_types import int_in_range, number_in_range
from tfgen.config.arguments import TrainArguments
from tfgen.errors import exit_on_error

#: Longer timeouts are longer than a training.
_seconds = number_in_range(5.0, 1e7, "a number of seconds")


def build_parser() -> Parser:
    """The parser of this command, without the options of the training."""
    parser = Parser(
        prog="tfgen launch",
        usage="tfgen launch [--workers N] [--max-restarts N] [--heartbeat-timeout SECONDS] -- train --model M …",
        description="Train with several worker processes on this machine. When a worker ends or stops responding, all "
        "workers are started again and the run continues from its last checkpoint; the result has the bits of an "
        "undisturbed run. The output of each worker is in logs/worker-<i>.log of the run folder.",
    )
    parser.add_argument(
        "--workers",
        type=int_in_range(1, 256),
        default=2,
        metavar="N",
        help=f"Number of worker processes, each with one replica, 1 to 256 {DEFAULT}.",
    )
    parser.add_argument(
        "--max-restarts",
        type=int_in_range(0),
        default=3,
        metavar="N",
        help=f"Number of restarts without a new checkpoint after which the launcher gives up, 0 or more {DEFAULT}.",
    )
    parser.add_argument(
        "--heartbeat-timeout",
        type=_seconds,
        default=30.0,
        metavar="SECONDS",
        help="Time without a heartbeat after which a worker counts as lost, in seconds, at least 5 " + DEFAULT + ".",
    )
    parser.add_argument(
        "--patience", action=DeprecatedOption, new="--heartbeat-timeout", dest="heartbeat_timeout", type=_seconds
    )
    parser.add_argument(
        "command",
        nargs=argparse.REMAINDER,
        metavar="-- train …",
        help="Options of the training, as for tfgen train; the word train may be left out.",
    )
    return parser


def parse(argv: Sequence[str] | None = None) -> tuple[argparse.Namespace, TrainArguments]:
    """Read the options of the launcher and those of the training after `--`. Exit status 2 on a mistake."""
    parser = build_parser()
    options = parser.parse_args(argv)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if command and Path(command[0]).name in ("train", "train.py"):
        command = command[1:]
    if not command:
        parser.error("Expected -- train and the options of a training, such as --model vae. Received: nothing")
    return options, parse_training(command)


def main(argv: Sequence[str] | None = None) -> None:
    """Start the workers and wait for the end of the training. Exit status as `tfgen.errors.exit_on_error` says."""
    options, arguments = parse(argv)
    with exit_on_error():
        from tfgen.training.distributed.launch import launch

        launch(arguments, options.workers, options.max_restarts, options.heartbeat_timeout)
