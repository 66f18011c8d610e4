"""Several workers on one machine, kept going: tfgen launch --workers 2 -- train.py --model vae …

Starts the workers with a `TF_CONFIG` each, watches them, and starts all of them again when one dies or falls silent:
what they were computing together cannot go on without it, but the run goes on from its last checkpoint and ends in the
same bits. Each worker's output is in the run's `logs/worker-<i>.log`; the chief's is shown too.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tfgen.cli.train_arguments import TrainArguments
from tfgen.cli.train_arguments import parse as parse_training
from tfgen.errors import ConfigError, reported
from tfgen.runs.run import Run
from tfgen.training.distributed.supervisor import Supervisor


def parse(argv: Sequence[str] | None = None) -> tuple[argparse.Namespace, TrainArguments]:
    """Read the command line and that of the training inside it; on a mistake, exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="tfgen launch",
        usage="%(prog)s [--workers N] [--max-restarts N] [--patience SECONDS] -- train.py …",
        description="Train with several worker processes on this machine; when one dies or falls silent, all are "
        "started again and go on from the last checkpoint.",
        allow_abbrev=False,
    )
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes, each one replica [%(default)s]")
    parser.add_argument(
        "--max-restarts",
        type=int,
        default=3,
        metavar="N",
        help="give up after so many restarts without a new checkpoint in between [%(default)s]",
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="a worker that gives no sign of life for so long is stopped [%(default)s]",
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- train.py …", help="what each worker runs")
    options = parser.parse_args(argv)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command or Path(command[0]).name != "train.py":
        parser.error(f"expected -- train.py and its options. Received: {' '.join(command) or 'nothing'}")
    for name, least in (("workers", 1), ("max_restarts", 0), ("patience", 5)):
        if getattr(options, name) < least:
            parser.error(f"--{name.replace('_', '-')}: expected at least {least}. Received: {getattr(options, name)}")
    return options, parse_training(command[1:])


def main(argv: Sequence[str] | None = None) -> None:
    """Launch as the command line says. Exit status 0, or that of `errors.reported`."""
    options, request = parse(argv)
    with reported():
        machine = request.machine
        if machine.strategy not in ("auto", "multiworker") or machine.devices or machine.virtual_cpus > 1:
            raise ConfigError("Expected none of --strategy, --devices and --virtual-cpus: launch makes the cluster")
        # Whatever can be refused is refused before a folder is made.
        config = request.config or Run.reopen(request.resume or "").config
        if config.train.batch_size % options.workers:
            raise ConfigError(
                f"--batch-size: expected a multiple of {options.workers}, the number of workers. "
                f"Received: {config.train.batch_size}"
            )
        run = _run(request)
        program = [sys.executable, "-u", "-m", "tfgen", "train", "--resume", str(run.path)]
        program += ["--checkpoint-seconds", str(machine.checkpoint_seconds)]
        if request.epochs is not None:
            program += ["--epochs", str(request.epochs)]
        Supervisor(run.path, program, options.workers, options.max_restarts, options.patience).supervise()


def _run(request: TrainArguments) -> Run:
    """The run's folder, made before the first worker starts, so that all of them know it."""
    if request.dry_run:
        raise ConfigError("--dry-run: expected without launch: train.py --dry-run says what would be trained")
    if request.resume is not None:
        return Run.reopen(request.resume)
    assert request.config is not None
    if request.run is None:
        return Run.create(request.out, request.config)
    if Run.begun(request.run):
        return Run.reopen(request.run)
    return Run.create_at(request.run, request.config)
