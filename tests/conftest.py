"""Shared by all tests: real data that is always there, and small runs."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import functools
import gc
import shutil
import sys
import typing
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from tfgen.startup import set_environment

# The tests take the kernels of the programs that they start.
set_environment()

#: These files build `shelf` and `exported`, each in one worker, so that no worker waits for them later.
FIRST = ("app/handlers/test_handlers.py", "export/test_quantization.py")
#: Then comes what takes longest: a long file that comes last lets one worker wait for the other.
EARLY = (*FIRST, "training/", "models/", "app/", "export/", "mode_benchmark/", "ondevice/", "cli/")
TESTS = Path(__file__).parent
# Tracing makes many objects that stay. With Python's usual threshold of 700, searching them for garbage takes a tenth
# of the time of the tests.
gc.set_threshold(50_000, 20, 20)
# TensorFlow asks `isinstance` of runtime protocols 1,500 times a test. Python 3.11 lists a protocol's attributes each
# time. Python 3.12 lists them once.
if sys.version_info < (3, 12) and hasattr(typing, "_get_protocol_attrs"):
    typing._get_protocol_attrs = functools.cache(typing._get_protocol_attrs)


def slow_except(cases, *quick):
    """Return the cases for `parametrize`: the default suite runs the quick ones, and the others are slow."""
    assert {*quick} <= {*cases}
    return [case if case in quick else pytest.param(case, marks=pytest.mark.slow) for case in cases]


def pytest_collection_modifyitems(items):
    def place(item):
        name = item.path.relative_to(TESTS).as_posix() if item.path.is_relative_to(TESTS) else ""
        return next((i for i, start in enumerate(EARLY) if name.startswith(start)), len(EARLY))

    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def user_cache(tmp_path_factory):
    """A temporary cache folder for all tests and the programs that they start. Yields the user's own, which stays."""
    before = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        # The list of fonts, which takes seconds to make.
        patch.setenv("MPLCONFIGDIR", os.environ.get("MPLCONFIGDIR") or str(before / "matplotlib"))
        yield before


@pytest.fixture(scope="session")
def once(tmp_path_factory, worker_id):
    """A function from a name and a function that fills an empty folder, to that folder, which all workers share.

    The worker that asks first builds the folder, and the others wait. Tests read the folder or copy it.
    """

    def folder(name, build):
        if worker_id == "master":
            alone = tmp_path_factory.mktemp(name)
            build(alone)
            return alone
        shared = tmp_path_factory.getbasetemp().parent / "once"
        shared.mkdir(exist_ok=True)
        target, complete = shared / name, shared / f"{name}.complete"
        with FileLock(shared / f"{name}.lock"):
            if not complete.exists():
                # What a failed build left.
                shutil.rmtree(target, ignore_errors=True)
                target.mkdir()
                build(target)
                complete.touch()
        return target

    return folder


@pytest.fixture(scope="session")
def digits() -> np.ndarray:
    """scikit-learn's 1,797 digits, uint8 [n, 8, 8, 1] with 17 levels."""
    from tfgen.data import load

    return load("digits").train.examples


@pytest.fixture(scope="session")
def jacobian():
    """A function that returns the Jacobian of a map at one event as a float64 matrix, by autodiff."""

    import tensorflow as tf

    def of(function, event):
        # A copy of the event for each row: what is independent along the batch needs a single backward pass.
        size = event.size
        events = tf.constant(np.repeat(event[None], size, axis=0))
        with tf.GradientTape() as tape:
            tape.watch(events)
            values = tf.reshape(function(events), (size, size))
        rows = tape.gradient(values, events, output_gradients=tf.eye(size))
        return tf.reshape(rows, (size, size)).numpy().astype(np.float64)

    return of


# A small model of every family: name → family, options.
TINY_MODELS = {
    "vae-mlp": ("vae", {"hidden": (16,), "latent_dim": 3, "binarize": "dynamic"}),
    "vae-conv": ("vae", {"arch": "conv", "filters": 4, "latent_dim": 3, "binarize": "static"}),
    "vae-mixture": ("vae", {"hidden": (16,), "latent_dim": 3, "likelihood": "logistic_mixture", "mixtures": 2}),
    "vae-hierarchical": (
        "vae",
        {
            "arch": "hierarchical",
            "filters": 4,
            "latent_groups": 1,
            "latent_channels": 2,
            "likelihood": "color_logistic_mixture",
            "mixtures": 2,
        },
    ),
    "vae-flow-prior": (
        "vae",
        {"hidden": (16,), "latent_dim": 4, "prior": "flow", "prior_couplings": 2, "prior_hidden": (8,)},
    ),
    "gan": ("gan", {"generator_hidden": (16,), "discriminator_hidden": (16,), "latent_dim": 4}),
    "gan-dcgan": (
        "gan",
        {"arch": "dcgan", "filters": 4, "latent_dim": 4, "loss": "relativistic", "r1": 0.1, "r2": 0.1},
    ),
    "dropout-gan": (
        "dropout_gan",
        {"generator_hidden": (16,), "discriminator_hidden": (16,), "latent_dim": 4, "discriminators": 2},
    ),
    "mad-gan": (
        "mad_gan",
        {"generator_hidden": (16, 16), "discriminator_hidden": (16,), "latent_dim": 4, "generators": 4},
    ),
    "flow": (
        "flow",
        {
            "width": 8,
            "checkerboard": 0,
            "squeeze": (2,),
            "couplings": (1,),
            "autoregressive": True,
            "blocks": 1,
            "bins": 4,
            "dequantization": "variational",
        },
    ),
    "flow-transformers": (
        "flow",
        {
            "width": 8,
            "checkerboard": 0,
            "squeeze": (1,),
            "couplings": (0,),
            "transformers": 2,
            "heads": 2,
            "patch": 4,
            "dequantization": "gaussian",
        },
    ),
    "points": ("flow", {"hidden": (8,), "couplings": 2}),
}


