import numpy as np
import pytest

from export import parity
from tfgen.errors import ExportError


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
    assert parity.rounding(model, model.prior_latents([1, 2]).numpy()) < 1e-6
    found = parity.compare(model, Answers(model, ["sample"]), digits[:4] / 16, "float32")
    assert found["sample"].bound == 1e-5
