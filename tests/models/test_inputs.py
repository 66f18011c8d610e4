"""What would give a model a meaningless number is refused in one sentence that says what was expected."""

import numpy as np
import pytest
import tensorflow as tf

import tfgen
from tfgen.errors import ConfigError, UndefinedError
from tfgen.models.inputs import check_examples

SHAPE = r"\[n, 8, 8, 1\]"


@pytest.fixture(scope="module")
def models():
    made = {
        "vae": tfgen.VAE((8, 8, 1), 17, hidden=(8,), latent_dim=3),
        "flow": tfgen.Flow((8, 8, 1), 17, width=4, checkerboard=1, squeeze=(2,), couplings=(1,)),
        "gan": tfgen.GAN((8, 8, 1), 17, generator_hidden=(8,), discriminator_hidden=(8,), latent_dim=3),
        "points": tfgen.Flow((2,), None, couplings=2, hidden=(4,)),
        "conditional": tfgen.VAE((8, 8, 1), 17, hidden=(8,), classes=("cat", "dog")),
    }
    for model in made.values():
        model.compile("adam")
    return made


WRONG = {
    "floats of 0 to 16": (
        lambda x: x.astype(np.float32),
        r"floats in \[0, 1\], or integers from 0 to 16. Received: fl",
    ),
    "levels of 0 to 255": (lambda x: x * 15, r"integers from 0 to 16. Received: integers from 0 to 240"),
    "negative floats": (lambda x: x / -16.0, r"Received: floats from -1 to "),
    "nan": (lambda x: np.where(x > 8, np.nan, x / 16.0), r"Received: floats from nan to nan"),
    "one image": (
        lambda x: x[0],
        rf"shape {SHAPE}. Received: shape \[8, 8, 1\]. A single one needs a first axis: x\[N",
    ),
    "no channel": (lambda x: x[..., 0], rf"shape {SHAPE}. Received: shape \[\d+, 8, 8\]"),
    "none": (lambda x: x[:0], r"Received: shape \[0, 8, 8, 1\]"),
    "text": (lambda x: np.full(x.shape, "a"), r"expected numbers"),
    "lists of unequal length": (lambda x: [[0], [0, 1]], r"lists of unequal length"),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize(
    "method", ["encode", "log_prob", "bits_per_dim", "likelihood", "reconstruct", "fit", "evaluate"]
)
def test_examples_out_of_range_are_refused(method, wrong, models, digits):
    change, message = WRONG[wrong]
    settings = {"verbose": 0} if method in ("fit", "evaluate") else {}
    for name in ("vae", "flow"):
        with pytest.raises(ConfigError, match=message):
            getattr(models[name], method)(change(digits[:4]), **settings)


def test_lists_tensors_and_floats_are_the_same_examples(models, digits):
    vae, few = models["vae"], digits[:4]
    expected = vae.encode(few)
    for given in (few.tolist(), few.astype(np.int64), tf.constant(few), few / 16.0, (few / 16.0).tolist()):
        np.testing.assert_allclose(vae.encode(given), expected, rtol=1e-5)


def test_points_are_finite_and_of_the_model_s_dimension(models):
    flow = models["points"]
    assert flow.encode([[100.0, -3.0]]).shape == (1, 2)
    for wrong in ([[np.nan, 0.0]], [[np.inf, 0.0]]):
        with pytest.raises(ConfigError, match="points: expected finite numbers"):
            flow.log_prob(wrong)
    with pytest.raises(ConfigError, match=r"points: expected an array of shape \[n, 2\]. Received: shape \[1, 3\]"):
        flow.encode([[0.0, 0.0, 0.0]])


@pytest.mark.parametrize("name", ["vae", "flow", "gan", "points"])
def test_latents_have_the_shape_of_the_model_and_may_be_lists(name, models):
    model = models[name]
    (size,) = model.latent_shape
    latents = np.zeros((2, size))
    np.testing.assert_allclose(model.decode(latents.tolist()), model.decode(tf.zeros((2, size))))
    np.testing.assert_allclose(model.decode([[0] * size] * 2), model.decode(tf.zeros((2, size))))
    for wrong in (latents[0], latents[:, 1:], [[None] * size], [["a"] * size]):
        with pytest.raises(ConfigError, match=r"latents: expected"):
            model.decode(wrong)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": "16"}, "n: expected an integer from 1 to 2147483647. Received: '16'"),
        ({"n": 2.5}, "n: expected an integer"),
        ({"n": True}, "n: expected an integer"),
        ({"n": 2**31}, "n: expected an integer"),
        ({"n": 10**30}, "n: expected an integer"),
        ({"seed": "7"}, "seed: expected an integer. Received: '7'"),
        ({"seed": None}, "seed: expected an integer"),
        ({"temperature": "warm"}, "temperature: expected a finite number, 0 or more. Received: 'warm'"),
        ({"temperature": 1e39}, "temperature: expected a finite number"),
        ({"temperature": None}, "temperature: expected a finite number"),
        ({"label": "cat"}, "label: expected none"),
    ],
)
@pytest.mark.parametrize("method", ["sample", "sample_pixels"])
def test_arguments_of_sample_are_checked(method, arguments, message, models):
    with pytest.raises(ConfigError, match=message):
        getattr(models["vae"], method)(**arguments)


