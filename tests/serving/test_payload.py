"""TensorFlow Serving's JSON in both of its forms."""

import numpy as np
import pytest

from tfgen.serving.payload import DEFAULT, inputs_of, response_to, signature_of
from tfgen.serving.saved_model import InputError

NAMES = ("seed", "temperature")


def test_rows_and_columns_give_the_same_inputs():
    rows = {"instances": [{"seed": 1, "temperature": 0.5}, {"seed": 2, "temperature": 1.0}]}
    columns = {"inputs": {"seed": [1, 2], "temperature": [0.5, 1.0]}}
    assert inputs_of(rows, NAMES) == inputs_of(columns, NAMES) == columns["inputs"]


def test_the_name_of_a_single_input_may_be_left_out():
    assert inputs_of({"instances": [[1, 2], [3, 4]]}, ["latent"]) == {"latent": [[1, 2], [3, 4]]}
    assert inputs_of({"inputs": [[1, 2]]}, ["latent"]) == {"latent": [[1, 2]]}


def test_a_request_without_a_signature_gets_the_default_signature():
    assert signature_of({"inputs": {}}) == signature_of({"inputs": {}, "signature_name": ""}) == DEFAULT
    assert signature_of({"inputs": {}, "signature_name": "decode"}) == "decode"


def test_a_response_has_the_form_of_its_request():
    images, nats = np.zeros((2, 1)), np.arange(2.0)
    assert response_to({"inputs": {}}, {"images": images})["outputs"] is images
    assert response_to({"instances": []}, {"images": images})["predictions"] is images
    assert set(response_to({"inputs": {}}, {"images": images, "nats": nats})["outputs"]) == {"images", "nats"}
    assert [row["nats"] for row in response_to({"instances": []}, {"images": images, "nats": nats})["predictions"]] == [
        0,
        1,
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "Expected a JSON object with 'instances' or 'inputs'. Received: an empty list"),
        (None, "Received: null"),
        ({}, "Expected either 'instances' or 'inputs'. Received: neither"),
        ({"instances": [1], "inputs": [1]}, "Received: both"),
        ({"inputs": [1], "signature": "decode"}, "Received also: signature"),
        ({"inputs": [1], "signature_name": 3}, "signature_name: expected text. Received: a number"),
        ({"instances": []}, "instances: expected a list of at least one row. Received: an empty list"),
        ({"instances": 3}, "Received: a number"),
        ({"instances": [1, 2]}, "instances: expected objects with seed, temperature. Received: a number"),
        ({"instances": [{"seed": 1}, 2]}, "instances: expected objects"),
        ({"instances": [{"seed": 1}, {"temperature": 2}]}, "Received: rows that differ"),
        ({"inputs": [1, 2]}, "inputs: expected an object with seed, temperature. Received: a list"),
    ],
)
def test_a_malformed_body_is_rejected_with_the_expected_form(body, message):
    def read():
        signature_of(body)
        inputs_of(body, NAMES)

    with pytest.raises(InputError) as error:
        read()
    assert message in str(error.value)
