import numpy as np

from tfgen.export import onnx, parity
from tfgen.export.signatures import signatures


def test_every_signature_has_the_output_of_the_keras_model(tiny_models, tmp_path, digits):
    model = tiny_models("vae-conv")
    assert onnx.write_onnx(signatures(model, batch=2), tmp_path / "onnx") == {}
    comparisons = parity.compare(model, onnx.OnnxModel(tmp_path / "onnx"), digits[:5] / np.float32(16), "float32")
    assert set(comparisons) == set(signatures(model))
    parity.check("onnx", comparisons)
