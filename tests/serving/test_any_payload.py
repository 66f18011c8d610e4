"""Whatever the body of a request is, the response is a result or one sentence, and never an error of the server."""

import json

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Each test sends thirty requests. Other tests have examples of wrong requests.
pytestmark = pytest.mark.slow
quickly = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
SIGNATURES = ["sample", "decode", "encode", "bits_per_dim", "interpolate", "serving_default", "draw"]
NAMES = ["seed", "temperature", "latent", "images", "position", "seed_from", "seed_to", "label", "n"]
numbers = st.integers() | st.integers(-5, 5) | st.floats() | st.sampled_from([2**31, 2**63, 2**64, 1e39])
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=12,
)
inputs = st.dictionaries(st.sampled_from(NAMES), values, max_size=4) | values
v1_bodies = (
    st.fixed_dictionaries({"signature_name": st.sampled_from(SIGNATURES) | values, "inputs": inputs})
    | st.fixed_dictionaries({"instances": st.lists(inputs, max_size=3) | values})
    | values
)
tensors = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES) | st.text(max_size=5),
        "datatype": st.sampled_from(["INT32", "FP32", "INT64", "BYTES", "BOOL", "COMPLEX", ""]),
        "shape": st.lists(st.integers(-2, 4) | st.sampled_from([2**31, 2**32, 2**62, 2**63]), max_size=4),
        "data": values,
    }
)
v2_bodies = (
    st.fixed_dictionaries(
        {
            "inputs": st.lists(tensors, max_size=3) | values,
            "parameters": st.fixed_dictionaries({"signature_name": st.sampled_from(SIGNATURES) | values}) | values,
        }
    )
    | values
)


def responds(url: str, body) -> None:
    """Post a body; fail on every response but a result or a sentence."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = requests.post(url, data=data, headers={"Content-Type": "application/json"}, timeout=60)
    answer = response.json()
    if response.status_code != 200:
        assert 400 <= response.status_code < 500, response.text
        assert list(answer) == ["error"]
        assert answer["error"]
        assert "\n" not in answer["error"] and "Traceback" not in answer["error"]


@quickly
@given(v1_bodies)
def test_tensorflow_serving_json(server, body):
    responds(server.http + "/v1/models/model:predict", body)


@quickly
@given(v2_bodies)
def test_the_open_inference_protocol(server, body):
    responds(server.http + "/v2/models/model/infer", body)


@quickly
@given(st.binary(max_size=60), st.sampled_from(["/v1/models/model:predict", "/v2/models/model/infer"]))
def test_bytes(server, body, path):
    responds(server.http + path, body)


@pytest.mark.parametrize("rows", ["[1, 1]", "[" * 50 + "]" * 50])
def test_values_that_wrap_or_nest(server, rows):
    responds(server.http + "/v1/models/model:predict", f'{{"inputs": {{"seed": {rows}}}}}'.encode())
