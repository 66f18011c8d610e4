"""A running server: correct outputs for concurrent clients, and a message for every malformed request."""

import asyncio
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import requests

from tfgen.models import latent_paths
from tfgen.serving.client import Client
from tfgen.serving.server import _loop_factory
from tfgen.serving.transports import ServerError, connect

PREDICT, INFER = "/v1/models/model:predict", "/v2/models/model/infer"


def tensor(name, datatype, data, shape=None):
    return {"name": name, "datatype": datatype, "shape": shape or [len(data)], "data": data}


def address(server, protocol):
    return server.grpc if protocol.startswith("grpc") else server.http


@pytest.mark.parametrize("protocol", ["rest", "v2", "grpc-v2"])
def test_every_protocol_returns_the_picture_of_the_seed(server, vae, protocol):
    with Client(address(server, protocol), protocol) as client:
        np.testing.assert_allclose(client.sample(5, seed=7, temperature=0.5), vae.sample(5, 7, 0.5), atol=1e-6)
        path = client.interpolate(4, 3, 9)
    ends = vae.normal_noise([3, 9]).numpy()
    np.testing.assert_allclose(path, vae.decode(latent_paths.slerp(ends[0], ends[1], 4)[0]), atol=1e-5)


def test_concurrent_clients_each_receive_their_own_picture(server, vae):
    expected = vae.sample(64, seed=100).numpy()
    with Client(server.http) as client, ThreadPoolExecutor(8) as clients:
        pictures = list(clients.map(lambda seed: client.sample(1, seed)[0], range(100, 164)))
    np.testing.assert_allclose(pictures, expected, atol=1e-6)


def test_rows_are_returned_as_predictions(server, vae):
    body = {"instances": [{"seed": 4, "temperature": 1.0}]}
    # Without a JSON content type, as from `curl -d`. TensorFlow Serving accepts that too.
    response = requests.post(server.http + PREDICT, data=json.dumps(body), timeout=60)
    np.testing.assert_allclose(response.json()["predictions"], vae.sample(1, seed=4), atol=1e-6)


def test_the_open_protocol_describes_the_model(server):
    metadata = requests.get(server.http + "/v2/models/model", timeout=60).json()
    assert {"name": "seed", "datatype": "INT32", "shape": [-1]} in metadata["inputs"]
    assert metadata["outputs"] == [{"name": "images", "datatype": "FP32", "shape": [-1, 8, 8, 1]}]


@pytest.mark.parametrize("protocol", ["rest", "v2", "grpc-v2"])
def test_a_temperature_that_is_left_out_is_1(server, vae, protocol):
    with connect(protocol, address(server, protocol)) as call:
        pictures = call("sample", {"seed": np.arange(3, dtype=np.int32)})["images"]
    np.testing.assert_allclose(pictures, vae.sample(3, seed=0), atol=1e-6)


def test_the_metadata_are_those_of_tensorflow_serving(server):
    response = requests.get(server.http + "/v1/models/model/metadata", timeout=60)
    assert response.ok
    described = response.json()
    assert described["model_spec"] == {"name": "model", "signature_name": "", "version": "10"}
    sample = described["metadata"]["signature_def"]["signature_def"]["sample"]
    assert sample["inputs"]["seed"]["dtype"] == "DT_INT32"
    assert sample["inputs"]["seed"]["tensor_shape"] == {"dim": [{"size": "-1"}]}
    assert sample["method_name"] == "tensorflow/serving/predict"
    assert requests.get(server.http + "/v1/models/other/metadata", timeout=60).status_code == 404


