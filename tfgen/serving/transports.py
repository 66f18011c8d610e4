"""Four protocols for requests to a server, with one interface: named arrays in, named arrays out.

| protocol | definition | servers |
|---|---|---|
| `rest` | TensorFlow Serving's REST API | TensorFlow Serving, `tfgen serve` |
| `grpc` | TensorFlow Serving's gRPC API, `PredictionService` | TensorFlow Serving |
| `v2` | the open inference protocol over HTTP | `tfgen serve` |
| `grpc-v2` | the open inference protocol over gRPC | `tfgen serve` |
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from tfgen.errors import ConfigError, TfgenError
from tfgen.serving.addresses import ADDRESSES

#: Seconds to wait for a response.
TIMEOUT = 60.0

_JSON = {"Content-Type": "application/json"}

#: Runs a signature on the server: (signature, input name → array) → output name → array. Raises `ServerError`.
Call = Callable[[str, Mapping[str, np.ndarray]], dict[str, np.ndarray]]


class ServerError(TfgenError):
    """The server cannot be reached or rejected the request. The message contains the server's own message."""


@contextlib.contextmanager
def connect(
    protocol: str, address: str | None = None, model: str = "model", version: int | None = None
) -> Iterator[Call]:
    """Connect to a server for the duration of the `with` block.

    Args:
        protocol: a protocol of the table above.
        address: "host:port"; for HTTP also a URL. Default: the protocol's entry of `ADDRESSES`.
        model: name of the model on the server.
        version: version of the model, None for the newest.

    Yields:
        A `Call`.

    Raises:
        ConfigError: if the protocol is unknown, or its package is not installed.

    Example:
        >>> with connect("rest") as call:
        ...     call("decode", {"latent": np.zeros((1, 20), np.float32)})["images"]
    """
    if protocol not in ADDRESSES:
        raise ConfigError(f"--protocol: expected one of {', '.join(ADDRESSES)}. Received: {protocol!r}")
    address = address or ADDRESSES[protocol]
    with contextlib.ExitStack() as connection:
        try:
            call = {"rest": _rest, "grpc": _grpc, "v2": _v2, "grpc-v2": _grpc_v2}[protocol](
                address, model, version, connection
            )
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"--protocol {protocol}: expected the packages of: pip install 'tfgen[serve]'. Received: {error}"
            ) from None
        yield call


# -- HTTP ------------------------------------------------------------------------------------------------------------


def _post(address: str, path: str, connection: contextlib.ExitStack) -> Callable[[dict], dict]:
    import requests

    url = (address if "://" in address else f"http://{address}").rstrip("/") + path
    session = connection.enter_context(requests.Session())
    # Ignore HTTP_PROXY and HTTPS_PROXY: the server is usually on this machine or in the local network.
    session.trust_env = False

    def post(body: dict) -> dict:
        try:
            # json.dumps writes NaN, which TensorFlow Serving reads. The `json` argument of requests rejects NaN.
            response = session.post(url, data=json.dumps(body), headers=_JSON, timeout=TIMEOUT)
        except requests.RequestException as error:
            raise ServerError(f"Expected a server at {url}. Received: {_cause(error)}") from None
        if not response.ok:
            raise ServerError(f"{url} responded {response.status_code}: {_message(response)}")
        try:
            return response.json()
        except ValueError:
            raise ServerError(f"Expected JSON from {url}. Received: {response.text[:200]!r}") from None

    return post


def _cause(error: Exception) -> str:
    reason = getattr(error.args[0], "reason", error) if error.args else error
    # urllib3's message is "<connection>: <reason>".
    return str(reason).rpartition(": ")[2] or type(error).__name__


def _message(response) -> str:
    try:
        return str(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        return response.text[:500] or response.reason


def _path(model: str, version: int | None) -> str:
    return model if version is None else f"{model}/versions/{version}"


def _rest(address: str, model: str, version: int | None, connection: contextlib.ExitStack) -> Call:
    post = _post(address, f"/v1/models/{_path(model, version)}:predict", connection)

    def call(signature, inputs):
        body = {"signature_name": signature, "inputs": {name: array.tolist() for name, array in inputs.items()}}
        outputs = post(body).get("outputs")
        if not isinstance(outputs, dict):
            # A response with a single output omits its name. The client requests images only.
            outputs = {"images": outputs}
        return {name: np.asarray(value, np.float32) for name, value in outputs.items()}

    return call


def _v2(address: str, model: str, version: int | None, connection: contextlib.ExitStack) -> Call:
    post = _post(address, f"/v2/models/{_path(model, version)}/infer", connection)

    def call(signature, inputs):
        tensors = [
            {"name": name, "shape": list(array.shape), "datatype": _datatype(array), "data": array.tolist()}
            for name, array in inputs.items()
        ]
        response = post({"parameters": {"signature_name": signature}, "inputs": tensors})
        return {
            output["name"]: np.asarray(output["data"], np.float32).reshape(output["shape"])
            for output in response["outputs"]
        }

    return call


def _datatype(array: np.ndarray) -> str:
    """Return the open inference protocol's name of an array's type. Text has the type BYTES."""
    return "BYTES" if array.dtype.kind == "U" else {"int32": "INT32", "float32": "FP32"}[array.dtype.name]


# -- gRPC ------------------------------------------------------------------------------------------------------------


def _send(method, request, address: str):
    import grpc

    try:
        return method(request, timeout=TIMEOUT)
    except grpc.RpcError as error:
        if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
            raise ServerError(f"Expected a server at {address}. Received: {error.details()}") from None
        raise ServerError(f"{address} responded {error.code().name}: {error.details()}") from None


def _channel(address: str, connection: contextlib.ExitStack):
    import grpc

    # gRPC's default limit of 4 MB is too small for 64 images of more than 128 × 128 grey pixels.
    return connection.enter_context(grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", -1)]))


def _grpc(address: str, model: str, version: int | None, connection: contextlib.ExitStack) -> Call:
    from tfgen.startup import start_tensorflow

    start_tensorflow(probability=False)
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    stub = prediction_service_pb2_grpc.PredictionServiceStub(_channel(address, connection))

    def call(signature, inputs):
        request = predict_pb2.PredictRequest()
        request.model_spec.name = model
        request.model_spec.signature_name = signature
        if version is not None:
            request.model_spec.version.value = version
        for name, array in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
        response = _send(stub.Predict, request, address)
        return {name: tf.make_ndarray(tensor) for name, tensor in response.outputs.items()}

    return call


def _grpc_v2(address: str, model: str, version: int | None, connection: contextlib.ExitStack) -> Call:
    from kserve import InferInput, InferRequest, InferResponse
    from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub

    stub = GRPCInferenceServiceStub(_channel(address, connection))
    named = None if version is None else str(version)

    def call(signature, inputs):
        tensors = []
        for name, array in inputs.items():
            tensors.append(InferInput(name, list(array.shape), _datatype(array)))
            tensors[-1].set_data_from_numpy(np.char.encode(array, "utf-8") if array.dtype.kind == "U" else array)
        request = InferRequest(model, tensors, parameters={"signature_name": signature}, model_version=named)
        response = InferResponse.from_grpc(_send(stub.ModelInfer, request.to_grpc(), address))
        return {output.name: output.as_numpy() for output in response.outputs}

    return call