@pytest.fixture(scope="session")
def tiny_data(digits):
    """Examples of a model: whole levels [n, 8, 8, 1], or points [n, 2]."""
    points = np.random.default_rng(0).standard_normal((256, 2)).astype(np.float32)
    return {name: points if name == "points" else digits[:256] for name in TINY_MODELS}


@pytest.fixture(scope="session")
def tiny_models(tiny_data):
    """A function from a name in `TINY_MODELS` to the model, trained for two epochs at first use."""
    made = {}

    def model(name):
        if name not in made:
            import keras

            from tfgen.models import family

            keras.utils.set_random_seed(0)
            kind, options = TINY_MODELS[name]
            shape, levels = ((2,), None) if name == "points" else ((8, 8, 1), 17)
            made[name] = family(kind)(shape, levels, **options)
            made[name].initialize_from(tiny_data[name][:64])
            made[name].compile(keras.optimizers.Adam(3e-3))
            made[name].fit(tiny_data[name], batch_size=64, epochs=2, verbose=0)
        return made[name]

    return model


@pytest.fixture(scope="session")
def tiny_run(tiny_models, once, tmp_path_factory):
    """A run whose model is the VAE with a mixture likelihood."""
    from tfgen.config.presets import run_config
    from tfgen.runs.run import Run

    def build(folder):
        config = run_config("vae", hidden=(16,), latent_dim=3, likelihood="logistic_mixture", mixtures=2)
        tiny_models("vae-mixture").save(Run.create_at(folder / "digits-vae-1", config).model_file)

    # A command may write into the folder of its run.
    own = tmp_path_factory.mktemp("runs") / "digits-vae-1"
    return Run.open(shutil.copytree(once("tiny-run", build) / own.name, own))


@pytest.fixture(scope="session")
def exported(tiny_run, once):
    """A folder with that run's model as a SavedModel and as TFLite in every kind of numbers."""

    def build(folder):
        from tfgen.export.pipeline import export

        export(
            tiny_run, ["saved_model", "tflite"], folder / "vae", quantize=["none", "float16", "dynamic-int8", "int8"]
        )

    return once("exports", build) / "vae"


#: Classes of `conditional_model`, and how often each occurs.
CLASSES, CLASS_FREQUENCIES = ("cat", "dog", "owl"), (0.5, 0.3, 0.2)


@pytest.fixture(scope="session")
def conditional_model():
    """An untrained VAE p(x|z, y) of one layer for 8×8 images of 17 levels. It stands for every conditional family."""
    import keras
    import tensorflow as tf

    from tfgen.config.schema import Options
    from tfgen.models.contract import GenerativeModel

    class NoOptions(Options):
        pass

    class OneLayerVAE(GenerativeModel):
        """q(z|x, y) = N(A (x, y), 1) and p(x|z, y) = N(σ(B (z, y)), 1), of which a constant is left out."""

        config_class = NoOptions
        latent_shape = (3,)
        # Single layers, which have no output layer of their own.
        feature_networks = ("encoder", "decoder")

        def _build_networks(self):
            self.encoder = keras.layers.Dense(3, name="encoder")
            self.decoder = keras.layers.Dense(64, name="decoder")
            self.encoder.build((None, 64 + len(self.classes)))
            self.decoder.build((None, 3 + len(self.classes)))

        def _with_label(self, values, label):
            label = self.labels_of(label, tf.shape(values)[0])
            return tf.concat([values, self.one_hot(label)], axis=1)

        def decode(self, latent, label=None):
            pixels = tf.sigmoid(4.0 * self.decoder(self._with_label(tf.convert_to_tensor(latent), label)))
            return tf.reshape(pixels, (-1, *self.event_shape))

        def encode(self, examples, label=None):
            return self.encoder(self._with_label(tf.reshape(tf.cast(examples, tf.float32), (-1, 64)), label))

        def log_prob_with(self, examples, rng, label=None):
            pixels = tf.cast(examples, tf.float32) / (self.levels - 1.0)
            latent = self.encode(pixels, label) + rng.normal("posterior", (tf.shape(pixels)[0], 3))
            return -tf.reduce_sum((pixels - self.decode(latent, label)) ** 2, axis=(1, 2, 3))

        def log_prob_given(self, examples, samples, seed, label):
            from tfgen import random

            with random.PerExampleRng(random.seeds_from(seed, len(examples))) as rng:
                return self.log_prob_with(examples, rng, label)

        def estimator(self, samples):
            return "elbo"

        def losses_of(self, examples, rng, training=False, label=None):
            return {"loss": -self.log_prob_with(examples, rng, label)}

    keras.utils.set_random_seed(1)
    return OneLayerVAE((8, 8, 1), 17, classes=CLASSES, class_frequencies=CLASS_FREQUENCIES)
