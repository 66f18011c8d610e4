"""What the benchmark measures of tfgen: parts of a step, ceilings, and a process that is asked in turn."""

import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.ceilings import COPIED, MATRIX, ceilings
from benchmarks.networks import Network
from benchmarks.ours.loops import repeated
from benchmarks.ours.model import prepared
from benchmarks.ours.parts import parts
from benchmarks.process import Worker, WorkerError

TINY = Network("vae", "tutorial", {"hidden": (6,), "latent_dim": 2, "batch_size": 4}, (4, 4, 1))


def test_a_repeated_function_is_called_that_often_with_each_step():
    seen = tf.Variable(tf.zeros(5, tf.int64))

    def see(step):
        return seen.scatter_nd_add([[step]], [1])

    repeated(see)(3)
    np.testing.assert_array_equal(seen.numpy(), [1, 1, 1, 0, 0])


def test_operations_of_known_layers_are_counted():
    from tfgen.evaluation.cost import training_flops

    model, _ = prepared(TINY)
    # Weights of the dense layers: 16·6 + 6·4 + 2·6 + 6·16. Each is used by a product in the forward pass and by two in
    # the backward pass, except that the pictures need no gradient; a product has two operations for each weight.
    products = 2 * (3 * (16 * 6 + 6 * 4 + 2 * 6 + 6 * 16) - 16 * 6)
    counted = training_flops(model, 4)
    # The rest are biases, activations and losses.
    assert products < counted < 2 * products


def test_the_amounts_of_the_ceilings():
    found = ceilings(channels=4)
    assert found["product"].amount == 2 * MATRIX**3
    assert found["convolution"].amount == 2 * 128 * 14 * 14 * 9 * 4 * 4
    assert found["copy"].amount == 8 * COPIED


@pytest.mark.slow
@pytest.mark.parametrize("xla", [True, False])
def test_the_parts_leave_the_weights_unchanged(xla):
    gan = Network("gan", "quick", {"generator_hidden": (5,), "discriminator_hidden": (4,), "batch_size": 4}, (4, 4, 1))
    model, batches = prepared(gan)
    before = [variable.numpy() for variable in model.trainable_variables]
    for function in parts(model, batches, xla).values():
        function(2)
    for variable, value in zip(model.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
    assert int(model.optimizer.iterations.numpy()) == 0


@pytest.mark.slow
def test_a_process_is_calibrated_and_measured():
    with Worker("tfgen", "sampling", TINY) as worker:
        assert worker.facts["weights"] == 16 * 6 + 6 + 6 * 4 + 4 + 2 * 6 + 6 + 6 * 16 + 16
        assert worker.functions == ["sample", "compiled"]
        worker.calibrate("sample", 0.01)
        assert worker.measure("sample") > 0
        assert worker.largest_memory() > 50e6


@pytest.mark.slow
def test_a_process_that_fails_says_why():
    with pytest.raises(WorkerError, match="bogus"):
        Worker("tfgen", "training", Network("vae", "bogus"))
