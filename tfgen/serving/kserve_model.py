"""The model as KServe sees it, and KServe's HTTP and gRPC servers put together around it.

KServe's own `ModelServer.start` listens on every address of the machine and lets any client unload the model; so its
parts are put together here: the REST routes, the data plane, the gRPC service.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from concurrent import futures
from http import HTTPStatus

import grpc
import kserve
import numpy as np
import uvicorn
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from kserve.constants.constants import PredictorProtocol
from kserve.errors import InvalidInput
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.grpc import grpc_predict_v2_pb2_grpc
from kserve.protocol.grpc.interceptors import ExceptionToStatusInterceptor
from kserve.protocol.grpc.servicer import InferenceServicer
from kserve.protocol.infer_type import InferInput, InferOutput, InferRequest, InferResponse
from kserve.protocol.model_repository_extension import ModelRepositoryExtension
from kserve.protocol.rest.server import RESTServer
from kserve.utils.numpy_codec import from_np_dtype, to_np_dtype
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from tfgen.errors import ConfigError
from tfgen.serving import payload
from tfgen.serving.saved_model import InputError, SavedModel


class ServedModel(kserve.Model):
    """A `SavedModel` that answers both protocols.

    Args:
        name: the model's, in the addresses.
        model: what answers.
    """

    def __init__(self, name: str, model: SavedModel):
        super().__init__(name)
        self.model = model
        self.ready = True

    async def predict(self, body, headers=None, response_headers=None):
        """Answer a request of either protocol; TensorFlow works in a thread, beside the next request's reading."""
        try:
            if isinstance(body, InferRequest):
                return await asyncio.to_thread(self._infer, body)
            return await asyncio.to_thread(self._predict, body)
        except InputError as error:
            raise InvalidInput(str(error)) from None

    async def explain(self, body, headers=None):
        raise InvalidInput("Expected :predict. This server has no :explain")

    def _predict(self, body) -> dict:
        signature = payload.signature_of(body)
        inputs = payload.inputs_of(body, self.model.inputs(signature))
        return payload.answer_to(body, self.model.call(signature, inputs))

    def _infer(self, request: InferRequest) -> InferResponse:
        signature = _parameter(request, "signature_name") or payload.DEFAULT
        specs = self.model.inputs(signature)
        values = {tensor.name: tensor_of(tensor, specs.get(tensor.name)) for tensor in request.inputs}
        outputs = []
        for name, array in self.model.call(signature, values).items():
            output = InferOutput(name, list(array.shape), from_np_dtype(array.dtype))
            output.set_data_from_numpy(array, binary_data=request.from_grpc or bool(request.use_binary_outputs))
            outputs.append(output)
        return InferResponse(
            request.id or "", self.name, outputs, model_version=self.model.version, from_grpc=request.from_grpc
        )

    def get_input_types(self) -> list[dict]:
        """The inputs of the default signature, as the open inference protocol describes tensors."""
        return _types(self.model.inputs(payload.DEFAULT))

    def get_output_types(self) -> list[dict]:
        """The outputs of the default signature."""
        return _types(self.model.outputs(payload.DEFAULT))


def tensor_of(tensor: InferInput, spec):
    """A tensor of the open inference protocol as nested lists or an array of the shape that it says it has.

    Raises:
        InputError: if its data is not of its type and shape, or its type is not the signature's.
    """
    if spec is not None and (expected := from_np_dtype(spec.dtype.as_numpy_dtype)) != tensor.datatype:
        raise InputError(f"{tensor.name}: expected the datatype {expected}. Received: {tensor.datatype!r}")
    if tensor.data or to_np_dtype(tensor.datatype) is None:
        # Not as_numpy, which makes whole numbers of fractions.
        try:
            array = np.asarray(tensor.data)
        except ValueError:
            raise InputError(f"{tensor.name}: expected data of shape {tensor.shape}. Received: unequal lists") from None
        if array.size != np.prod(tensor.shape) or min(tensor.shape, default=1) < 0:
            raise InputError(f"{tensor.name}: expected data of shape {tensor.shape}. Received: {array.size} values")
        return array.reshape(tensor.shape)
    try:
        return tensor.as_numpy()
    except Exception as error:
        raise InputError(f"{tensor.name}: expected data of shape {tensor.shape}. Received: {error}") from None


def _parameter(request: InferRequest, name: str) -> str | None:
    value = (request.parameters or {}).get(name)
    return getattr(value, "string_param", value)


def _types(specs) -> list[dict]:
    return [
        {
            "name": name,
            "datatype": from_np_dtype(spec.dtype.as_numpy_dtype),
            "shape": [-1 if side is None else side for side in spec.shape],
        }
        for name, spec in specs.items()
    ]


