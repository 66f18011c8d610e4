"""Features of an Inception network: the FID is that of a reference formula; missing weights are one sentence."""

import keras
import numpy as np
import pytest
import scipy.linalg

from tfgen import data
from tfgen.errors import DataError
from tfgen.evaluation import inception
from tfgen.evaluation.inception import InceptionFeatures, load_inception
from tfgen.evaluation.quality import evaluate_quality
from tfgen.evaluation.report import quality_summary
from tfgen.metrics.frechet import frechet_distance


def small_network():
    keras.utils.set_random_seed(0)
    image = keras.Input((299, 299, 3))
    hidden = keras.layers.Conv2D(6, 16, strides=16, activation="relu")(image)
    return keras.Model(image, keras.layers.GlobalAveragePooling2D()(hidden))


def reference_fid(first, second):
    """The formula of Heusel et al. as published implementations compute it, with the matrix square root of SciPy."""
    difference = first.mean(axis=0) - second.mean(axis=0)
    one, other = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    root = scipy.linalg.sqrtm(one @ other)
    return difference @ difference + np.trace(one + other - 2.0 * np.real(root))


@pytest.mark.parametrize(("n", "d"), [(500, 8), (300, 64), (40, 64)])
def test_the_frechet_distance_is_that_of_the_reference_implementation(n, d):
    generator = np.random.default_rng(n + d)
    mixing = generator.standard_normal((d, d))
    first = generator.standard_normal((n, d)) @ mixing
    second = np.abs(generator.standard_normal((n, d))) @ mixing + 0.3
    assert frechet_distance(first, second) == pytest.approx(reference_fid(first, second), rel=1e-5)


class RealImages:
    """A model whose samples are training images."""

    def __init__(self, images):
        self.images = images / np.float32(16)

    def can(self, method):
        return False

    def sample(self, n, seed, temperature):
        import tensorflow as tf

        return tf.constant(self.images[seed : seed + n])


def test_the_quality_in_these_features_is_reported_as_fid_with_the_name_of_the_network():
    dataset = data.load("digits")
    extractor = InceptionFeatures(small_network(), levels=17)
    entry = evaluate_quality(RealImages(dataset.train.images[300:]), dataset, extractor, count=60)
    real = extractor.classify(dataset.test.images[np.arange(60) * 300 // 60]).features
    fake = extractor.classify(dataset.train.images[300:360] / np.float32(16)).features
    assert entry.fid == pytest.approx(reference_fid(real, fake), rel=1e-3, abs=1e-7)
    assert entry.frechet_classifier_distance is None and entry.class_histogram is None
    assert entry.kid is not None and entry.real_reference.fid is not None
    text = quality_summary(entry)
    assert "FID" in text and "InceptionV3" in text and "KID" in text
    assert "classifier" not in text


def test_features_do_not_depend_on_the_type_of_the_pixels_and_grey_is_repeated_in_three_channels():
    extractor = InceptionFeatures(small_network(), levels=17)
    images = data.load("digits").train.images[:5]
    features = extractor.classify(images).features
    np.testing.assert_allclose(extractor.classify(images / np.float32(16)).features, features, rtol=1e-5)
    np.testing.assert_allclose(extractor.classify(np.repeat(images, 3, axis=-1)).features, features, rtol=1e-5)


def test_weights_that_cannot_be_loaded_are_told_in_one_sentence(monkeypatch, tmp_path):
    def fails(**settings):
        if settings["weights"] == "imagenet":
            raise Exception("URL fetch failure on https://host/file: None -- no network\nmore")
        return small_network()

    monkeypatch.setattr(inception.keras.applications, "InceptionV3", fails)
    with pytest.raises(DataError, match=r"URL fetch failure.*--features-file FILE") as caught:
        load_inception(256)
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="There is no file"):
        load_inception(256, tmp_path / "absent.h5")
    (tmp_path / "damaged.h5").write_bytes(b"no weights")
    with pytest.raises(DataError, match=r"expected the weights of keras\.applications.InceptionV3"):
        load_inception(256, tmp_path / "damaged.h5")


@pytest.mark.slow
@pytest.mark.parametrize("include_top", [False, True])
def test_weights_are_read_from_a_file_of_keras_with_or_without_the_classification_layer(tmp_path, include_top):
    keras.utils.set_random_seed(0)
    network = keras.applications.InceptionV3(include_top=include_top, weights=None)
    network.save_weights(tmp_path / "inception.weights.h5")
    found = load_inception(256, tmp_path / "inception.weights.h5")
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    assert found.classify(images).features.shape == (2, 2048)
