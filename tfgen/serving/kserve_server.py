"""KServe's HTTP and gRPC servers for one model, assembled from KServe's parts.

KServe's own `ModelServer.start` listens on all addresses of the machine and lets every client unload the model. This
module therefore uses its parts directly: the REST routes, the data plane and the gRPC service.
"""

import logging
import socket
from collections.abc import Callable
from concurrent import futures
from http import HTTPStatus

import grpc
import kserve
import uvicorn
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from kserve.constants.constants import PredictorProtocol
from kserve.errors import InvalidInput
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.grpc import grpc_predict_v2_pb2_grpc
from kserve.protocol.grpc.interceptors import ExceptionToStatusInterceptor
from kserve.protocol.grpc.servicer import InferenceServicer
from kserve.protocol.model_repository_extension import ModelRepositoryExtension
from kserve.protocol.rest.server import RESTServer
from starlette.exceptions import HTTPException

from tfgen.errors import ConfigError
from tfgen.serving.body_limit import BodyLimit, too_large
from tfgen.serving.kserve_model import ServedModel
from tfgen.serving.saved_model import SavedModel


class _StrictDataPlane(DataPlane):
    """KServe's data plane, which reports an unreadable request as a client error (400) instead of a server error."""

    def decode(self, body, headers, protocol_version=PredictorProtocol.REST_V1.value, model_name=None):
        if headers and ("ce-specversion" in headers or "cloudevents" in headers.get("content-type", "")):
            raise InvalidInput("Expected a plain request. Received: a CloudEvent")
        try:
            if protocol_version == PredictorProtocol.REST_V1.value:
                # Ignore the content type, as TensorFlow Serving does: `curl -d` declares a form.
                headers = {}
            return super().decode(body, headers, protocol_version, model_name)
        except InvalidInput:
            raise
        except Exception as error:
            raise InvalidInput(f"Expected a request as JSON. Received: {error}") from None


class _ReadOnlyRepository(ModelRepositoryExtension):
    """A model repository in which clients can neither load nor unload a model."""

    async def load(self, model_name):
        raise InvalidInput(
            "Expected a prediction request. Received: a request to load or unload a model, which is chosen when the "
            "server starts"
        )

    unload = load


class Servers:
    """The HTTP and gRPC servers of one model.

    Args:
        name: name of the model in the addresses.
        model: the loaded SavedModel.
        max_body: largest request in bytes.
    """

    def __init__(self, name: str, model: SavedModel, max_body: int):
        self.max_body = max_body
        repository = kserve.ModelRepository()
        repository.update(ServedModel(name, model))
        self.model = model
        self.data_plane = _StrictDataPlane(model_registry=repository)
        self.repository = _ReadOnlyRepository(repository)

    async def start_grpc(self, host: str, port: int) -> int:
        """Start the gRPC server and return its port. Raises `ConfigError` if the port is taken."""
        limits = [("grpc.max_receive_message_length", self.max_body), ("grpc.max_send_message_length", -1)]
        self.grpc = grpc.aio.server(
            futures.ThreadPoolExecutor(max_workers=1),
            interceptors=(ExceptionToStatusInterceptor(),),
            # Without this option, a second server could bind the same port, and requests would go to either of them.
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
        """Answer HTTP requests until the process receives SIGINT or SIGTERM, then stop the gRPC server too.

        Args:
            listener: a bound socket.
            started: called once when the HTTP server accepts requests.
        """
        rest = RESTServer("kserve.model_server:app", self.data_plane, self.repository, http_port=0)
        rest.create_application()
        app = _application()
        self._add_metadata(app)
        app.add_middleware(BodyLimit, max_body=self.max_body)
        for kind, status in _STATUS.items():
            app.add_exception_handler(kind, _error_handler(status, self.max_body))
        rest.config.access_log = False
        logging.getLogger("uvicorn").setLevel(logging.WARNING)

        class Server(uvicorn.Server):
            async def startup(self, sockets=None):
                await super().startup(sockets)
                started()

        await Server(rest.config).serve(sockets=[listener])
        await self.grpc.stop(grace=1)

    def _add_metadata(self, app) -> None:
        """Add descriptions of the model that KServe does not give.

        /v1/models/NAME/metadata answers as TensorFlow Serving does. /v2/models/NAME also has the names of the classes,
        as parameters.labels. KServe's own response has fixed fields, so that a route in front of KServe's answers.
        """

        async def v1_metadata(model_name: str) -> JSONResponse:
            await self.data_plane.model_metadata(model_name)  # raises if there is no such model
            return JSONResponse(self.model.metadata(model_name))

        async def v2_metadata(model_name: str) -> JSONResponse:
            described = await self.data_plane.model_metadata(model_name)
            return JSONResponse({**described, "parameters": {"labels": list(self.model.classes)}})

        routes = {"/v1/models/{model_name}/metadata": v1_metadata}
        if self.model.classes:
            routes["/v2/models/{model_name}"] = v2_metadata
        for path, respond in routes.items():
            app.router.routes.insert(0, APIRoute(path, respond, methods=["GET"]))


#: Exceptions that KServe and Starlette raise for a malformed request → HTTP status, None for the exception's own. Their
#: responses all get the form {"error": message}.
_STATUS: dict[type[Exception], int | None] = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    RequestValidationError: HTTPStatus.BAD_REQUEST,
    NotImplementedError: HTTPStatus.NOT_FOUND,
    HTTPException: None,
}


def _application():
    from kserve.model_server import app

    return app


def _error_handler(status: int | None, max_body: int):
    async def respond(request: Request, error) -> JSONResponse:
        code = status or error.status_code
        if isinstance(error, RequestValidationError):
            # A body that fits none of several schemas has an error for each. The first is enough.
            first = error.errors()[0]
            text = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        elif code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return too_large(max_body, "a longer one")
        elif code == HTTPStatus.NOT_FOUND:
            text = f"Expected /v1/models/NAME:predict or /v2/models/NAME/infer. Received: {request.url.path}"
        else:
            text = str(getattr(error, "detail", error))
        return JSONResponse({"error": text}, status_code=code)

    return respond
