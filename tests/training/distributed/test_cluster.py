"""A cluster is read from the environment; its workers have to start in time and to agree."""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tfgen.config.presets import run_config
from tfgen.errors import ConfigError, PortInUseError
from tfgen.training.distributed.agreement import compare_fingerprints, fingerprint
from tfgen.training.distributed.cluster import Cluster, check_port, tf_config_of_slurm, wait_for_workers

ROOT = Path(__file__).parents[3]


def tf_config(cluster, task) -> dict[str, str]:
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}


def test_workers_and_chief_are_read_in_tensorflows_order():
    jobs = {"worker": ["b:1", "c:1"], "chief": ["a:1"]}
    found = Cluster.from_environment(tf_config(jobs, {"type": "worker", "index": 1}))
    assert found == Cluster(("a:1", "b:1", "c:1"), 2)
    assert not found.is_chief
    assert found.peers == {0: "a:1", 1: "b:1"}
    assert Cluster.from_environment(tf_config(jobs, {"type": "chief", "index": 0})).is_chief


@pytest.mark.parametrize("environment", [{}, {"TF_CONFIG": " "}, {"TF_CONFIG": "{}"}, tf_config({}, {})])
def test_no_cluster_is_none(environment):
    assert Cluster.from_environment(environment) is None


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"TF_CONFIG": "{"}, "Received: {"),
        ({"TF_CONFIG": "[]"}, r"Received: \[\]"),
        ({"TF_CONFIG": '{"cluster": {"worker": 3}}'}, "Received"),
        (tf_config({"worker": ["a:1"], "ps": ["b:1"]}, {"type": "worker", "index": 0}), "parameter server"),
        (tf_config({"worker": ["a:1"]}, {"type": "worker", "index": 1}), "not one of the cluster"),
        (tf_config({"worker": ["a:1"]}, {}), "not one of the cluster"),
        (tf_config({"worker": ["a"]}, {"type": "worker", "index": 0}), "the address 'a'"),
        (tf_config({"worker": ["a:70000"]}, {"type": "worker", "index": 0}), "the address 'a:70000'"),
        (tf_config({"worker": ["a:1", "a:1"]}, {"type": "worker", "index": 0}), "one address twice"),
    ],
)
def test_a_wrong_tf_config_is_refused(environment, message):
    with pytest.raises(ConfigError, match=message):
        Cluster.from_environment(environment)


def test_slurm_gives_a_cluster(monkeypatch):
    variables = {
        "SLURM_PROCID": "2",
        "SLURM_STEP_NUM_TASKS": "3",
        "SLURM_STEP_NODELIST": "node[07-08]",
        "SLURM_STEP_TASKS_PER_NODE": "2,1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = Cluster.from_environment({"TF_CONFIG": tf_config_of_slurm(variables)})
    assert found == Cluster(("node07:8470", "node07:8471", "node08:8470"), 2)
    assert tf_config_of_slurm({}) is None
    assert tf_config_of_slurm({"SLURM_NTASKS": "4"}) is None  # an allocation, not a step of it


def test_a_port_in_use_is_reported():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(PortInUseError, match=f"port {taken.getsockname()[1]} of this machine to be free"):
            check_port(address)
    check_port(address)


def test_a_worker_that_does_not_start_is_named():
    """The sleep stands for TensorFlow's wait, which an exception cannot interrupt either."""
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        there.listen()
        present = f"127.0.0.1:{there.getsockname()[1]}"
        program = (
            "import time\n"
            "from tfgen.training.distributed.cluster import Cluster, wait_for_workers\n"
            f"cluster = Cluster(('127.0.0.1:1', {present!r}, '127.0.0.1:9'), 0)\n"
            "with wait_for_workers(cluster, seconds=1.0): time.sleep(60)\n"
        )
        started = time.monotonic()
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 75
    assert "not reached: worker 2 at 127.0.0.1:9." in done.stderr
    assert "worker 1" not in done.stderr
    assert time.monotonic() - started < 50


def test_workers_that_start_in_time_are_not_ended():
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        there.listen()
        with wait_for_workers(Cluster(("127.0.0.1:1", f"127.0.0.1:{there.getsockname()[1]}"), 0), seconds=0.5):
            time.sleep(1.5)


def test_workers_have_to_agree():
    cluster = Cluster(("a:1", "b:1", "c:1"), 0)
    same = fingerprint(run_config("vae"))
    other = fingerprint(run_config("vae", latent_dim=3))
    assert compare_fingerprints(cluster, [same, same, same]) == []
    with pytest.raises(ConfigError, match=r"same configuration.*worker 1 \(b:1\)$"):
        compare_fingerprints(cluster, [same, other, same])
    with pytest.raises(ConfigError, match=r"same code.*worker 1 \(b:1\), worker 2"):
        compare_fingerprints(cluster, [same, [same[0], 1.0, *same[2:]], [same[0], 2.0, *same[2:]]])
    with pytest.raises(ConfigError, match=r"same packages"):
        compare_fingerprints(cluster, [same, same, [*same[:2], 1.0, same[3]]])
    (warning,) = compare_fingerprints(cluster, [same, same, [*same[:3], same[3] - 100]])
    assert "worker 2 (c:1) is -100 seconds" in warning
