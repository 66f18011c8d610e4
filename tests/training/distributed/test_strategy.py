"""The devices of the options are used; an error names the devices that exist."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from tfgen.config import MachineConfig
from tfgen.config.arguments import TrainArguments
from tfgen.config.presets import run_config
from tfgen.errors import ConfigError, RunError
from tfgen.ports import free_ports
from tfgen.training.distributed.cluster import Cluster
from tfgen.training.distributed.strategy import DistributionContext, make_strategy
from tfgen.training.open_run import check_shared_folder, create_run

ROOT = Path(__file__).parents[3]
LINE = "--model vae --hidden 8 --latent-dim 2 --batch-size 64 --train-size 128 --epochs 1"


def train(options: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *LINE.split(), *options.split()],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def cluster(*workers: str, index: int = 0) -> str:
    return json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})


@pytest.mark.slow
def test_virtual_devices_train_and_evaluate_together(tmp_path):
    done = train(f"--virtual-cpus 2 --run {tmp_path / 'run'}")
    assert done.returncode == 0, done.stderr
    assert "CPU:0, CPU:1; 2 replicas" in done.stdout
    assert "300 examples" in done.stdout
    alone = train(f"--run {tmp_path / 'alone'}")
    figures = [json.loads((tmp_path / run / "evaluation.json").read_text()) for run in ("run", "alone")]
    shared, single = (entry["likelihood"][0]["log_prob_nats"] for entry in figures)
    # Adam amplifies the last bits of gradients near zero; the two trainings agree to four digits.
    assert shared == pytest.approx(single, rel=1e-4), alone.stdout


@pytest.mark.slow
def test_a_batch_that_the_replicas_cannot_share_is_refused(tmp_path):
    done = train(f"--virtual-cpus 3 --out {tmp_path / 'runs'}")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "--batch-size: expected a multiple of 3, the number of replicas" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("machine", "environment", "message"),
    [
        ({"devices": ("GPU:7",)}, None, "--devices: expected some of CPU:0. Received: GPU:7"),
        ({"devices": ("CPU:0", "CPU:0")}, None, "expected each once"),
        ({"strategy": "multiworker"}, None, "TF_CONFIG"),
        ({}, "{", "TF_CONFIG: expected"),
        ({"virtual_cpus": 2}, cluster("a:1", "b:1"), "expected none with several workers"),
        ({"devices": ("CPU:0",)}, cluster("a:1", "b:1"), "expected none with several workers"),
    ],
)
def test_wrong_devices_and_clusters_are_refused(machine, environment, message, monkeypatch):
    if environment is not None:
        monkeypatch.setenv("TF_CONFIG", environment)
    with pytest.raises(ConfigError, match=message):
        make_strategy(MachineConfig(**machine), 64)


def test_a_cluster_of_one_worker_is_a_single_machine(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", cluster("a:1"))
    distribution = make_strategy(MachineConfig(), 64)
    assert distribution.cluster is None
    assert distribution.is_chief
    assert distribution.strategy.num_replicas_in_sync == 1
    assert distribution.all_reduce_mean([1.0, 2.0]) == [1.0, 2.0]
    assert distribution.gather([1.0, 2.0]) == [[1.0, 2.0]]


@pytest.mark.slow
def test_workers_of_other_configurations_are_refused(tmp_path):
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    line = [sys.executable, str(ROOT / "train.py"), *LINE.split(), "--run", str(tmp_path / "run")]
    processes = [
        subprocess.Popen(
            [*line, "--seed", str(index)],
            env={**os.environ, "TF_CONFIG": cluster(*addresses, index=index)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(2)
    ]
    for process in processes:
        _, error = process.communicate(timeout=120)
        assert process.returncode == 2, error
        assert "same configuration on every worker. Different from worker 0" in error
        assert "Traceback" not in error
    assert not (tmp_path / "run").exists()


def test_workers_need_a_folder_that_they_share(tmp_path):
    distribution = DistributionContext(tf.distribute.get_strategy(), ("CPU:0",), Cluster(("a:1", "b:1"), 1))
    with pytest.raises(ConfigError, match="--run: expected the run folder"):
        check_shared_folder(TrainArguments(run_config("vae")), None)
    object.__setattr__(distribution, "all_reduce_mean", list)
    with pytest.raises(RunError, match="a file system that all workers share"):
        create_run(TrainArguments(run_config("vae"), run=str(tmp_path / "elsewhere")), run_config("vae"), distribution)
