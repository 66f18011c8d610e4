"""The workers of a training on several machines: their addresses, and the wait for all of them.

The cluster comes from the environment variable `TF_CONFIG`, which Kubernetes' TFJob, `tfgen launch` and most launchers
set, or from Slurm's environment variables. TensorFlow waits for a missing worker without a message. The checks here
report a missing worker within a minute.
"""

import contextlib
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tfgen.errors import ConfigError, LostWorkerError, PortInUseError

#: Seconds to wait for all workers. A slow start of Python and TensorFlow takes less.
WAIT_SECONDS = 45.0
#: Jobs of `TF_CONFIG` whose tasks are workers, in TensorFlow's order.
JOBS = ("chief", "master", "worker")


@dataclass(frozen=True)
class Cluster:
    """The workers of a training.

    Attributes:
        workers: address of each worker, "host:port". The first worker is the chief, the only one that writes the run.
        index: index of this process in `workers`.
    """

    workers: tuple[str, ...]
    index: int

    @property
    def is_chief(self) -> bool:
        """Whether this process is the chief."""
        return self.index == 0

    @property
    def address(self) -> str:
        """The address of this process."""
        return self.workers[self.index]

    @property
    def peers(self) -> dict[int, str]:
        """Index → address of the other workers."""
        return {index: address for index, address in enumerate(self.workers) if index != self.index}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Cluster | None":
        """Read the cluster from `TF_CONFIG`; None if the variable is not set or describes no cluster.

        Raises:
            ConfigError: if `TF_CONFIG` has another format, or asks for a parameter server, which tfgen does not have.
        """
        text = environment.get("TF_CONFIG", "")
        if not text.strip():
            return None
        try:
            entries = json.loads(text)
            jobs, task = entries.get("cluster") or {}, entries.get("task") or {}
            jobs = {str(name): tuple(map(str, addresses)) for name, addresses in jobs.items()}
        except (ValueError, AttributeError, TypeError):
            raise _format_error(text) from None
        if not jobs:
            return None
        if unknown := sorted(jobs.keys() - set(JOBS)):
            raise _format_error(
                f"a cluster with {', '.join(unknown)}; every worker trains, and the first also writes (a parameter "
                "server loses updates)"
            )
        own = (task.get("type"), task.get("index"))
        order: list[tuple] = [(name, number) for name in JOBS for number in range(len(jobs.get(name, ())))]
        if own not in order:
            raise _format_error(f"the task {task}, which is not one of the cluster {jobs}")
        workers = tuple(jobs[name][number] for name, number in order)
        _check_addresses(workers)
        return cls(workers, order.index(own))


def _check_addresses(workers: tuple[str, ...]) -> None:
    for address in workers:
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise _format_error(f"the address {address!r}")
    if len(set(workers)) < len(workers):
        raise _format_error(f"one address twice: {', '.join(workers)}")


def _format_error(received: str) -> ConfigError:
    return ConfigError(
        'TF_CONFIG: expected {"cluster": {"worker": ["host:port", …]}, "task": {"type": "worker", "index": 0}}'
        f". Received: {received}"
    )


def tf_config_of_slurm(environment: Mapping[str, str], port: int = 8470) -> str | None:
    """The `TF_CONFIG` of a Slurm step with several tasks, one worker each; None outside of such a step.

    Args:
        environment: the environment variables.
        port: of the first worker of each node; the next workers of the node take the next ports.

    Raises:
        ConfigError: if Slurm's variables are incomplete.
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
    """Raise `PortInUseError` if another process listens on the port of this worker's address."""
    port = int(address.rpartition(":")[2])
    with socket.socket(socket.AF_INET6 if socket.has_ipv6 else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            raise PortInUseError(
                f"Expected port {port} of this machine to be free for this worker, {address}. Received: "
                f"{error.strerror}; is another training running with the same TF_CONFIG?"
            ) from None


@contextlib.contextmanager
def wait_for_workers(cluster: Cluster, seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """End the process with exit status 75 and a sentence if a worker does not listen within `seconds`.

    The `with` block contains the TensorFlow call that waits for all workers. That call waits for ever and cannot be
    interrupted by an exception; a thread therefore tries to connect to each worker.
    """
    connected = threading.Event()

    def connect_to_all():
        deadline, missing = time.monotonic() + seconds, cluster.peers
        while missing and time.monotonic() < deadline:
            missing = {index: address for index, address in missing.items() if not _listens(address)}
            if connected.wait(0.5):
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
            os._exit(LostWorkerError.exit_status)

    threading.Thread(target=connect_to_all, name="wait-for-workers", daemon=True).start()
    try:
        yield
    finally:
        connected.set()


def _listens(address: str) -> bool:
    """Whether a process listens on the address."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=2.0):
            return True
    except OSError:
        return False
