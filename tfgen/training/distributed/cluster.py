"""Several machines: who they are, whether they are there, and whether they agree.

A worker learns its cluster from `TF_CONFIG`, which Kubernetes' TFJob, `tfgen launch` and most launchers set, or from
Slurm's environment. What goes wrong there is found within a minute and said in a sentence; without that, TensorFlow
waits for a missing worker without a word.
"""

import contextlib
import hashlib
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfgen.config import RunConfig
from tfgen.errors import ConfigError, LostWorkerError

#: How long to wait for every worker to appear; long enough for a slow start of Python and TensorFlow.
APPEARANCE_SECONDS = 45.0
#: Clocks further apart than this are reported: nothing depends on them but the times in logs.
CLOCK_SECONDS = 30.0


@dataclass(frozen=True)
class Cluster:
    """The workers of a training.

    Attributes:
        workers: address of each, "host:port"; the first is the chief, who alone writes.
        index: which of them this process is.
    """

    workers: tuple[str, ...]
    index: int

    @property
    def is_chief(self) -> bool:
        return self.index == 0

    @property
    def address(self) -> str:
        """Of this worker."""
        return self.workers[self.index]

    @property
    def peers(self) -> dict[int, str]:
        """The addresses of the others, by index."""
        return {index: address for index, address in enumerate(self.workers) if index != self.index}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Cluster | None":
        """The cluster that `TF_CONFIG` describes; None where it describes none.

        Raises:
            ConfigError: if `TF_CONFIG` cannot be understood, or asks for what does not exist here (parameter servers).
        """
        text = environment.get("TF_CONFIG", "")
        if not text.strip():
            return None

        def refused(what: str) -> ConfigError:
            return ConfigError(
                'TF_CONFIG: expected {"cluster": {"worker": ["host:port", …]}, "task": {"type": "worker", "index": 0}}'
                f". Received: {what}"
            )

        try:
            entries = json.loads(text)
            jobs, task = entries.get("cluster") or {}, entries.get("task") or {}
            jobs = {str(name): tuple(map(str, addresses)) for name, addresses in jobs.items()}
        except (ValueError, AttributeError, TypeError):
            raise refused(text) from None
        if not jobs:
            return None
        if unknown := sorted(jobs.keys() - {"chief", "master", "worker"}):
            raise refused(
                f"a cluster with {', '.join(unknown)}; every worker trains, and the first also writes (a parameter "
                "server loses updates)"
            )
        own = (task.get("type"), task.get("index"))
        order: list[tuple] = [
            (name, number) for name in ("chief", "master", "worker") for number in range(len(jobs.get(name, ())))
        ]
        if own not in order:
            raise refused(f"the task {task}, which is not one of the cluster {jobs}")
        workers = tuple(jobs[name][number] for name, number in order)
        for address in workers:
            host, _, port = address.rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) < 65536:
                raise refused(f"the address {address!r}")
        if len(set(workers)) < len(workers):
            raise refused(f"one address twice: {', '.join(workers)}")
        return cls(workers, order.index(own))


def export_slurm(environment: Mapping[str, str], port: int = 8470) -> str | None:
    """The `TF_CONFIG` of a Slurm step with several tasks, one worker each; None outside of one.

    Raises:
        ConfigError: if Slurm's variables do not fit together.
    """
    if int(environment.get("SLURM_STEP_NUM_TASKS") or 1) < 2:
        return None
    import tensorflow as tf

    try:
        resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
            port_base=port, auto_set_gpu=False, gpus_per_node=1024, gpus_per_task=1
        )
        workers = resolver.cluster_spec().as_dict()["worker"]
    except (KeyError, ValueError, RuntimeError) as error:
        raise ConfigError(f"Expected the variables of a Slurm step (start it with srun). Received: {error}") from None
    return json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": resolver.task_id}})


def check_port(address: str) -> None:
    """Raise `ConfigError` if something already listens where this worker is to listen."""
    port = int(address.rpartition(":")[2])
    with socket.socket(socket.AF_INET6 if socket.has_ipv6 else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            raise ConfigError(
                f"Expected port {port} of this machine to be free for this worker, {address}. Received: "
                f"{error.strerror}; is another training running with the same TF_CONFIG?"
            ) from None


@contextlib.contextmanager
def wait_for_workers(cluster: Cluster, seconds: float = APPEARANCE_SECONDS) -> Iterator[None]:
    """Ends the process with exit status 75 and a sentence if a worker has not appeared in time.

    TensorFlow waits inside for all workers, for ever and out of reach of exceptions; so a thread looks for them.
    """
    met = threading.Event()

    def look():
        deadline, missing = time.monotonic() + seconds, cluster.peers
        while missing and time.monotonic() < deadline:
            missing = {index: address for index, address in missing.items() if not _answers(address)}
            if met.wait(0.5):
                return
        if missing:
            names = ", ".join(f"worker {index} at {address}" for index, address in missing.items())
            print(
                f"error: Expected {len(cluster.workers)} workers within {seconds:.0f} seconds. This is worker "
                f"{cluster.index}; not reached: {names}. Has it been started, with the same TF_CONFIG and a task of "
                "its own, and may this machine connect to it?",
                file=sys.stderr,
                flush=True,
            )
            os._exit(LostWorkerError.status)

    thread = threading.Thread(target=look, name="appearing", daemon=True)
    thread.start()
    try:
        yield
    finally:
        met.set()


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=2.0):
            return True
    except OSError:
        return False


# ---------------------------------------------------------------------------------------------------------------------
# Agreement

#: What each worker shows the others: parts of SHA-256, small enough to stay exact, and its clock.
FINGERPRINT = ("configuration", "code", "packages", "clock")


def fingerprint(config: RunConfig) -> list[float]:
    """This worker's configuration, code, packages and clock, as numbers to compare; see `FINGERPRINT`."""
    from tfgen.runs.versions import versions

    sources = sorted(Path(__file__).parents[2].rglob("*.py"))
    return [
        _digest(json.dumps(config.to_dict(), sort_keys=True).encode()),
        _digest(b"".join(path.read_bytes() for path in sources)),
        _digest(json.dumps(versions(), sort_keys=True).encode()),
        time.time(),
    ]


def _digest(content: bytes) -> float:
    return float(int.from_bytes(hashlib.sha256(content).digest()[:5], "big"))


def compare(cluster: Cluster, prints: Sequence[Sequence[float]]) -> list[str]:
    """Check the fingerprints of all workers, [workers][4]; returns warnings.

    Raises:
        ConfigError: naming the workers that differ from the chief, and in what.
    """
    chief, warnings = prints[0], []
    for part, name in enumerate(FINGERPRINT[:-1]):
        if others := [index for index, shown in enumerate(prints) if shown[part] != chief[part]]:
            names = ", ".join(f"worker {index} ({cluster.workers[index]})" for index in others)
            raise ConfigError(
                f"Expected the same {name} on every worker. Different from worker 0 ({cluster.workers[0]}): {names}"
            )
    for index, shown in enumerate(prints):
        if abs(shown[-1] - chief[-1]) > CLOCK_SECONDS:
            warnings.append(
                f"the clock of worker {index} ({cluster.workers[index]}) is {shown[-1] - chief[-1]:+.0f} seconds from "
                "the chief's; nothing depends on it but the times in the logs"
            )
    return warnings
