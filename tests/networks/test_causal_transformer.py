"""The causal transformer, on whole sequences and element by element."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_except
from tfgen import random
from tfgen.networks import CausalTransformer

SEQUENCE = tf.constant(np.random.default_rng(1).normal(size=(3, 5, 2)).astype(np.float32))


def network(randomized, **options):
    return randomized(CausalTransformer(5, 2, 4, width=8, heads=2, **options))


@pytest.mark.parametrize("classes", [0, 3])
def test_elements_with_a_cache_give_the_same_parameters_as_the_whole_sequence(classes, randomized):
    transformer = network(randomized, classes=classes)
    one_hot = tf.one_hot([0, 2, 1], 3) if classes else None
    expected = transformer(SEQUENCE, one_hot)
    cache, previous = transformer.empty_cache(SEQUENCE), tf.zeros_like(SEQUENCE[:, :1])
    for index in range(5):
        found, cache = transformer.element_parameters(previous, cache, tf.constant(index), one_hot)
        np.testing.assert_allclose(found[:, 0], expected[:, index], atol=1e-5)
        previous = SEQUENCE[:, index : index + 1]


@pytest.mark.parametrize("classes", slow_except([0, 3], 3))
@pytest.mark.parametrize("size", slow_except([2, 3], 2))
def test_segments_give_the_same_parameters_as_the_whole_sequence(size, classes, randomized):
    sequence = tf.concat([SEQUENCE, SEQUENCE[:, :1]], axis=1)
    transformer = randomized(CausalTransformer(6, 2, 4, width=8, heads=2, layers=3, classes=classes))
    one_hot = tf.one_hot([0, 2, 1], 3) if classes else None
    expected = transformer(sequence, one_hot)
    past, previous = transformer.empty_cache(sequence, 6 - size), tf.zeros_like(sequence[:, :1])
    for index in range(6):
        if index % size == 0:
            first, cache = index, transformer.empty_cache(sequence, size)
        segment = {"past": past, "first": tf.constant(first)}
        found, cache = transformer.element_parameters(previous, cache, tf.constant(index), one_hot, **segment)
        np.testing.assert_allclose(found[:, 0], expected[:, index], atol=1e-5)
        previous = sequence[:, index : index + 1]
        if index % size == size - 1:
            past = transformer.extended(past, cache)
            assert {each.shape[2] for each in past} == {6 - size}


@pytest.mark.parametrize("index", [0, 2, 4])
def test_the_parameters_of_an_element_depend_on_all_earlier_elements_and_no_others(index, randomized):
    transformer = network(randomized)
    with tf.GradientTape() as tape:
        tape.watch(SEQUENCE)
        output = transformer(SEQUENCE)[:, index, 0]
    gradient = tape.gradient(output, SEQUENCE).numpy()
    np.testing.assert_array_equal(np.any(gradient != 0, axis=(0, 2)), np.arange(5) < index)


def test_a_new_network_returns_zeros():
    assert np.abs(CausalTransformer(5, 2, 4, width=8, heads=2)(SEQUENCE)).max() == 0.0


def test_the_class_changes_the_parameters_of_the_first_element_too(randomized):
    transformer = network(randomized, classes=2)
    first, second = (transformer(SEQUENCE, tf.one_hot([k] * 3, 2)).numpy() for k in (0, 1))
    assert np.abs(first - second).max(axis=(0, 2)).min() > 1e-3


def test_dropout_is_a_function_of_the_step_and_off_outside_of_training(randomized):
    transformer = network(randomized, dropout=0.5)

    def trained(step):
        with random.StepRng(0, step):
            return transformer(SEQUENCE, training=True).numpy()

    np.testing.assert_array_equal(trained(1), trained(1))
    assert np.abs(trained(1) - trained(2)).max() > 1e-3
    np.testing.assert_array_equal(transformer(SEQUENCE), transformer(SEQUENCE))


def test_a_factor_of_zero_on_the_logits_attends_to_all_earlier_elements_alike(randomized):
    """With equal weights, exchanging two earlier elements does not change what a later one reads from them."""
    transformer = network(randomized, layers=1)
    transformer.position.assign(tf.zeros_like(transformer.position))

    def last_parameters(order, scale):
        cache, previous = transformer.empty_cache(SEQUENCE), tf.zeros_like(SEQUENCE[:, :1])
        for index, source in enumerate([*order, 4]):
            found, cache = transformer.element_parameters(previous, cache, tf.constant(index), None, scale)
            previous = SEQUENCE[:, source : source + 1]
        return found

    first, second = [0, 1, 2, 3], [1, 0, 2, 3]
    np.testing.assert_allclose(last_parameters(first, 0.0), last_parameters(second, 0.0), atol=1e-5)
    flat, sharp = last_parameters(first, 0.0), last_parameters(first, 1.0)
    assert np.abs(flat - sharp).max() > 1e-4


def test_a_network_is_rebuilt_from_its_configuration(randomized):
    transformer = network(randomized, classes=2, layers=3)
    again = CausalTransformer.from_config(transformer.get_config())
    again.set_weights(transformer.get_weights())
    one_hot = tf.one_hot([0, 1, 1], 2)
    np.testing.assert_array_equal(again(SEQUENCE, one_hot), transformer(SEQUENCE, one_hot))
