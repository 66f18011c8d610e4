import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_except
from tfgen.errors import ExportError
from tfgen.export import flatbuffer, parity, tflite
from tfgen.export.signatures import Signature, signatures
from tfgen.models.flow.gaussian_noise import add_gaussian_noise

# The other families add no operator to these.
FAMILIES = ("vae-mlp", "vae-conv", "vae-flow-prior", "vae-hierarchical", "flow", "flow-transformers", "points")


# `exported`, of which `test_pipeline.py` checks the files, compares a VAE.
@pytest.fixture(scope="module", params=slow_except(FAMILIES, "points"))
def converted(request, tiny_models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("converted")
    defined = signatures(tiny_models(request.param), batch=2)
    tflite.save_for_conversion(defined, folder / "saved_model")
    tflite.convert(str(folder / "saved_model"), list(defined), str(folder / "model.tflite"))
    flatbuffer.remove_unused_data(folder / "model.tflite")
    return request.param, folder / "model.tflite"


def test_every_signature_has_the_output_of_the_keras_model(converted, tiny_models, tiny_data):
    name, file = converted
    model = tiny_models(name)
    examples = tiny_data[name][:9] / np.float32(16) if model.is_image else tiny_data[name][:9]
    found = parity.compare(model, tflite.LiteModel(file), examples, "float32")
    assert set(found) == set(signatures(model))
    parity.check(name, found)


def test_all_operators_are_built_in(converted):
    _, file = converted
    found = flatbuffer.operators(file)
    assert {"RIGHT_SHIFT", "BITWISE_XOR", "COS"} < found
    assert not [name for name in found if name.startswith("CUSTOM")]


@pytest.mark.parametrize("temperature", [-1.0, np.nan, np.inf, 1e30])
def test_images_are_finite_for_every_temperature_and_seed(converted, temperature):
    seeds = np.asarray([-(2**31), 2**31 - 1, -1], np.int32)
    inputs = {"seed": seeds, "temperature": np.full(3, temperature, np.float32)}
    (found,) = tflite.LiteModel(converted[1]).run("sample", inputs).values()
    assert found.shape[0] == 3
    assert np.isfinite(found).all()


def test_the_message_names_an_operator_that_is_not_built_in(tmp_path):
    def noise(seed):
        return {"noise": tf.random.stateless_normal((1, 3), seed)}

    defined = {"noise": Signature({"seed": tf.TensorSpec((2,), tf.int32, "seed")}, noise)}
    tflite.save_for_conversion(defined, tmp_path / "saved_model")
    with pytest.raises(ExportError, match=r"operators that TFLite lacks, .*Random"):
        tflite.convert(str(tmp_path / "saved_model"), ["noise"], str(tmp_path / "model.tflite"))
    assert not (tmp_path / "model.tflite").exists()


@pytest.mark.slow
def test_the_density_of_gaussian_noise_of_many_levels_has_the_same_values(tmp_path):
    """With 256 levels, the sum over the levels is replaced by a distribution function."""
    specs = [tf.TensorSpec((None, 2, 3, 3)), tf.TensorSpec((None, 2, 3, 3))]
    noise = tf.function(lambda whole, normal: add_gaussian_noise(whole, normal, 256, 0.08), input_signature=specs)
    module = tf.Module()
    module.signature = tf.function(
        lambda whole, normal: dict(zip(("y", "log_density"), noise(whole, normal), strict=True)), input_signature=specs
    )
    tf.saved_model.save(module, tmp_path / "saved", signatures={"noise": module.signature})
    tflite.convert(str(tmp_path / "saved"), ["noise"], str(tmp_path / "noise.tflite"))
    generator = np.random.default_rng(0)
    inputs = {
        "whole": generator.choice([0.0, 128.0, 255.0], (4, 2, 3, 3)).astype(np.float32),
        "normal": (3.0 * generator.normal(size=(4, 2, 3, 3))).astype(np.float32),
    }
    found = tflite.LiteModel(tmp_path / "noise.tflite").run("noise", inputs)
    for name, expected in module.signature(**inputs).items():
        np.testing.assert_allclose(found[name], expected, atol=1e-5)
