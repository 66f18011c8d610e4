import numpy as np
import pytest
import tensorflow as tf

from tfgen.errors import ExportError
from tfgen.export import parity


class Answers:
    """An artefact that gives the model's own answers, with something added to those of one signature."""

    def __init__(self, model, names, wrong=None, by=0.0):
        self.names, self._model, self._wrong, self._by = names, model, wrong, by

    def answer(self, name, inputs):
        values = parity.reference(self._model, name, inputs)
        return {"images": values + self._by if name == self._wrong else values}


@pytest.mark.parametrize("by", [2e-5, np.nan, np.inf])
def test_a_signature_past_its_bound_fails_by_name(tiny_models, digits, by):
    model = tiny_models("gan")
    artefact = Answers(model, ["sample", "decode"], wrong="decode", by=by)
    found = parity.compare(model, artefact, digits[:4] / 16, "float32")
    assert found["sample"].max_error == 0.0
    with pytest.raises(ExportError, match=r"model\.x: .* Received: decode: max error .* intensity \(at most 1e-05\)$"):
        parity.check("model.x", found)


def test_equal_answers_pass(tiny_models, digits):
    model = tiny_models("gan")
    found = parity.compare(model, Answers(model, ["sample"]), digits[:4] / 16, "float32")
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


def test_the_ends_of_the_integers_are_asked_for(tiny_models, digits):
    seeds = parity.questions(tiny_models("gan"), digits[:6] / 16)["sample"]["seed"]
    assert {-(2**31), 2**31 - 1} <= set(seeds.tolist())
    assert len(seeds) == 6


def test_the_bound_of_a_well_conditioned_model_is_the_stated_one(tiny_models, digits):
    model = tiny_models("gan")
    assert parity.rounding(model.decode, model.prior_latents([1, 2]).numpy()) < 1e-6
    found = parity.compare(model, Answers(model, ["sample"]), digits[:4] / 16, "float32")
    assert found["sample"].bound == 1e-5


def test_the_bound_is_that_of_the_latents_in_question(tiny_models, digits, monkeypatch):
    model = tiny_models("vae-mlp")
    asked = parity.questions(model, digits[:4] / 16)
    steep = parity.latents_of(model, "interpolate", asked["interpolate"])
    # A model whose images jump where those latents are, and nowhere else.
    monkeypatch.setattr(parity, "rounding", lambda _, values: 0.01 if np.array_equal(values, steep) else 1e-7)
    names = ["sample", "interpolate", "decode", "reconstruct"]
    found = parity.compare(model, Answers(model, names), digits[:4] / 16, "float32")
    assert {name: found[name].bound for name in names} == {
        "sample": 1e-5, "interpolate": 0.02, "decode": 1e-5, "reconstruct": 1e-5
    }  # fmt: skip


@pytest.mark.parametrize("name", ["sample", "interpolate", "decode", "reconstruct"])
def test_answers_are_made_of_the_latents_in_question(name, tiny_models, digits):
    model = tiny_models("vae-mlp")
    inputs = parity.questions(model, digits[:4] / 16)[name]
    latents = parity.latents_of(model, name, inputs)
    np.testing.assert_array_equal(model.decode(latents), parity.reference(model, name, inputs))
    assert latents.shape == (4, *model.latent_shape)


def test_rounding_is_in_the_unit_of_the_output_and_no_more_than_a_unit_in_the_last_place_makes():
    values = np.linspace(1.0, 1.9, 50, dtype=np.float32).reshape(5, 10)
    found = parity.rounding(lambda x: tf.constant(x) * 1000.0, values)
    assert 1000.0 * 2.0**-23 <= found <= 1001.0 * 2.0**-23 + 1e-4
    assert parity.rounding(lambda x: tf.constant(x) * 1000.0, values, "latent") < 3e-7