MALFORMED = {
    "not JSON": (PREDICT, b"{nope", "JSON|request format"),
    "no body": (PREDICT, b"", "request format"),
    "not UTF-8": (PREDICT, b"\xff\xfe{}", "request format"),
    "deep": (PREDICT, b"[" * 100_000, "request format"),
    "a list": (PREDICT, [1], "Expected a JSON object"),
    "neither form": (PREDICT, {}, "Received: neither"),
    "a missing input": (PREDICT, {"inputs": {"temperature": [1]}}, "Expected the inputs seed, temperature"),
    "no input": (PREDICT, {"inputs": {}}, "Received: none"),
    "text": (PREDICT, {"inputs": {"seed": ["1"], "temperature": [1]}}, "expected integers"),
    "NaN": (PREDICT, b'{"inputs": {"seed": [1], "temperature": [NaN]}}', "request format"),
    "too large a number": (PREDICT, {"inputs": {"seed": [1], "temperature": [1e39]}}, "all finite"),
    "a wrong shape": (
        PREDICT,
        {"inputs": {"seed": [[1]], "temperature": [[1]]}},
        r"\[1 to 32\]. Received: shape \[1, 1\]",
    ),
    "ragged": (PREDICT, {"signature_name": "decode", "inputs": [[1, 2, 3], [1]]}, "unequal lengths"),
    "a giant batch": (PREDICT, {"inputs": {"seed": [1] * 33, "temperature": [1] * 33}}, r"Received: shape \[33\]"),
    "an unknown signature": (PREDICT, {"signature_name": "draw", "inputs": {}}, "expected one of bits_per_dim, decode"),
    "another model": ("/v1/models/other:predict", {"inputs": {}}, "other does not exist"),
    "another address": ("/v1/model:predict", {}, r"Expected /v1/models/NAME:predict"),
    "an explanation": ("/v1/models/model:explain", {"inputs": {}}, "no :explain"),
    "v2: not JSON": (INFER, b"{nope", "JSON"),
    "v2: deep": (INFER, b"[" * 100_000, "parsing the body"),
    "v2: no inputs": (INFER, {}, "inputs: Field required"),
    "v2: a missing input": (INFER, {"inputs": [tensor("temperature", "FP32", [1])]}, "Received: temperature"),
    "v2: fractions": (
        INFER,
        {"inputs": [tensor("seed", "INT32", [1.5]), tensor("temperature", "FP32", [1])]},
        "fractions",
    ),
    "v2: NaN": (
        INFER,
        b'{"inputs": [{"name": "seed", "shape": [1], "datatype": "INT32", "data": [1]},'
        b'{"name": "temperature", "shape": [1], "datatype": "FP32", "data": [NaN]}]}',
        "all finite",
    ),
    "v2: another type": (INFER, {"inputs": [tensor("seed", "INT64", [1])]}, "expected the datatype INT32"),
    "v2: no such type": (INFER, {"inputs": [tensor("n", "COMPLEX", [1])]}, "Received: n"),
    "v2: a shape that does not fit": (
        INFER,
        {"inputs": [tensor("seed", "INT32", [1], [2])]},
        r"shape \[2\]. Received: 1",
    ),
    "v2: a negative shape": (INFER, {"inputs": [tensor("seed", "INT32", [1], [-1])]}, r"data of shape \[-1\]"),
    "v2: a huge shape": (INFER, {"inputs": [tensor("seed", "INT32", [1], [10**18, 10**18])]}, "expected data"),
    "v2: a shape whose product wraps to 1": (
        INFER,
        {"inputs": [tensor("seed", "INT32", [1], [7, 7905747460161236407])]},
        r"shape \[7, 7905747460161236407\]. Received: 1 values",
    ),
    "v1: a missing version": ("/v1/models/model/versions/9:predict", {"inputs": {}}, "model/versions/9 does not exist"),
    "v2: a missing version": ("/v2/models/model/versions/9/infer", {"inputs": []}, "model/versions/9 does not exist"),
    "v2: unloading the model": ("/v2/repository/models/model/unload", {}, "chosen when the server starts"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_the_response_to_a_malformed_request_says_what_was_expected(server, case):
    path, body, message = MALFORMED[case]
    data = body if isinstance(body, bytes) else json.dumps(body)
    response = requests.post(server.http + path, data=data, headers={"Content-Type": "application/json"}, timeout=60)
    assert 400 <= response.status_code < 500
    assert list(response.json()) == ["error"]
    assert re.search(message, response.json()["error"])


@pytest.mark.parametrize("headers", [{"ce-specversion": "1.0"}, {"Inference-Header-Content-Length": "many"}])
def test_unsupported_headers_are_rejected(server, headers):
    headers = {"Content-Type": "application/octet-stream", **headers}
    response = requests.post(server.http + INFER, data=b"{}", headers=headers, timeout=60)
    assert response.status_code == 400
    assert "Expected" in response.json()["error"]


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_above_the_limit_is_rejected(server, announced):
    part = b" " * 2**20
    body = part * 33 if announced else (part for _ in range(33))
    try:
        response = requests.post(server.http + PREDICT, data=body, timeout=60)
    except requests.ConnectionError:
        # The server responded and closed the connection during the upload. It still serves other requests.
        assert requests.get(server.http + "/v2/health/live", timeout=60).ok
        return
    assert response.status_code == 413
    assert "Expected a request of 33554432 bytes or fewer" in response.json()["error"]


@pytest.mark.parametrize("protocol", ["rest", "v2", "grpc-v2"])
def test_the_client_reports_the_message_of_the_server(server, protocol):
    seed = {"seed": np.zeros(1, np.int32)}
    with connect(protocol, address(server, protocol)) as call:
        with pytest.raises(ServerError, match="expected one of bits_per_dim, decode"):
            call("draw", seed)
        with pytest.raises(ServerError, match=r"Expected the inputs seed, temperature .* Received: temperature"):
            call("sample", {"temperature": np.ones(1, np.float32)})
    with (
        connect(protocol, address(server, protocol), model="other") as call,
        pytest.raises(ServerError, match="other does not exist"),
    ):
        call("sample", seed)


def test_grpc_rejects_bytes_that_do_not_fit_the_declared_shape(server):
    import grpc
    from kserve.protocol.grpc.grpc_predict_v2_pb2 import ModelInferRequest
    from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub

    request = ModelInferRequest(model_name="model", raw_input_contents=[b"abc"])
    request.inputs.add(name="seed", datatype="INT32", shape=[1])
    with grpc.insecure_channel(server.grpc) as channel, pytest.raises(grpc.RpcError) as error:
        GRPCInferenceServiceStub(channel).ModelInfer(request, timeout=60)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "seed: expected data of shape [1]" in error.value.details()


def test_the_server_needs_no_uvloop(monkeypatch):
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        assert runner.run(asyncio.sleep(0, "done")) == "done"
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert _loop_factory() is None


def test_the_server_listens_on_the_local_address_by_default(server):
    assert server.http.startswith("http://127.0.0.1:")
    assert server.grpc.startswith("127.0.0.1:")
    assert server.process.poll() is None
