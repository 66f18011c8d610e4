import numpy as np
import pytest

from tfgen.export import reference


def test_the_smallest_and_the_largest_seed_are_among_the_test_inputs(tiny_models, digits):
    seeds = reference.test_inputs(tiny_models("gan"), digits[:6] / 16)["sample"]["seed"]
    assert {-(2**31), 2**31 - 1} <= set(seeds.tolist())
    assert len(seeds) == 6


@pytest.mark.parametrize("name", ["sample", "interpolate", "decode", "reconstruct"])
def test_the_output_is_decoded_from_the_latents(name, tiny_models, digits):
    model = tiny_models("vae-mlp")
    inputs = reference.test_inputs(model, digits[:4] / 16)[name]
    latents = reference.latents_of(model, name, inputs)
    np.testing.assert_array_equal(model.decode(latents), reference.keras_output(model, name, inputs))
    assert latents.shape == (4, *model.latent_shape)
