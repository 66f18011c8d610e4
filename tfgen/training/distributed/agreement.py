"""Checks that all workers of a training run the same configuration, code and package versions."""

import contextlib
import hashlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.config import RunConfig
from tfgen.errors import ConfigError, LostWorkerError
from tfgen.training.distributed.cluster import Cluster

if TYPE_CHECKING:
    from tfgen.training.distributed.strategy import DistributionContext

#: Values of a fingerprint: three numbers made of SHA-256 hashes, and the time of the worker's clock in seconds.
FINGERPRINT = ("configuration", "code", "packages", "clock")
#: A larger difference between two clocks is reported. Only times in logs depend on the clocks.
CLOCK_SECONDS = 30.0


def fingerprint(config: RunConfig) -> list[float]:
    """The values of `FINGERPRINT` for this worker. Each hash has 40 bits, which a float64 holds exactly."""
    from tfgen.runs.versions import versions

    sources = sorted(Path(__file__).parents[2].rglob("*.py"))
    return [
        _hash(json.dumps(config.to_dict(), sort_keys=True).encode()),
        _hash(b"".join(path.read_bytes() for path in sources)),
        _hash(json.dumps(versions(), sort_keys=True).encode()),
        time.time(),
    ]


def _hash(content: bytes) -> float:
    return float(int.from_bytes(hashlib.sha256(content).digest()[:5], "big"))


def compare_fingerprints(cluster: Cluster, fingerprints: Sequence[Sequence[float]]) -> list[str]:
    """Compare the fingerprints of all workers, [workers][4], with the chief's.

    Returns:
        Warnings about clocks that differ.

    Raises:
        ConfigError: if a worker has another configuration, other code or other packages; the message names the worker.
    """
    chief, warnings = fingerprints[0], []
    for position, name in enumerate(FINGERPRINT[:-1]):
        if different := [index for index, found in enumerate(fingerprints) if found[position] != chief[position]]:
            workers = ", ".join(f"worker {index} ({cluster.workers[index]})" for index in different)
            raise ConfigError(
                f"Expected the same {name} on every worker. Different from worker 0 ({cluster.workers[0]}): {workers}"
            )
    for index, found in enumerate(fingerprints):
        if abs(found[-1] - chief[-1]) > CLOCK_SECONDS:
            warnings.append(
                f"the clock of worker {index} ({cluster.workers[index]}) is {found[-1] - chief[-1]:+.0f} seconds from "
                "the chief's; only the times in the logs depend on the clocks"
            )
    return warnings


def check_agreement(config: RunConfig, distribution: "DistributionContext") -> None:
    """Check that all workers agree, and print warnings about their clocks. Every worker has to call this function.

    Raises:
        ConfigError: as `compare_fingerprints`.
    """
    if distribution.cluster is None:
        return
    for warning in compare_fingerprints(distribution.cluster, distribution.gather(fingerprint(config))):
        print(f"warning: {warning}", file=sys.stderr)


@contextlib.contextmanager
def lost_worker_errors(distribution: "DistributionContext") -> Iterator[None]:
    """Turn TensorFlow's errors about a connection, raised in the `with` block, into a `LostWorkerError`."""
    import tensorflow as tf

    errors = tf.errors
    connection = (errors.UnavailableError, errors.AbortedError, errors.DeadlineExceededError, errors.CancelledError)
    try:
        yield
    except (*connection, errors.InternalError) as error:
        if distribution.cluster is None:
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise LostWorkerError(
            f"Expected all {len(distribution.cluster.workers)} workers to stay connected. Lost a worker ({reason}). "
            "Start all workers again: they resume from the last checkpoint"
        ) from None
