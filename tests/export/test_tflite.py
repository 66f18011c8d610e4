import json

import numpy as np
import pytest
import tensorflow as tf

from tfgen.errors import ExportError
from tfgen.export import parity, tflite
from tfgen.export.signatures import Signature, signatures

# The other families add no operator to these.
FAMILIES = ("vae-mlp", "vae-conv", "vae-flow-prior", "flow", "points")


@pytest.fixture(scope="module", params=FAMILIES)
def converted(request, tiny_models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("converted")
    asked = signatures(tiny_models(request.param), batch=2)
    tflite.save(asked, folder / "saved_model")
    tflite.convert(str(folder / "saved_model"), list(asked), str(folder / "model.tflite"))
    tflite.shrink(folder / "model.tflite")
    return request.param, folder / "model.tflite"


def test_every_signature_answers_as_the_keras_model(converted, tiny_models, tiny_data):
    name, file = converted
    model = tiny_models(name)
    examples = tiny_data[name][:9] / np.float32(16) if model.is_image else tiny_data[name][:9]
    found = parity.compare(model, tflite.LiteModel(file), examples, "float32")
    assert set(found) == set(signatures(model))
    parity.check(name, found)


def test_its_operators_are_built_in(converted):
    _, file = converted
    found = tflite.operators(file)
    assert {"RIGHT_SHIFT", "BITWISE_XOR", "COS"} < found
    assert not [name for name in found if name.startswith("CUSTOM")]


@pytest.mark.parametrize("temperature", [-1.0, np.nan, np.inf, 1e30])
def test_no_temperature_and_no_seed_makes_an_image_that_is_not_finite(converted, temperature):
    seeds = np.asarray([-(2**31), 2**31 - 1, -1], np.int32)
    inputs = {"seed": seeds, "temperature": np.full(3, temperature, np.float32)}
    (found,) = tflite.LiteModel(converted[1]).answer("sample", inputs).values()
    assert found.shape[0] == 3
    assert np.isfinite(found).all()


def test_an_operator_that_is_not_built_in_is_named(tmp_path):
    def noise(seed):
        return {"noise": tf.random.stateless_normal((1, 3), seed)}

    asked = {"noise": Signature({"seed": tf.TensorSpec((2,), tf.int32, "seed")}, noise)}
    tflite.save(asked, tmp_path / "saved_model")
    with pytest.raises(ExportError, match=r"operators that TFLite lacks, .*Random"):
        tflite.convert(str(tmp_path / "saved_model"), ["noise"], str(tmp_path / "model.tflite"))
    assert not (tmp_path / "model.tflite").exists()


@pytest.fixture(scope="module")
def report(exported):
    return json.loads((exported / "parity.json").read_text())["artefacts"]


def weights(file):
    """Bytes of the matrices of a file, each buffer counted once."""
    model = tflite.read(file)
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors if tensor.shape is not None]
    used = {tensor.buffer for tensor in tensors if len(tensor.shape) == 2 and min(tensor.shape) > 2}
    return sum(len(model.buffers[index].data) for index in used if model.buffers[index].data is not None)


@pytest.mark.parametrize(("name", "share"), [("float16", 0.5), ("dynamic-int8", 0.25), ("int8", 0.25)])
def test_a_quantized_file_has_smaller_weights(exported, report, name, share):
    file = exported / "tflite" / f"model-{name}.tflite"
    assert weights(file) == share * weights(exported / "tflite" / "model.tflite")
    assert report[f"tflite/{file.name}"]["bytes"] == file.stat().st_size


def test_signatures_share_the_weights(exported, tiny_models):
    # Seven signatures, of which five hold the decoder.
    own = sum(variable.numpy().nbytes for variable in tiny_models("vae-mixture").weights)
    assert weights(exported / "tflite" / "model.tflite") < 1.3 * own


@pytest.mark.parametrize("name", ["float16", "dynamic-int8", "int8"])
def test_the_report_tells_what_quantization_changes(report, name):
    found = report[f"tflite/model-{name}.tflite"]["statistics"]
    assert set(found) == {"sample_mean", "sample_std", "bits_per_dim"}
    for values in found.values():
        assert values["keras"] != values["export"]
        assert abs(values["export"] - values["keras"]) < 0.1 * abs(values["keras"])


def test_int8_computes_with_8_bits_and_dynamic_int8_with_scales_of_its_own(exported):
    def float_inputs(name):
        graph = tflite.read(exported / "tflite" / name).subgraphs[0]
        codes = tflite.read(exported / "tflite" / name).operatorCodes
        products = [o for o in graph.operators if codes[o.opcodeIndex].builtinCode == 9]  # FULLY_CONNECTED
        return {graph.tensors[o.inputs[0]].type for o in products}

    assert float_inputs("model-int8.tflite") == {9}  # int8
    assert float_inputs("model-dynamic-int8.tflite") == {0}  # float32
