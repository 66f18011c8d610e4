import numpy as np
import pytest
import tensorflow as tf

from tfgen.errors import ExportError
from tfgen.export import parity, reference


class KerasArtefact:
    """An artefact with the Keras model's own outputs, and an error added to the output of one signature."""

    def __init__(self, model, names, wrong=None, error=0.0):
        self.names, self._model, self._wrong, self._error = names, model, wrong, error

    def run(self, name, inputs):
        values = reference.keras_output(self._model, name, inputs)
        return {"images": values + self._error if name == self._wrong else values}


@pytest.mark.parametrize("error", [2e-5, np.nan, np.inf])
def test_an_error_above_the_bound_fails_with_the_name_of_the_signature(tiny_models, digits, error):
    model = tiny_models("gan")
    artefact = KerasArtefact(model, ["sample", "decode"], wrong="decode", error=error)
    found = parity.compare(model, artefact, digits[:4] / 16, "float32")
    assert found["sample"].max_error == 0.0
    with pytest.raises(ExportError, match=r"model\.x: .* Received: decode: max error .* intensity \(at most 1e-05\)$"):
        parity.check("model.x", found)


def test_equal_outputs_pass(tiny_models, digits):
    model = tiny_models("gan")
    found = parity.compare(model, KerasArtefact(model, ["sample"]), digits[:4] / 16, "float32")
    parity.check("model.x", found)
    assert list(found) == ["sample"]
    assert found["sample"].latency_ms > 0


def test_errors_are_in_the_units_of_the_outputs():
    expected = np.asarray([-700.0, -50.0])
    np.testing.assert_allclose(parity.errors("nats", expected + 0.7, expected, 64), [0.1, 0.7])
    per_bit = 64 * np.log(2)
    np.testing.assert_allclose(parity.errors("bits", (expected + 0.7) / per_bit, expected / per_bit, 64), [0.1, 0.7])
    np.testing.assert_allclose(parity.errors("images", np.full(1, 0.5), np.full(1, 0.25), 64), [0.25])
    np.testing.assert_allclose(
        parity.errors("latent", np.asarray([11.0, 0.1]), np.asarray([10.0, 0.0]), 64), [0.1, 0.1]
    )


def test_the_bound_of_a_well_conditioned_model_is_the_one_of_the_table(tiny_models, digits):
    model = tiny_models("gan")
    assert parity.conditioning(model.decode, model.prior_latents([1, 2]).numpy()) < 1e-6
    found = parity.compare(model, KerasArtefact(model, ["sample"]), digits[:4] / 16, "float32")
    assert found["sample"].bound == 1e-5


def test_the_bound_of_an_ill_conditioned_model_is_measured_at_the_test_inputs(tiny_models, digits, monkeypatch):
    model = tiny_models("vae-mlp")
    inputs = reference.test_inputs(model, digits[:4] / 16)
    steep = reference.latents_of(model, "interpolate", inputs["interpolate"])
    # A model whose images change steeply at those latents and nowhere else.
    monkeypatch.setattr(parity, "conditioning", lambda _, values: 0.01 if np.array_equal(values, steep) else 1e-7)
    names = ["sample", "interpolate", "decode", "reconstruct"]
    found = parity.compare(model, KerasArtefact(model, names), digits[:4] / 16, "float32")
    assert {name: found[name].bound for name in names} == {
        "sample": 1e-5, "interpolate": 0.02, "decode": 1e-5, "reconstruct": 1e-5
    }  # fmt: skip


def test_the_conditioning_is_the_effect_of_one_unit_in_the_last_place_in_the_unit_of_the_output():
    values = np.linspace(1.0, 1.9, 50, dtype=np.float32).reshape(5, 10)
    found = parity.conditioning(lambda x: tf.constant(x) * 1000.0, values)
    assert 1000.0 * 2.0**-23 <= found <= 1001.0 * 2.0**-23 + 1e-4
    assert parity.conditioning(lambda x: tf.constant(x) * 1000.0, values, "latent") < 3e-7
