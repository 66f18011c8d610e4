"""The classes of a model, the forms of labels, and what follows from them for every family."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen import random
from tfgen.errors import ConfigError
from tfgen.models.labels import Labels


def labels(*names, frequencies=()):
    model = Labels()
    model.set_classes(names, frequencies)
    return model


ANIMALS = labels("cat", "dog", "owl")


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (1, [1, 1, 1, 1]),
        ("owl", [2, 2, 2, 2]),
        ("2", [2, 2, 2, 2]),
        (["owl", 0, "dog", 1], [2, 0, 1, 1]),
        (np.array([0, 1, 2, 0]), [0, 1, 2, 0]),
        (tf.constant([2, 1, 0, 2]), [2, 1, 0, 2]),
        ("each", [0, 1, 2, 0]),
        ([1], [1, 1, 1, 1]),
    ],
)
def test_labels_may_be_given_by_index_or_name_for_all_rows_or_for_each_row(label, expected):
    assert ANIMALS.labels_of(label, 4).numpy().tolist() == expected


@pytest.mark.parametrize("label", ["cta", 3, -1, "3", [0, 1], [[0], [1], [2], [0]], 1.5, [0.5] * 4, True, None])
def test_unknown_labels_are_refused_in_a_sentence(label):
    with pytest.raises(ConfigError, match=r"label: expected .* Received: "):
        ANIMALS.labels_of(label, 4)


def test_a_misspelt_class_gets_a_suggestion():
    with pytest.raises(ConfigError, match="Did you mean 'cat'"):
        ANIMALS.labels_of("cta", 4)


def test_a_model_without_classes_takes_no_label():
    assert labels().labels_of(None, 4) is None
    assert labels().labels_from_seeds(random.seeds_from(0, 3)) is None
    with pytest.raises(ConfigError, match="the model has no classes"):
        labels().labels_of(0, 4)


def test_a_class_may_be_called_each():
    assert labels("each", "other").labels_of("each", 3).numpy().tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("names", "frequencies"),
    [(["a"], ()), (["a", "a"], ()), (["a", "b"], (1.0,)), (["a", "b"], (0.0, 0.0)), (["a", "b"], (np.nan, 1.0))],
)
def test_classes_that_are_no_distribution_are_refused(names, frequencies):
    with pytest.raises(ConfigError, match="Received"):
        labels(*names, frequencies=frequencies)


def test_labels_of_seeds_follow_the_class_frequencies_and_each_seed_has_its_own():
    model = labels("a", "b", "c", "never", frequencies=(6, 3, 1, 0))
    drawn = model.labels_from_seeds(random.seeds_from(0, 20_000)).numpy()
    # Four standard errors of a frequency are 0.014.
    np.testing.assert_allclose(np.bincount(drawn, minlength=4) / 20_000, [0.6, 0.3, 0.1, 0.0], atol=0.014)
    np.testing.assert_array_equal(model.labels_from_seeds(random.seeds_from(100, 5)).numpy(), drawn[100:105])


def test_labels_of_seeds_are_independent_of_the_latents_of_the_seeds():
    seeds = random.seeds_from(0, 10_000)
    label = labels("a", "b").labels_from_seeds(seeds).numpy()
    latents = random.normal(seeds, 8).numpy()
    # Latents of the same random bits have another size or sign. The standard errors are 0.02 and 0.012.
    for values, bound in ((latents, 0.08), (np.abs(latents), 0.05)):
        assert np.abs(values[label == 0].mean(axis=0) - values[label == 1].mean(axis=0)).max() < bound


def test_frequencies_are_normalized_and_equal_without_numbers():
    assert labels("a", "b", frequencies=(3, 1)).class_frequencies == (0.75, 0.25)
    assert labels("a", "b").class_frequencies == (0.5, 0.5)


def test_weights_of_the_classes_may_take_the_place_of_labels():
    weights = tf.constant([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    found = ANIMALS.one_hot(ANIMALS.labels_of(weights, 2))
    np.testing.assert_array_equal(found, weights)
    np.testing.assert_array_equal(found[1], ANIMALS.one_hot(tf.constant([2]))[0])
    with pytest.raises(ConfigError, match=r"label: expected weights of 3 classes. Received: shape \[2, 2\]"):
        ANIMALS.labels_of(weights[:, :2], 2)
