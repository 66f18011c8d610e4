import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_except
from tfgen.export import onnx, parity
from tfgen.export.signatures import Signature, signatures


# A GAN has the fewest signatures. The conversion of each takes a second or two.
@pytest.mark.parametrize("name", slow_except(["vae-conv", "gan"], "gan"))
def test_every_signature_has_the_output_of_the_keras_model(name, tiny_models, tmp_path, digits):
    model = tiny_models(name)
    assert onnx.write_onnx(signatures(model, batch=2), tmp_path / "onnx") == {}
    comparisons = parity.compare(model, onnx.OnnxModel(tmp_path / "onnx"), digits[:5] / np.float32(16), "float32")
    assert set(comparisons) == set(signatures(model))
    parity.check("onnx", comparisons)


def test_a_tensor_that_a_function_captures_is_a_constant_of_the_file_and_no_input(tmp_path):
    factor = tf.constant(3.0)
    signature = Signature({"x": tf.TensorSpec((2, 3), tf.float32, name="x")}, lambda x: {"y": x * factor})
    assert onnx.write_onnx({"scale": signature}, tmp_path / "onnx") == {}
    rows = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(onnx.OnnxModel(tmp_path / "onnx").run("scale", {"x": rows})["y"], 3.0 * rows)
