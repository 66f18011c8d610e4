import numpy as np
import pytest

from tests.conftest import slow_except
from tfgen.export import onnx, parity
from tfgen.export.signatures import signatures


# A GAN has the fewest signatures. The conversion of each takes a second or two.
@pytest.mark.parametrize("name", slow_except(["vae-conv", "gan"], "gan"))
def test_every_signature_has_the_output_of_the_keras_model(name, tiny_models, tmp_path, digits):
    model = tiny_models(name)
    assert onnx.write_onnx(signatures(model, batch=2), tmp_path / "onnx") == {}
    comparisons = parity.compare(model, onnx.OnnxModel(tmp_path / "onnx"), digits[:5] / np.float32(16), "float32")
    assert set(comparisons) == set(signatures(model))
    parity.check("onnx", comparisons)
