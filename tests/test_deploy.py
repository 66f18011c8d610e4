"""The files for clusters, checked without a cluster."""

import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

import tfgen
from tfgen.cli.train_arguments import parse
from tfgen.runs.run import Run
from tfgen.training.distributed.cluster import Cluster

ROOT = Path(__file__).parents[1]
MANIFEST = ROOT / "deploy" / "kubernetes" / "tfjob.yaml"
SCRIPT = ROOT / "deploy" / "slurm" / "train.sbatch"


@pytest.fixture(scope="module")
def manifests():
    return {manifest["kind"]: manifest for manifest in yaml.safe_load_all(MANIFEST.read_text())}


def test_pod_and_claim_follow_the_schema_of_kubernetes(manifests):
    template = manifests["TFJob"]["spec"]["tfReplicaSpecs"]["Worker"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", **template, "metadata": {"name": "worker", **template["metadata"]}}
    version = kubernetes_validate.latest_version()
    for manifest in (pod, manifests["PersistentVolumeClaim"]):
        kubernetes_validate.validate(manifest, version, strict=True)
    broken = copy.deepcopy(pod)
    broken["spec"]["containers"][0]["image"] = 3
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, version, strict=True)


def test_the_job_has_the_fields_of_the_operator(manifests):
    job = manifests["TFJob"]
    assert job["apiVersion"] == "kubeflow.org/v1"
    assert set(job["spec"]) <= {"runPolicy", "successPolicy", "enableDynamicWorker", "tfReplicaSpecs"}
    assert set(job["spec"]["runPolicy"]) <= {
        "activeDeadlineSeconds",
        "backoffLimit",
        "cleanPodPolicy",
        "schedulingPolicy",
        "suspend",
        "ttlSecondsAfterFinished",
    }
    worker = job["spec"]["tfReplicaSpecs"]["Worker"]
    assert set(worker) == {"replicas", "restartPolicy", "template"}
    assert worker["restartPolicy"] == "OnFailure"
    (container,) = worker["template"]["spec"]["containers"]
    assert container["name"] == "tensorflow"
    assert container["ports"][0]["name"] == "tfjob-port"


def test_the_container_s_command_is_valid(manifests):
    worker = manifests["TFJob"]["spec"]["tfReplicaSpecs"]["Worker"]
    (container,) = worker["template"]["spec"]["containers"]
    arguments = parse(container["args"])
    assert arguments.config.train.batch_size % worker["replicas"] == 0
    assert arguments.machine.strategy == "multiworker"
    volumes = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert any(arguments.run.startswith(folder) for folder in volumes)
    # The operator sets this for worker 1.
    hosts = [f"tfgen-vae-worker-{index}.default.svc:2222" for index in range(2)]
    config = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": 1}, "environment": "cloud"}
    assert Cluster.from_environment({"TF_CONFIG": json.dumps(config)}) == Cluster(tuple(hosts), 1)


