"""Conditional models classify by Bayes' rule, and a classifier checks the class of their samples."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfgen import data
from tfgen.cli.evaluate import main
from tfgen.cli.train import main as train_main
from tfgen.errors import ConfigError, UndefinedError
from tfgen.evaluation.class_samples import evaluate_class_samples
from tfgen.evaluation.classification import class_log_posteriors, measure_classification
from tfgen.evaluation.find_classifier import classifier_for
from tfgen.evaluation.likelihood import evaluate_likelihood
from tfgen.models.labels import Labels
from tfgen.runs.evaluations import read_entries
from tfgen.runs.run import Run


@pytest.fixture(scope="module")
def dataset():
    return data.load("digits")


@pytest.fixture(scope="module")
def classifier():
    return classifier_for("digits", (8, 8, 1), 17)


def test_the_classification_command_measures_bayes_rule_and_the_samples_of_each_class(conditional_run, capsys):
    run = conditional_run("vae")
    main([str(run.path), "--only", "classification", "--n", "300"])
    output = capsys.readouterr().out
    assert "Bayes' rule: accuracy" in output and "expected calibration error" in output
    assert "the classifier finds the requested class in" in output
    found = read_entries(run)
    (entry,), (samples,) = found["classification"], found["class_samples"]
    assert (entry.examples, entry.classes, entry.bins) == (300, 10, 15)
    model, test = run.load_model(), run.dataset.test
    best = model.class_log_posterior(test.images[:100], samples=1, seed=0).numpy().argmax(axis=1)
    posterior = class_log_posteriors(model, test.images)
    assert (posterior[:100].argmax(axis=1) == best).all()
    np.testing.assert_allclose(np.exp(posterior).sum(axis=1), 1.0, atol=1e-4)
    assert entry.accuracy == pytest.approx(np.mean(posterior.argmax(axis=1) == test.labels))
    # A model of a few epochs is better than chance.
    assert entry.accuracy > 0.3
    assert samples.classes == list("0123456789")
    assert samples.samples == sum(samples.samples_by_class) <= 300
    assert 0.0 <= samples.class_agreement <= 1.0 and samples.real_agreement > 0.95
    known = [value for value in samples.frechet_distance_by_class if value is not None]
    assert samples.mean_frechet_distance == pytest.approx(np.mean(known))


@pytest.mark.slow
def test_a_gan_has_samples_of_classes_and_no_bayes_rule(conditional_run, capsys):
    run = conditional_run("gan")
    main([str(run.path), "--only", "classification", "--n", "200"])
    output = capsys.readouterr().out
    assert "Bayes" not in output and "requested class" in output
    found = read_entries(run)
    assert "classification" not in found and len(found["class_samples"]) == 1
    with pytest.raises(UndefinedError, match="likelihood"):
        measure_classification(run)


@pytest.mark.slow
def test_everything_of_a_conditional_flow_is_measured(conditional_run, capsys):
    run = conditional_run("flow")
    main([str(run.path), "--n", "40", "--first", "40"])
    output = capsys.readouterr().out
    assert "bits/dim" in output and "given the class" in output and "largest |x − f(f⁻¹(x))|" in output
    found = read_entries(run)
    assert found["likelihood"][0].conditional is True
    assert found["inversion"][0].examples.largest < 1e-3
    assert found["classification"][0].examples == 40
    assert found["memorization"][0].pixels.samples_nearer_than_99_percent_of_heldout is not None


def test_a_model_without_classes_has_no_classification(tiny_run, capsys):
    with pytest.raises(SystemExit):
        main([str(tiny_run.path), "--only", "classification"])
    assert "needs a conditional model" in capsys.readouterr().err


@pytest.mark.slow
def test_the_likelihood_of_a_conditional_model_is_given_the_labels(conditional_run, dataset):
    model = conditional_run("vae").load_model()
    images, labels = dataset.test.images[:30], dataset.test.labels[:30]
    given = evaluate_likelihood(model, images, labels=labels, batch_size=30).nats
    np.testing.assert_allclose(given, model.log_prob(images, seed=0, label=labels), rtol=1e-4)
    # Most digits are more probable given their class than given another one.
    other = evaluate_likelihood(model, images, labels=(labels + 1) % 10, batch_size=30).nats
    assert np.mean(given > other) > 0.7
    # The marginal is a mean of p(x|y) over the classes.
    marginal = evaluate_likelihood(model, images, batch_size=30).nats
    by_class = [
        evaluate_likelihood(model, images, labels=np.full(30, label), batch_size=30).nats for label in range(10)
    ]
    expected = np.logaddexp.reduce(np.stack(by_class) + np.log(model.class_frequencies)[:, None], axis=0)
    np.testing.assert_allclose(marginal, expected, rtol=1e-4)


class GivenSamples(Labels):
    """A conditional model whose samples of a class are real images of class `label + shift`."""

    def __init__(self, images, labels, shift=0):
        self.images, self.of, self.shift = images / 16.0, labels, shift
        self.set_classes([str(label) for label in range(10)])

    def sample(self, n, seed, temperature, label):
        rows = [np.flatnonzero(self.of == (one + self.shift) % 10)[seed % 50] for one in label]
        return tf.constant(self.images[np.array(rows)], tf.float32)


def test_real_images_of_the_class_agree_and_those_of_another_class_do_not(dataset, classifier):
    train = dataset.train
    right = evaluate_class_samples(GivenSamples(train.images, train.labels), dataset, classifier, count=200)
    wrong = evaluate_class_samples(GivenSamples(train.images, train.labels, 1), dataset, classifier, count=200)
    assert right.class_agreement > 0.95 and min(right.agreement_by_class) > 0.7
    assert wrong.class_agreement < 0.05
    assert wrong.mean_frechet_distance > 1.5 * right.mean_frechet_distance


def test_a_classifier_of_other_classes_and_too_few_samples_are_refused(dataset, classifier):
    model = GivenSamples(dataset.train.images, dataset.train.labels)
    other = dataclasses.replace(classifier, card=dataclasses.replace(classifier.card, label_names=tuple("abcdefghij")))
    with pytest.raises(UndefinedError, match="whose classes are others"):
        evaluate_class_samples(model, dataset, other, count=200)
    with pytest.raises(ConfigError, match="at least one sample for each of 10 classes"):
        evaluate_class_samples(model, dataset, classifier, count=9)


def test_a_model_of_clusters_needs_no_labels(tmp_path, capsys):
    np.savez(tmp_path / "pictures.npz", images=data.load("digits").train.images[:200] * 15)
    run = tmp_path / "run"
    options = f"--model vae --preset quick --data {tmp_path / 'pictures.npz'} --conditional --clusters 5 --hidden 16"
    train_main([*options.split(), "--latent-dim", "3", "--epochs", "1", "--xla", "off", "--run", str(run)])
    assert "5: cluster 0, cluster 1" in capsys.readouterr().out
    model = Run.open(run).load_model()
    frequencies = Run.open(run).dataset.class_frequencies
    assert model.classes == tuple(f"cluster {k}" for k in range(5))
    np.testing.assert_allclose(model.class_frequencies, frequencies, atol=1e-6)
    assert model.sample(2, seed=0, label="cluster 3").shape == (2, 8, 8, 1)
    main([str(run), "--first", "10", "--n", "10"])
    output = capsys.readouterr().out
    assert "given the class" in output
    assert "not measured, because they are clusters of the pictures and not labels" in output
    assert set(read_entries(Run.open(run))) == {"likelihood", "memorization"}
    # Only where the user asks for them, are the clusters found by Bayes' rule.
    main([str(run), "--only", "classification", "--first", "10"])
    assert read_entries(Run.open(run))["classification"][0].classes == 5
