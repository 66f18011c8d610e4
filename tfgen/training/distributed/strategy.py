"""Where a training runs: on one device, several of this machine, or several machines."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tfgen.config import MachineConfig
from tfgen.errors import ConfigError
from tfgen.training.distributed.cluster import Cluster, check_port, export_slurm, wait_for_workers

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class DistributionContext:
    """A strategy and the cluster behind it.

    Attributes:
        strategy: everything with variables is made inside its scope.
        devices: of this process, such as "GPU:0".
        cluster: the workers, None on a single machine.
    """

    strategy: "tf.distribute.Strategy"
    devices: tuple[str, ...]
    cluster: Cluster | None = None

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run; always so on a single machine."""
        return self.cluster is None or self.cluster.is_chief

    def all_reduce_mean(self, values: Sequence[float]) -> list[float]:
        """The means of numbers over the workers, the same on all of them, who wait there for each other."""
        if self.cluster is None:
            return list(values)
        import tensorflow as tf

        return [float(mean) for mean in self._mean(tf.constant([*map(float, values)], tf.float64)).numpy()]

    def gather(self, values: Sequence[float]) -> list[list[float]]:
        """Every worker's numbers, in the order of the workers; integers up to 2⁴⁰ are exact."""
        if self.cluster is None:
            return [list(values)]
        count = len(self.cluster.workers)
        rows = [0.0] * (count * len(values))
        start = self.cluster.index * len(values)
        rows[start : start + len(values)] = [count * value for value in values]
        means = self.all_reduce_mean(rows)
        return [means[start : start + len(values)] for start in range(0, len(means), len(values))]

    @cached_property
    def _mean(self) -> Callable:
        import tensorflow as tf

        @tf.function(autograph=False)
        def mean(values):
            shown = self.strategy.run(lambda shown: shown, args=(values,))
            return self.strategy.reduce(tf.distribute.ReduceOp.MEAN, shown, axis=None)

        return mean

    @property
    def description(self) -> str:
        """A line for people."""
        devices, replicas = ", ".join(self.devices), self.strategy.num_replicas_in_sync
        if self.cluster is not None:
            index, count = self.cluster.index, len(self.cluster.workers)
            return f"{devices} of worker {index} of {count}, {self.cluster.address}; {replicas} replicas in all"
        return f"{devices}; {replicas} replicas" if replicas > 1 else devices


def make_strategy(machine: MachineConfig, batch_size: int) -> DistributionContext:
    """Choose the strategy that `--strategy`, `--devices` and `--virtual-cpus` ask for.

    To be called before TensorFlow has touched a device: neither the virtual devices nor the cluster can be set up
    later.

    Args:
        machine: the options.
        batch_size: of the global batch, which the replicas share evenly.

    Raises:
        ConfigError: on a device that does not exist, options that exclude each other, a batch that cannot be shared, a
            `TF_CONFIG` that cannot be understood, or a port in use. A worker that does not appear ends the process.
    """
    kind, cluster = machine.strategy, None
    if kind in ("auto", "multiworker"):
        cluster = _cluster()
        if cluster is None and kind == "multiworker":
            raise ConfigError(
                "--strategy multiworker: expected a cluster in the environment variable TF_CONFIG, or to be started by "
                "Slurm's srun. Received: neither. On one machine: tfgen launch --workers 2 -- train.py …"
            )
        # A cluster of one worker needs no cluster.
        if cluster is not None and len(cluster.workers) == 1:
            cluster = None
            os.environ.pop("TF_CONFIG")
    distribution = _workers(machine, cluster) if cluster is not None else _devices(machine)
    replicas = distribution.strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise ConfigError(
            f"--batch-size: expected a multiple of {replicas}, the number of replicas that share the global batch. "
            f"Received: {batch_size}"
        )
    return distribution


def _cluster() -> Cluster | None:
    if not os.environ.get("TF_CONFIG", "").strip() and (slurm := export_slurm(os.environ)) is not None:
        os.environ["TF_CONFIG"] = slurm
    return Cluster.from_environment(os.environ)


def _workers(machine: MachineConfig, cluster: Cluster) -> DistributionContext:
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
        f"workers    {len(cluster.workers)}, this is {cluster.index} at {cluster.address}; waiting for all", flush=True
    )
    with wait_for_workers(cluster):
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    return DistributionContext(strategy, tuple(_short(device) for device in strategy.extended.worker_devices), cluster)


def _devices(machine: MachineConfig) -> DistributionContext:
    import tensorflow as tf

    if machine.virtual_cpus > 1:
        cpu = tf.config.list_physical_devices("CPU")[0]
        try:
            tf.config.set_logical_device_configuration(
                cpu, [tf.config.LogicalDeviceConfiguration()] * machine.virtual_cpus
            )
        except RuntimeError:
            raise ConfigError("--virtual-cpus: expected to be set before TensorFlow has used the CPU") from None
    gpus = [_short(device.name) for device in tf.config.list_logical_devices("GPU")]
    cpus = [_short(device.name) for device in tf.config.list_logical_devices("CPU")]
    usual = cpus if machine.virtual_cpus > 1 else gpus or cpus
    devices = list(machine.devices or usual)
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
    # The first device is where TensorFlow puts everything anyway.
    if devices[0] == (gpus or cpus)[0]:
        return DistributionContext(tf.distribute.get_strategy(), (devices[0],))
    return DistributionContext(tf.distribute.OneDeviceStrategy(devices[0]), (devices[0],))


def _short(name: str) -> str:
    """ "/job:localhost/replica:0/task:0/device:GPU:1" → "GPU:1"."""
    return name.rpartition("device:")[2] if "device:" in name else name
