import json

import pytest

from tfgen.export import flatbuffer


@pytest.fixture(scope="module")
def report(exported):
    return json.loads((exported / "parity.json").read_text())["artefacts"]


def weights(file):
    """Return the bytes of the matrices in a file, each buffer counted once."""
    model = flatbuffer.read(file)
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors if tensor.shape is not None]
    used = {tensor.buffer for tensor in tensors if len(tensor.shape) == 2 and min(tensor.shape) > 2}
    return sum(len(model.buffers[index].data) for index in used if model.buffers[index].data is not None)


@pytest.mark.parametrize(("name", "share"), [("float16", 0.5), ("dynamic-int8", 0.25), ("int8", 0.25)])
def test_a_quantized_file_has_smaller_weights(exported, report, name, share):
    file = exported / "tflite" / f"model-{name}.tflite"
    assert weights(file) == share * weights(exported / "tflite" / "model.tflite")
    assert report[f"tflite/{file.name}"]["bytes"] == file.stat().st_size


def test_signatures_share_the_weights(exported, tiny_models):
    # Five of the seven signatures contain the decoder.
    own = sum(variable.numpy().nbytes for variable in tiny_models("vae-mixture").weights)
    assert weights(exported / "tflite" / "model.tflite") < 1.3 * own


@pytest.mark.parametrize("name", ["float16", "dynamic-int8", "int8"])
def test_the_report_holds_the_statistics_of_quantized_files(report, name):
    found = report[f"tflite/model-{name}.tflite"]["statistics"]
    assert set(found) == {"sample_mean", "sample_std", "bits_per_dim"}
    for values in found.values():
        assert values["keras"] != values["export"]
        assert abs(values["export"] - values["keras"]) < 0.1 * abs(values["keras"])


def test_int8_has_int8_activations_and_dynamic_int8_has_float32_ones(exported):
    def activation_types(name):
        graph = flatbuffer.read(exported / "tflite" / name).subgraphs[0]
        codes = flatbuffer.read(exported / "tflite" / name).operatorCodes
        products = [o for o in graph.operators if codes[o.opcodeIndex].builtinCode == 9]  # FULLY_CONNECTED
        return {graph.tensors[o.inputs[0]].type for o in products}

    assert activation_types("model-int8.tflite") == {9}  # int8
    assert activation_types("model-dynamic-int8.tflite") == {0}  # float32
