"""The same global batches give the same updates on one replica, two replicas of one process, and two processes.

Each strategy runs in processes of its own, because TensorFlow's collectives work for one strategy of a process only.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tfgen.ports import free_ports

ROOT = Path(__file__).parents[2]
PROGRAM = """
import pathlib, sys, tempfile
from tfgen.config import MachineConfig
from tfgen.training.distributed.strategy import make_strategy

kind, target, names = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
distribution = make_strategy(MachineConfig(virtual_cpus=2 if kind == "mirrored" else 1), 32)

import keras, numpy as np, tensorflow as tf
from tfgen.data import load
from tfgen.data.batches import Batches
from tfgen.data.sets import ImageSet
from tfgen.evaluation.likelihood import evaluate_likelihood
from tfgen.models import build
from tfgen.config.presets import run_config
from tfgen.training.loop import Loop
from tfgen.training.optimizers import make_optimizer

# SGD, because Adam would hide a gradient of the wrong size.
sgd = {"optimizer": "sgd", "schedule": "constant", "warmup": 0}
configs = {
    "vae": run_config("vae", hidden=(16,), latent_dim=3, ema=0.9, learning_rate=1e-3, clip_norm=50.0, **sgd),
    "gan": run_config("gan", generator_hidden=(16,), discriminator_hidden=(16,), generator_dropout=0.2,
                      learning_rate=0.05, **sgd),
    "gan-penalties": run_config("gan", arch="dcgan", filters=4, loss="relativistic", r1=0.5, r2=0.5, packing=2,
                                spectral_norm=True, learning_rate=0.05, **sgd),
    "gan-residual": run_config("gan", arch="residual", filters=4, loss="relativistic", r1=0.5, r2=0.5, ada_target=0.6,
                               differentiable_augmentation=("color", "translation", "cutout"), ada_images=1_000,
                               augmentation_probability=0.5, learning_rate=0.05, **sgd),
    "gan-wgan": run_config("gan", generator_hidden=(16,), discriminator_hidden=(16,), loss="wgan-gp",
                           discriminator_steps=2, discriminator_dropout=0.2, learning_rate=0.02, **sgd),
    "dropout-gan": run_config("dropout_gan", generator_hidden=(16,), discriminator_hidden=(16,), feedback_dropout=0.8,
                              learning_rate=0.05, **sgd),
    "mad-gan": run_config("mad_gan", generator_hidden=(16, 16), discriminator_hidden=(16,), generator_dropout=0.2,
                          learning_rate=0.05, **sgd),
    "flow": run_config("flow", width=8, checkerboard=2, squeeze=(2,), couplings=(2,), learning_rate=0.02,
                       clip_norm=1.0, **sgd),
    # Muon depends on the direction of the gradient only, which differs for a part of the batch.
    "muon": run_config("flow", width=16, checkerboard=0, squeeze=(2,), couplings=(2,), learning_rate=1e-3,
                       clip_norm=1.0, **{**sgd, "optimizer": "muon"}),
}
images, found = load("digits").train.examples[:150], {}
for name in names:
    config = configs[name]
    with distribution.strategy.scope():
        batches = Batches(images[:128], 32, seed=0)
        keras.utils.set_random_seed(0)
        model = build(config, (8, 8, 1), 17)
        model.compile(make_optimizer(config.train, 4), clip_norm=config.train.clip_norm)
        model.initialize_from(batches.at(0))
        start = np.concatenate([variable.numpy().ravel() for variable in model.trainable_variables])
        # Two replicas compile with XLA, one replica without.
        xla = name in ("vae", "gan-wgan") and kind != "one"
        folder = pathlib.Path(tempfile.mkdtemp())
        loop = Loop(model, batches, None, 3, folder, all_reduce_mean=distribution.all_reduce_mean, xla=xla)
    loop.run()
    found[name] = np.concatenate([variable.numpy().ravel() for variable in model.trainable_variables])
    found[name + " moved"] = np.abs(found[name] - start)
    if model.can("log_prob"):
        # Neither 21 nor 22 rows divide evenly by two replicas and by batches of 6.
        found[name + " validation"] = np.array(list(loop.evaluate(ImageSet(images[:21], 17)).values()))
        with distribution.strategy.scope():
            for samples in (1, 3):
                likelihood = evaluate_likelihood(model, images[:22], samples=samples, batch_size=6)
                found[f"{name} likelihood, k = {samples}"] = likelihood.nats
if distribution.is_chief:
    np.savez(target, **found)
print(distribution.description)
"""


# The VAE covers averages, clipping, XLA and likelihoods. The others add two optimizer steps, penalties and packing.
FEW = ("vae",)
OTHERS = ("flow", "gan", "gan-penalties", "gan-residual", "gan-wgan", "dropout-gan", "mad-gan", "muon")
SLOW = pytest.mark.slow


def start(kind: str, target: Path, names: Sequence[str], **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, kind, str(target), *names],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def result(target: Path, *processes: subprocess.Popen) -> tuple[dict[str, np.ndarray], str]:
    output = [process.communicate(timeout=400) for process in processes]
    assert all(process.returncode == 0 for process in processes), output[0][1][-3000:]
    with np.load(target) as arrays:
        return dict(arrays), output[0][0]


@pytest.fixture(scope="module", params=[FEW, pytest.param(OTHERS, marks=SLOW)], ids=["few", "others"])
def names(request):
    return request.param


@pytest.fixture(scope="module")
def one(names, tmp_path_factory):
    target = tmp_path_factory.mktemp("one") / "found.npz"
    return result(target, start("one", target, names))[0]


def assert_equal(found, expected) -> None:
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        if name.endswith(" moved"):
            assert values.max() > 1e-3, name
            continue
        if name == "muon":
            # Muon enlarges the smallest singular values of a gradient to the others, and the rounding errors in them.
            assert np.linalg.norm(found[name] - values) < 0.01 * np.linalg.norm(expected["muon moved"])
            continue
        # Weights have a tolerance of 1e-6. Nats are a hundred times as large and agree to six digits.
        tolerance = 1e-4 if name.startswith("muon ") else 1e-6
        np.testing.assert_allclose(found[name], values, rtol=tolerance, atol=1e-6, err_msg=name)


def test_two_replicas_of_one_process(names, one, tmp_path):
    found, output = result(tmp_path / "found.npz", start("mirrored", tmp_path / "found.npz", names))
    assert "CPU:0, CPU:1; 2 replicas" in output
    assert_equal(found, one)


@SLOW
def test_two_processes(names, one, tmp_path):
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
    tasks = [{"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}} for index in range(2)]
    target = tmp_path / "found.npz"
    found, output = result(target, *(start("workers", target, names, TF_CONFIG=json.dumps(task)) for task in tasks))
    assert "2 replicas in all" in output
    assert_equal(found, one)