def test_numbers_of_numpy_and_tensorflow_are_numbers(models):
    vae = models["vae"]
    expected = vae.sample(2, seed=3, temperature=0.5)
    np.testing.assert_array_equal(vae.sample(np.int32(2), np.int64(3), np.float32(0.5)), expected)
    np.testing.assert_array_equal(vae.sample(tf.constant(2), tf.constant(3), tf.constant(0.5)), expected)


def test_calling_a_model_and_predict_reconstruct(models, digits):
    for name in ("vae", "flow"):
        model = models[name]
        expected = model.decode(model.encode(digits[:4]))
        for found in (model(digits[:4]), model.predict(digits[:4], verbose=0), model.reconstruct(digits[:4])):
            np.testing.assert_allclose(found, expected, atol=1e-4)
    with pytest.raises(UndefinedError, match="no encoder"):
        models["gan"](digits[:4])


@pytest.mark.parametrize("option", ["loss", "metrics", "loss_weights", "weighted_metrics"])
def test_a_loss_and_metrics_of_the_user_are_refused_and_not_ignored(option, models):
    with pytest.raises(ConfigError, match=f"{option}: expected none"):
        models["vae"].compile("adam", **{option: ["mse"]})


def test_labels_of_fit_are_indices_or_names_of_classes(models, digits):
    model = models["conditional"]
    model.fit(digits[:4], ["cat", "dog", "cat", "dog"], verbose=0)
    model.fit(digits[:4], [0, 1, 0, 1], verbose=0, validation_data=(digits[:4], [1, 1, 0, 0]))
    for wrong in ([0, 1, 2, 0], [-1, 0, 0, 0], [0, 1], ["cow"] * 4):
        with pytest.raises(ConfigError, match="label: expected"):
            model.fit(digits[:4], wrong, verbose=0)
    with pytest.raises(ConfigError, match=r"Expected pairs \(examples, labels\)"):
        model.fit(digits[:4], verbose=0)


def test_a_data_set_of_another_shape_is_refused_when_its_first_batch_is_traced(models, digits):
    batches = tf.data.Dataset.from_tensor_slices(digits[:4, ..., 0]).batch(2)
    with pytest.raises(ConfigError, match=SHAPE):
        models["vae"].fit(batches, verbose=0, shuffle=False)


def test_a_traced_function_checks_what_is_known():
    @tf.function(input_signature=[tf.TensorSpec((None, 8, 8, 1), tf.float32)])
    def traced(images):
        return tf.reduce_sum(check_examples(images, (8, 8, 1), 17))

    assert traced(tf.fill((1, 8, 8, 1), 100.0)) == 6400.0
    with pytest.raises(ConfigError, match=SHAPE):
        tf.function(lambda x: check_examples(x, (8, 8, 1), 17)).get_concrete_function(tf.TensorSpec((None, 8, 8)))
