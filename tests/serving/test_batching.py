"""Rows of several requests in one call of the graph: each has the bits that it has alone."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tfgen.serving import saved_model
from tfgen.serving.batching import BLOCK, in_blocks, probe, rows_are_exact
from tfgen.serving.saved_model import SavedModel


@pytest.fixture(scope="module")
def alone(exported):
    """The model, computing each call by itself."""
    model = SavedModel(exported)
    model.use_blocks(combine=False)
    return model


@pytest.fixture(scope="module")
def together(exported):
    """The model, combining calls of several threads."""
    model = SavedModel(exported)
    model.use_blocks(combine=True)
    return model


def rows(model, signature, count):
    """Random inputs of a signature."""
    inputs = probe(model.inputs(signature))
    repeats = -(-count // BLOCK)
    return {name: np.concatenate([array] * repeats)[:count] for name, array in inputs.items()}


def test_every_signature_is_computed_in_blocks(alone):
    assert {*alone.use_blocks(combine=False)} == {*alone.signatures}


@pytest.mark.parametrize("combine", [True, False])
def test_no_request_is_the_first_call_of_a_signature(exported, monkeypatch, combine):
    calls = []

    def recording(function):
        def made(*arguments):
            run = function(*arguments)

            def call(inputs):
                calls.append(len(next(iter(inputs.values()))))
                return run(inputs)

            return call

        return made

    for name in ("combined", "in_blocks"):
        monkeypatch.setattr(saved_model, name, recording(getattr(saved_model, name)))
    found = SavedModel(exported).use_blocks(combine)
    assert found and calls == [BLOCK] * len(found)


def test_requests_of_all_signatures_at_once_have_the_bits_that_they_have_alone(alone, together):
    requests = [
        (name, {key: array[row : row + 1] for key, array in rows(alone, name, BLOCK).items()})
        for name in alone.signatures
        for row in range(BLOCK)
    ]
    np.random.default_rng(0).shuffle(requests)
    with ThreadPoolExecutor(BLOCK) as clients:
        responses = list(clients.map(lambda request: together.call(*request), requests))
    for (name, inputs), response in zip(requests, responses, strict=True):
        for key, expected in alone.call(name, inputs).items():
            assert expected.tobytes() == response[key].tobytes(), (name, key)


@pytest.mark.parametrize("count", [1, 3, BLOCK, 37])
def test_a_row_does_not_depend_on_the_rows_of_its_request(alone, together, count):
    for name in ("sample", "encode", "bits_per_dim"):
        inputs = rows(alone, name, count)
        (expected,) = alone.call(name, inputs).values()
        (found,) = together.call(name, inputs).values()
        last = {key: array[-1:] for key, array in inputs.items()}
        (single,) = alone.call(name, last).values()
        assert expected.tobytes() == found.tobytes()
        assert expected[-1:].tobytes() == single.tobytes()


class Spec:
    shape = (None,)

    class dtype:
        is_integer = False


def test_every_call_has_the_rows_of_a_block():
    used = []

    def run(inputs):
        used.append(len(inputs["x"]))
        return {"y": 2 * inputs["x"]}

    x = np.arange(BLOCK + 3, dtype=np.float32)
    assert (in_blocks(run)({"x": x})["y"] == 2 * x).all()
    assert used == [BLOCK, BLOCK]


@pytest.mark.parametrize(
    ("output", "exact"),
    [(lambda x: 2 * x, True), (lambda x: x + np.arange(len(x)), False), (lambda x: x + x.mean(), False)],
)
def test_rows_that_depend_on_their_position_or_on_others_are_found(output, exact):
    assert rows_are_exact(lambda inputs: {"y": output(inputs["x"])}, {"x": Spec}) is exact