class _Requests(DataPlane):
    """KServe's data plane, for which whatever it cannot read is the sender's mistake and not the server's."""

    def decode(self, body, headers, protocol_version=PredictorProtocol.REST_V1.value, model_name=None):
        if headers and ("ce-specversion" in headers or "cloudevents" in headers.get("content-type", "")):
            raise InvalidInput("Expected a request of its own. Received: a CloudEvent")
        try:
            if protocol_version == PredictorProtocol.REST_V1.value:
                # Whatever type the sender says it has, as TensorFlow Serving does: curl -d says that it is a form.
                headers = {}
            return super().decode(body, headers, protocol_version, model_name)
        except InvalidInput:
            raise
        except Exception as error:
            raise InvalidInput(f"Expected a request as JSON. Received: {error}") from None


class _Fixed(ModelRepositoryExtension):
    """A repository in which clients load and unload nothing."""

    async def load(self, model_name):
        raise InvalidInput("Expected a question to the model. This server's model is chosen when it is started")

    unload = load


class App:
    """The two servers around one model.

    Args:
        name: the model's.
        model: what answers.
        max_body: bytes of a request.
    """

    def __init__(self, name: str, model: SavedModel, max_body: int):
        self.max_body = max_body
        repository = kserve.ModelRepository()
        repository.update(ServedModel(name, model))
        self.data_plane = _Requests(model_registry=repository)
        self.repository = _Fixed(repository)

    async def start_grpc(self, host: str, port: int) -> int:
        """Start the gRPC server and return its port. Raises `ConfigError` where another program has it."""
        limits = [("grpc.max_receive_message_length", self.max_body), ("grpc.max_send_message_length", -1)]
        self.grpc = grpc.aio.server(
            futures.ThreadPoolExecutor(max_workers=1),
            interceptors=(ExceptionToStatusInterceptor(),),
            # Two servers on one port would take turns, and neither would say so.
            options=[*limits, ("grpc.so_reuseport", 0)],
        )
        servicer = InferenceServicer(self.data_plane, self.repository)
        grpc_predict_v2_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(servicer, self.grpc)
        try:
            bound = self.grpc.add_insecure_port(f"{host}:{port}")
        except RuntimeError:
            raise ConfigError(f"--grpc-port: expected a free port. Received: {port}") from None
        await self.grpc.start()
        return bound

    async def serve_http(self, listener: socket.socket, started: Callable[[], None]) -> None:
        """Answer HTTP on a bound socket until a signal; `started` is called once it does."""
        rest = RESTServer("kserve.model_server:app", self.data_plane, self.repository, http_port=0)
        rest.create_application()
        app = _application()
        app.add_middleware(RequestBodyLimitMiddleware, max_body_size=self.max_body)
        app.add_middleware(_AnnouncedLimit, max_body=self.max_body)
        for kind, status in _STATUS.items():
            app.add_exception_handler(kind, _refusal(status, self.max_body))
        rest.config.access_log = False
        logging.getLogger("uvicorn").setLevel(logging.WARNING)

        class Server(uvicorn.Server):
            async def startup(self, sockets=None):
                await super().startup(sockets)
                started()

        await Server(rest.config).serve(sockets=[listener])
        await self.grpc.stop(grace=1)


class _AnnouncedLimit:
    """Refuse a request by the length in its header, with a sentence; Starlette's limit counts those that have none."""

    def __init__(self, app, max_body: int):
        self.app = app
        self.max_body = max_body

    async def __call__(self, scope, receive, send):
        length = Headers(scope=scope).get("content-length", "0") if scope["type"] == "http" else "0"
        if length.isdecimal() and int(length) > self.max_body:
            await _too_large(self.max_body, length)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _too_large(max_body: int, received: str) -> JSONResponse:
    error = f"Expected a request of {max_body} bytes or fewer. Received: {received}"
    return JSONResponse({"error": error}, status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


# Errors that KServe or Starlette raise for a request, whose answers are brought into one form: {"error": sentence}.
_STATUS: dict[type[Exception], int | None] = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    RequestValidationError: HTTPStatus.BAD_REQUEST,
    NotImplementedError: HTTPStatus.NOT_FOUND,
    HTTPException: None,
}


def _application():
    from kserve.model_server import app

    return app


def _refusal(status: int | None, max_body: int):
    async def answer(request: Request, error) -> JSONResponse:
        code = status or error.status_code
        if isinstance(error, RequestValidationError):
            # The first of them, since a request that is neither of two forms is refused once for each.
            first = error.errors()[0]
            text = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        elif code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return _too_large(max_body, "a longer one")
        elif code == HTTPStatus.NOT_FOUND:
            text = f"Expected /v1/models/NAME:predict or /v2/models/NAME/infer. Received: {request.url.path}"
        else:
            text = str(getattr(error, "detail", error))
        return JSONResponse({"error": text}, status_code=code)

    return answer
