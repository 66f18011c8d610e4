"""The same global batch gives the same update on one replica and on two.

Each case is a process of its own: TensorFlow's collectives do not survive a second strategy in one process.
"""

import subprocess
import sys

import pytest

PROGRAM = """
import contextlib, pathlib, sys, tempfile
import keras, numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tfgen.data import load
from tfgen.data.batches import Batches
from tfgen.models import build
from tfgen.presets import run_config
from tfgen.training.loop import Loop
from tfgen.training.optimizers import make_optimizer

# SGD: Adam would hide a gradient of the wrong size.
sgd = {"optimizer": "sgd", "schedule": "constant", "warmup": 0}
config = {
    "vae": run_config("vae", hidden=(16,), latent_dim=3, ema=0.9, learning_rate=1e-3, clip_norm=50.0, **sgd),
    "gan": run_config("gan", generator_hidden=(16,), discriminator_hidden=(16,), generator_dropout=0.2,
                      learning_rate=0.05, **sgd),
    "flow": run_config("flow", width=8, checkerboard=2, squeeze=(2,), couplings=(2,), learning_rate=0.02,
                       clip_norm=1.0, **sgd),
}[sys.argv[1]]
images = load("digits").train.examples[:128]
ends = []
for scope in (contextlib.nullcontext, tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope):
    with scope():
        batches = Batches(images, 32, seed=0)
        keras.utils.set_random_seed(0)
        model = build(config, (8, 8, 1), 17)
        model.compile(make_optimizer(config.train, 4), clip_norm=config.train.clip_norm)
        model.initialize_from(batches.at(0))
        start = [variable.numpy() for variable in model.trainable_variables]
        Loop(model, batches, images[:20], 3, pathlib.Path(tempfile.mkdtemp())).run()
        ends.append([variable.numpy() for variable in model.trainable_variables])
print("moved", max(np.abs(a - b).max() for a, b in zip(start, ends[0])))
print("apart", max(np.abs(a - b).max() for a, b in zip(*ends)))
"""


@pytest.mark.parametrize("model", ["vae", "gan", "flow"])
def test_one_replica_and_two_end_in_the_same_weights(model):
    done = subprocess.run([sys.executable, "-c", PROGRAM, model], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines()[-2:])}
    assert found["moved"] > 1e-3
    assert found["apart"] < 1e-6
