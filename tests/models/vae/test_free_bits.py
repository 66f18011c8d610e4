"""Free bits: the formula on one replica, and the same gradient on two."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfgen.models.vae.free_bits import free_bits

PROGRAM = """
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
import numpy as np
from tfgen.models.vae.free_bits import free_bits
from tfgen.random import replica

# The replicas' means of the dimensions are on both sides of the allowance, the global means are not.
kl = tf.constant([[0.1, 1.0, 3.0, 0.3], [0.1, 1.0, 3.0, 0.3], [0.3, 2.0, 0.2, 0.9], [0.5, 2.0, 0.2, 0.9]])
ALLOWANCE = 0.5

def loss_and_gradient(rows):
    with tf.GradientTape() as tape:
        tape.watch(rows)
        loss = tf.reduce_mean(free_bits(rows, ALLOWANCE))
    return loss, tape.gradient(loss, rows)

one_loss, one_gradient = loss_and_gradient(kl)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])

@tf.function(autograph=False)
def step():
    def on_replica():
        _, index = replica()
        return loss_and_gradient(tf.reshape(kl, (2, 2, 4))[index])
    return strategy.run(on_replica)

loss, gradient = (strategy.experimental_local_results(value) for value in step())
np.testing.assert_allclose(np.mean(loss), one_loss, rtol=1e-6)
np.testing.assert_allclose(np.concatenate(gradient) / 2, one_gradient, rtol=1e-6)
np.testing.assert_allclose(one_loss, 0.5 + 1.5 + 1.6 + 0.6, rtol=1e-6)
print("equal")
"""


def test_each_dimension_costs_its_batch_mean_but_at_least_the_allowance():
    kl = tf.constant([[0.1, 2.0, 0.0], [0.3, 4.0, 0.9]])
    np.testing.assert_allclose(free_bits(kl, 0.5), [0.5 + 3.0 + 0.5] * 2, rtol=1e-6)


def test_a_dimension_below_the_allowance_has_no_gradient():
    kl = tf.constant([[0.1, 2.0], [0.3, 4.0]])
    with tf.GradientTape() as tape:
        tape.watch(kl)
        loss = tf.reduce_mean(free_bits(kl, 0.5))
    np.testing.assert_allclose(tape.gradient(loss, kl), [[0.0, 0.5], [0.0, 0.5]], atol=1e-7)


@pytest.mark.slow
def test_two_replicas_have_the_loss_and_the_gradient_of_one():
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[-2000:]
    assert "equal" in found.stdout
