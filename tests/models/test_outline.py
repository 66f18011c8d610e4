"""The size of a model is counted without allocating its weights, and counting changes no later model."""

import keras
import numpy as np
import pytest

from tfgen.config.presets import run_config
from tfgen.errors import ConfigError
from tfgen.models import build
from tfgen.models.outline import count_activations, outline
from tfgen.models.weights import count_weights

MODELS = [
    ("vae", {"likelihood": "logistic_mixture"}),
    ("vae", {"arch": "hierarchical", "filters": 4}),
    ("vae", {"prior": "flow", "prior_couplings": 2}),
    ("gan", {"arch": "dcgan", "filters": 4, "spectral_norm": True, "packing": 2}),
    ("mad_gan", {"generators": 3}),
    ("flow", {"width": 8, "dequantization": "variational", "autoregressive": True}),
]


@pytest.mark.parametrize(("model", "options"), MODELS)
@pytest.mark.parametrize("classes", [(), ("a", "b", "c")], ids=["plain", "conditional"])
def test_the_outline_has_the_numbers_of_the_built_model(model, options, classes):
    if classes and model == "mad_gan":
        pytest.skip("a MAD-GAN has no classes")
    config = run_config(model, conditional=bool(classes), **options)
    built = build(config, (8, 8, 1), 17, classes)
    found = outline(config, (8, 8, 1), 17, classes)
    assert found.weights == count_weights(built.trainable_variables)
    assert found.activations == count_activations(built)


def test_a_model_far_larger_than_the_memory_is_counted():
    # 65,536² weights between the hidden layers alone are 17 GB in float32.
    config = run_config("vae", hidden=(65_536,) * 4)
    assert outline(config, (1024, 1024, 3)).weights > 4 * 10**11
    # The 1×1 convolution would be a matrix of 49,152 rows, 19 GB in float64.
    config = run_config("flow", squeeze=(128,), couplings=(1,), checkerboard=0)
    assert outline(config, (1024, 1024, 3)).weights > 2 * 10**9


@pytest.mark.slow
def test_counting_changes_neither_names_nor_weights_of_a_later_model():
    config = run_config("vae", arch="conv", filters=4)

    def weights():
        keras.utils.clear_session()
        keras.utils.set_random_seed(7)
        return build(config, (8, 8, 1), 17).weights

    expected = weights()
    keras.utils.clear_session()
    keras.utils.set_random_seed(7)
    outline(config, (8, 8, 1), 17)
    found = build(config, (8, 8, 1), 17).weights
    assert [variable.path for variable in found] == [variable.path for variable in expected]
    for variable, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(variable.numpy(), other.numpy())


def test_a_configuration_that_does_not_fit_is_refused_as_by_build():
    with pytest.raises(ConfigError, match="squeeze"):
        outline(run_config("flow", squeeze=(9,), couplings=(1,)), (8, 8, 1), 17)
