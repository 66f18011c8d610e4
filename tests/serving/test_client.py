"""The client with TensorFlow Serving's gRPC API, without a server, and with servers that respond incorrectly."""

import re
import socket
import subprocess
import sys
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from PIL import Image

from tfgen import ports
from tfgen.cli import client
from tfgen.cli import serve as server
from tfgen.plots.grid import image_grid
from tfgen.serving.transports import ServerError, connect


@pytest.fixture
def free_port():
    return ports.free_port()


def error_of(command, capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as stop:
        command.main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def prediction_service(exported):
    """TensorFlow Serving's gRPC service, implemented with the exported model."""
    grpc = pytest.importorskip("grpc")
    apis = pytest.importorskip("tensorflow_serving.apis.prediction_service_pb2_grpc")
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    from tfgen.serving.saved_model import InputError, SavedModel

    model = SavedModel(exported)

    class Service(apis.PredictionServiceServicer):
        def Predict(self, request, context):
            if request.model_spec.name != "model":
                context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {request.model_spec.name}")
            inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
            try:
                outputs = model.call(request.model_spec.signature_name, inputs)
            except InputError as error:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            response = predict_pb2.PredictResponse()
            for name, array in outputs.items():
                response.outputs[name].CopyFrom(tf.make_tensor_proto(array))
            return response

    running = grpc.server(futures.ThreadPoolExecutor(1))
    apis.add_PredictionServiceServicer_to_server(Service(), running)
    port = running.add_insecure_port("127.0.0.1:0")
    running.start()
    yield f"127.0.0.1:{port}"
    running.stop(None)


def test_a_grid_from_tensorflow_serving_shows_the_pictures_of_the_model(prediction_service, vae, tmp_path, capsys):
    path = tmp_path / "grid.png"
    client.main(["--protocol=grpc", f"--address={prediction_service}", "--n=70", "--seed=5", f"--out={path}"])
    assert "70 pictures, from seed 5" in capsys.readouterr().out
    expected = image_grid(vae.sample(70, seed=5).numpy())[..., 0]
    saved = np.asarray(Image.open(path))
    scale = len(saved) // len(expected)
    # A difference of 1e-7 can change the rounding to a byte.
    assert np.abs(saved[::scale, ::scale].astype(int) - expected).max() <= 1


def test_errors_of_tensorflow_serving_are_reported(prediction_service):
    message = "INVALID_ARGUMENT: signature_name: expected one of"
    with connect("grpc", prediction_service) as call, pytest.raises(ServerError, match=message):
        call("draw", {"seed": np.zeros(1, np.int32)})
    message = "NOT_FOUND: Servable not found for request: other"
    with connect("grpc", prediction_service, "other") as call, pytest.raises(ServerError, match=message):
        call("sample", {"seed": np.zeros(1, np.int32)})


@pytest.mark.parametrize("protocol", ["rest", "v2"])
def test_the_message_names_a_missing_server(protocol, free_port, capsys, tmp_path):
    address = f"127.0.0.1:{free_port}"
    message = error_of(client, capsys, "--protocol", protocol, "--address", address, "--out", tmp_path / "x.png")
    assert message.startswith(f"error: Expected a server at http://{address}/")
    assert "Connection refused" in message
    assert not list(tmp_path.iterdir())


def test_the_message_names_a_missing_grpc_server(free_port):
    pytest.importorskip("tensorflow_serving.apis")
    message = f"Expected a server at 127.0.0.1:{free_port}"
    with connect("grpc", f"127.0.0.1:{free_port}") as call, pytest.raises(ServerError, match=message):
        call("sample", {"seed": np.zeros(1, np.int32)})


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (200, b"<html>", "Expected JSON from .* Received: '<html>'"),
        (200, b'{"outputs": [1.0]}', r"Expected images \[n, H, W, C\]\. Received: shape \[1\]"),
        (200, b'{"outputs": {"points": [[1, 2]], "x": [1]}}', r"Expected the output images\. Received: points, x"),
        (404, b'{"error": "Servable not found"}', "responded 404: Servable not found"),
        (502, b"Bad Gateway", "responded 502: Bad Gateway"),
    ],
)
def test_a_response_without_pictures_is_reported(status, body, message, capsys, tmp_path):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as broken:
        thread = threading.Thread(target=broken.handle_request)
        thread.start()
        address = f"127.0.0.1:{broken.server_address[1]}"
        received = error_of(client, capsys, "--n", 1, "--address", address, "--out", tmp_path / "x.png")
        thread.join()
    assert re.search(message, received)


def test_invalid_arguments_of_the_server_are_rejected(capsys, tmp_path, exported):
    message = error_of(server, capsys, tmp_path)
    assert "Expected an exported model" in message
    assert "tfgen export RUN --to saved_model" in message
    assert "expected a name without" in error_of(server, capsys, exported, "--name", "a/b")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"a free port. Received: 127.0.0.1, {port}" in error_of(server, capsys, exported, "--port", port)
    assert "an address of this machine" in error_of(server, capsys, exported, "--host", "192.0.2.1")


@pytest.mark.parametrize("module", ["serve", "client"])
def test_help_does_not_import_tensorflow(module):
    code = (
        f"import sys; from tfgen.cli import {module} as command\n"
        "try: command.main(['--help'])\n"
        "finally: assert not {'tensorflow', 'kserve'} & set(sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
