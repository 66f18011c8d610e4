"""The devices of a training: one device, several devices of this machine, or several machines."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tfgen.config import MachineConfig
from tfgen.errors import ConfigError, LostWorkerError
from tfgen.training.distributed.cluster import Cluster, check_port, tf_config_of_slurm, wait_for_workers

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class DistributionContext:
    """A distribution strategy and its cluster.

    Attributes:
        strategy: everything with variables has to be created in its scope.
        devices: devices of this process, such as "GPU:0".
        cluster: the workers; None on a single machine.
    """

    strategy: "tf.distribute.Strategy"
    devices: tuple[str, ...]
    cluster: Cluster | None = None

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run. True on a single machine."""
        return self.cluster is None or self.cluster.is_chief

    def all_reduce_mean(self, values: Sequence[float]) -> list[float]:
        """Means of numbers over the workers.

        Every worker has to call this method with as many numbers, and waits for the others. All workers get the same
        result.
        """
        if self.cluster is None:
            return list(values)
        import tensorflow as tf

        return [float(mean) for mean in self._mean(tf.constant([*map(float, values)], tf.float64)).numpy()]

    def gather(self, values: Sequence[float]) -> list[list[float]]:
        """Every worker's numbers, [workers][numbers]. Integers up to 2⁴⁰ are exact. See `all_reduce_mean`."""
        if self.cluster is None:
            return [list(values)]
        count = len(self.cluster.workers)
        rows = [0.0] * (count * len(values))
        start = self.cluster.index * len(values)
        # The mean over the workers of a number that only one worker has is that number divided by `count`.
        rows[start : start + len(values)] = [count * value for value in values]
        means = self.all_reduce_mean(rows)
        return [means[start : start + len(values)] for start in range(0, len(means), len(values))]

    @cached_property
    def _mean(self) -> Callable:
        import tensorflow as tf

        @tf.function(autograph=False)
        def mean(values):
            per_replica = self.strategy.run(lambda own: own, args=(values,))
            return self.strategy.reduce(tf.distribute.ReduceOp.MEAN, per_replica, axis=None)

        return mean

    @property
    def description(self) -> str:
        """The devices in one line."""
        devices, replicas = ", ".join(self.devices), self.strategy.num_replicas_in_sync
        if self.cluster is not None:
            index, count = self.cluster.index, len(self.cluster.workers)
            return f"{devices} of worker {index} of {count}, {self.cluster.address}; {replicas} replicas in all"
        return f"{devices}; {replicas} replicas" if replicas > 1 else devices


def make_strategy(machine: MachineConfig, batch_size: int) -> DistributionContext:
    """Make the strategy of the options `--strategy`, `--devices` and `--virtual-cpus`.

    Call this function before TensorFlow uses a device: virtual devices and clusters cannot be set up later.

    Args:
        machine: the options.
        batch_size: size of the global batch, which the replicas share evenly.

    Raises:
        ConfigError: if a device does not exist, options exclude each other, the replicas cannot share the batch,
            or `TF_CONFIG` has another format.
        PortInUseError: if another process listens on the worker's port.
        LostWorkerError: if the workers cannot connect.

    A worker that does not start ends the process; see `wait_for_workers`.
    """
    kind, cluster = machine.strategy, None
    if kind in ("auto", "multiworker"):
        cluster = _find_cluster()
        if cluster is None and kind == "multiworker":
            raise ConfigError(
                "--strategy multiworker: expected a cluster in the environment variable TF_CONFIG, or a start by "
                "Slurm's srun. Received: neither. On one machine: tfgen launch --workers 2 -- train …"
            )
        # One worker trains without TensorFlow's cluster.
        if cluster is not None and len(cluster.workers) == 1:
            cluster = None
            os.environ.pop("TF_CONFIG")
    distribution = _of_several_machines(machine, cluster) if cluster is not None else _of_this_machine(machine)
    replicas = distribution.strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise ConfigError(
            f"--batch-size: expected a multiple of {replicas}, the number of replicas that share the global batch. "
            f"Received: {batch_size}"
        )
    return distribution


def _find_cluster() -> Cluster | None:
    """The cluster of `TF_CONFIG`, or of Slurm, for which `TF_CONFIG` is set."""
    if not os.environ.get("TF_CONFIG", "").strip() and (slurm := tf_config_of_slurm(os.environ)) is not None:
        os.environ["TF_CONFIG"] = slurm
    return Cluster.from_environment(os.environ)


def _of_several_machines(machine: MachineConfig, cluster: Cluster) -> DistributionContext:
    import tensorflow as tf

    if machine.devices or machine.virtual_cpus > 1:
        raise ConfigError(
            "--devices, --virtual-cpus: expected none with several workers, each of which uses all of its GPUs or its "
            "CPU (CUDA_VISIBLE_DEVICES narrows them). Received: "
            + (
                f"--devices {' '.join(machine.devices)}"
                if machine.devices
                else f"--virtual-cpus {machine.virtual_cpus}"
            )
        )
    check_port(cluster.address)
    print(
        f"workers    {len(cluster.workers)}; this is worker {cluster.index} at {cluster.address}; waiting for all",
        flush=True,
    )
    with wait_for_workers(cluster):
        try:
            strategy = tf.distribute.MultiWorkerMirroredStrategy()
        except tf.errors.OpError as error:
            # Another process may have taken the port since the check, or a worker has ended while all wait for it.
            reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise LostWorkerError(
                f"Expected all {len(cluster.workers)} workers to connect. Received: {reason}. Start all workers again"
            ) from None
    devices = tuple(_short_name(device) for device in strategy.extended.worker_devices)
    return DistributionContext(strategy, devices, cluster)


def _of_this_machine(machine: MachineConfig) -> DistributionContext:
    import tensorflow as tf

    if machine.virtual_cpus > 1:
        _make_virtual_cpus(machine.virtual_cpus)
    gpus = [_short_name(device.name) for device in tf.config.list_logical_devices("GPU")]
    cpus = [_short_name(device.name) for device in tf.config.list_logical_devices("CPU")]
    default = cpus if machine.virtual_cpus > 1 else gpus or cpus
    devices = list(machine.devices or default)
    if unknown := [name for name in devices if name not in gpus + cpus]:
        raise ConfigError(f"--devices: expected some of {', '.join(gpus + cpus)}. Received: {', '.join(unknown)}")
    if len(set(devices)) < len(devices):
        raise ConfigError(f"--devices: expected each once. Received: {' '.join(devices)}")
    kind = machine.strategy
    if kind == "auto":
        kind = "mirrored" if len(devices) > 1 else "one"
    if kind == "mirrored":
        return DistributionContext(tf.distribute.MirroredStrategy(devices), tuple(devices))
    if len(machine.devices or ()) > 1:
        raise ConfigError(f"--strategy one: expected one device. Received: --devices {' '.join(devices)}")
    # TensorFlow places everything on the first device without a strategy.
    if devices[0] == (gpus or cpus)[0]:
        return DistributionContext(tf.distribute.get_strategy(), (devices[0],))
    return DistributionContext(tf.distribute.OneDeviceStrategy(devices[0]), (devices[0],))


def _make_virtual_cpus(count: int) -> None:
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
    except RuntimeError:
        raise ConfigError("--virtual-cpus: expected to be set before TensorFlow has used the CPU") from None


def _short_name(name: str) -> str:
    """ "/job:localhost/replica:0/task:0/device:GPU:1" → "GPU:1"."""
    return name.rpartition("device:")[2] if "device:" in name else name