def test_the_image_has_the_version_and_the_files_of_the_package(manifests):
    version = tfgen.__version__
    image = manifests["TFJob"]["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]["containers"][0]["image"]
    recipe = (ROOT / "deploy" / "Dockerfile").read_text()
    assert image == f"tfgen:{version}"
    assert image in recipe
    copied = {name for line in re.findall(r"^COPY (.*) \S+$", recipe, re.M) for name in line.split()}
    assert {"pyproject.toml", "README.md", "tfgen"} <= copied
    assert all((ROOT / name).exists() for name in copied)


SRUN = """#!{python}
# A stand-in for srun: starts TASKS tasks on this host, with the environment variables of Slurm.
import os, subprocess, sys
assert sys.argv[1] == "--kill-on-bad-exit=1" and sys.argv[2] == "python"
tasks = int(os.environ["TASKS"])
step = {{"SLURM_STEP_NUM_TASKS": str(tasks), "SLURM_STEP_NODELIST": "localhost",
         "SLURM_STEP_TASKS_PER_NODE": str(tasks)}}
program = [{python!r}, *sys.argv[3:]]
processes = [subprocess.Popen(program, env={{**os.environ, **step, "SLURM_PROCID": str(i)}}) for i in range(tasks)]
sys.exit(max(process.wait() for process in processes))
"""


def batch(tmp_path: Path, srun: str, *options: str, **environment: str) -> subprocess.CompletedProcess:
    (tmp_path / "srun").write_text(srun)
    (tmp_path / "srun").chmod(0o755)
    return subprocess.run(
        [str(SCRIPT), *options],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_batch_script_trains_with_the_workers_of_a_step(tmp_path):
    line = "--model vae --hidden 8 --latent-dim 2 --train-size 128 --epochs 1 --no-evaluate-test"
    done = batch(tmp_path, SRUN.format(python=sys.executable), *line.split(), "--run", str(tmp_path / "run"), TASKS="2")
    assert done.returncode == 0, done.stderr
    assert "worker 1 of 2, localhost:8471; 2 replicas in all" in done.stdout
    assert Run.open(tmp_path / "run").metrics()[-1]["epoch"] == 1


@pytest.mark.parametrize(("status", "starts", "end"), [(0, 1, 0), (2, 1, 2), (3, 1, 3), (75, 4, 75), (137, 4, 75)])
def test_the_batch_script_restarts_after_a_temporary_failure(tmp_path, status, starts, end):
    srun = f"#!/bin/sh\necho started\nexit {status}\n"
    done = batch(tmp_path, srun, TFGEN_RESTARTS="3")
    assert done.stdout.count("started") == starts
    assert done.returncode == end


# -- images of the app and the server ----------------------------------------------------------------------------------


def instructions(path: Path) -> list[tuple[str, str]]:
    """(instruction, arguments) of a Dockerfile."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.M).replace("\\\n", " ")
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def command_of(stage: list[tuple[str, str]]) -> list[str]:
    """The words of a stage's ENTRYPOINT and CMD."""
    found = dict(stage)
    return [word for name in ("ENTRYPOINT", "CMD") for word in json.loads(found.get(name, "[]"))]


def stages(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Name of a stage → its instructions."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, rest in instructions(path):
        if name == "FROM":
            image, _, stage = rest.partition(" AS ")
            found[stage] = []
            assert image in found or re.fullmatch(r"(python:3\.1\d|node:\d\d)-slim", image)
        else:
            found[stage].append((name, rest))
    return found


def test_the_images_copy_files_that_exist():
    ignored = (ROOT / ".dockerignore").read_text().split()
    found = stages(ROOT / "Dockerfile")
    for stage in found.values():
        for name, rest in stage:
            if name != "COPY":
                continue
            *sources, _ = rest.split()
            if sources[0].startswith("--from="):
                assert sources[0].removeprefix("--from=") in found
                continue
            for source in sources:
                assert (ROOT / source).exists()
                assert f"!{source.split('/')[0]}" in ignored
    copied = {word for _, rest in found["wheel"] for word in rest.split()}
    assert {"pyproject.toml", "setup.py", "README.md", "LICENSE", "tfgen"} <= copied


@pytest.mark.parametrize("target", ["app", "server"])
def test_the_command_of_an_image_is_valid(target):
    from tfgen.cli import app, serve

    stage = stages(ROOT / "Dockerfile")[target]
    program, name, *arguments = command_of(stage)
    assert program == "tfgen"
    options = {"app": app, "serve": serve}[name].build_parser().parse_args(arguments)
    assert options.host == "0.0.0.0"
    found = dict(stage)
    assert found["EXPOSE"].split()[0] == str(options.port)
    assert f"http://127.0.0.1:{options.port}/health" in found["HEALTHCHECK"]
    assert found["USER"] == "10001"
    if name == "app":
        assert options.read_only


def test_the_space_is_one_of_hugging_face_that_runs_from_the_wheel():
    folder = ROOT / "deploy" / "space"
    _, front, text = (folder / "README.md").read_text().split("---\n", 2)
    settings = yaml.safe_load(front)
    assert settings["sdk"] == "docker"
    assert len(settings["short_description"]) <= 60
    assert text.strip()
    from tfgen.cli import app

    steps = instructions(folder / "Dockerfile")
    program, name, *arguments = command_of(steps)
    assert (program, name) == ("tfgen", "app")
    options = app.build_parser().parse_args(arguments)
    assert (options.host, options.port, options.read_only) == ("0.0.0.0", settings["app_port"], True)
    assert ("COPY", "tfgen-*.whl /wheels/") in steps
    assert ("USER", "1000") in steps


def test_prometheus_reads_the_metrics_of_the_server():
    from tfgen.cli import serve

    (job,) = yaml.safe_load((ROOT / "deploy" / "grafana" / "prometheus.yml").read_text())["scrape_configs"]
    assert job["metrics_path"] == "/metrics"
    port = serve.build_parser().parse_args(["DIR"]).port
    assert job["static_configs"] == [{"targets": [f"127.0.0.1:{port}"]}]
