"""KServe's HTTP and gRPC servers for one model, assembled from KServe's parts.

KServe's own `ModelServer.start` listens on all addresses of the machine and lets every client unload the model. This
module therefore uses its parts directly: the REST routes, the data plane and the gRPC service.
"""

import logging
import socket
from collections.abc import Callable
from concurrent import futures
from http import HTTPStatus
from pathlib import Path

import grpc
import uvicorn
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from kserve.errors import InvalidInput, ModelNotFound
from kserve.protocol.grpc import grpc_predict_v2_pb2_grpc
from kserve.protocol.grpc.interceptors import ExceptionToStatusInterceptor
from kserve.protocol.rest.server import RESTServer
from prometheus_client import Counter, Gauge
from starlette.exceptions import HTTPException

from tfgen.errors import ConfigError
from tfgen.serving import openapi
from tfgen.serving.body_limit import BodyLimit, too_large
from tfgen.serving.kserve_model import ServedModel
from tfgen.serving.kserve_routes import add_routes
from tfgen.serving.kserve_versions import ReadOnlyRepository, StrictDataPlane, VersionRepository, VersionServicer
from tfgen.serving.saved_model import SavedModel
from tfgen.serving.versions import Versions

#: Beside KServe's own metrics, request_predict_seconds and others.
ERRORS = Counter("request_errors", "HTTP requests that were not answered with a result", ["status"])
VERSION = Gauge("model_version", "Newest version of the model that is served", ["model_name"])


class Servers:
    """The HTTP and gRPC servers of the versions of one model.

    Args:
        name: name of the model in the addresses.
        export: folder with the versions.
        load: returns a loaded version.
        keep: number of versions that are served.
        max_body: largest request in bytes.
        report: called with a sentence about each version that is added or dropped later.
    """

    def __init__(
        self,
        name: str,
        export: str | Path,
        load: Callable[[Path], SavedModel],
        keep: int,
        max_body: int,
        report: Callable[[str], object],
    ):
        self.name, self.max_body = name, max_body
        self.versions = Versions(export, lambda folder: ServedModel(name, load(folder)), keep, report)
        repository = VersionRepository(name, self.versions)
        self.data_plane = StrictDataPlane(model_registry=repository)
        self.repository = ReadOnlyRepository(repository)
        VERSION.labels(name).set_function(self._newest)

    def _newest(self) -> float:
        version = self.versions.newest.model.version
        return float(version) if version.isdecimal() else 0.0

    async def start_grpc(self, host: str, port: int) -> int:
        """Start the gRPC server and return its port. Raises `ConfigError` if the port is taken."""
        limits = [("grpc.max_receive_message_length", self.max_body), ("grpc.max_send_message_length", -1)]
        self.grpc = grpc.aio.server(
            futures.ThreadPoolExecutor(max_workers=1),
            interceptors=(ExceptionToStatusInterceptor(),),
            # Without this option, a second server could bind the same port, and requests would go to either of them.
            options=[*limits, ("grpc.so_reuseport", 0)],
        )
        servicer = VersionServicer(self.data_plane, self.repository)
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
        # KServe's TimingMiddleware logs the processor time of a request, in a seventh of Python's time for the request.
        app.user_middleware = [each for each in app.user_middleware if each.cls.__name__ != "TimingMiddleware"]
        add_routes(app, self.data_plane)
        # FastAPI's attribute for a document of one's own.
        app.openapi = lambda: openapi.document(app, self.name, self.versions.newest.model)
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


#: Exceptions that KServe and Starlette raise for a malformed request → HTTP status, None for the exception's own. Their
#: responses all get the form {"error": message}.
_STATUS: dict[type[Exception], int | None] = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    RequestValidationError: HTTPStatus.BAD_REQUEST,
    ModelNotFound: HTTPStatus.NOT_FOUND,
    NotImplementedError: HTTPStatus.NOT_FOUND,
    HTTPException: None,
    Exception: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def _application():
    from kserve.model_server import app

    return app


def _error_handler(status: int | None, max_body: int):
    async def respond(request: Request, error) -> JSONResponse:
        code = status or error.status_code
        ERRORS.labels(int(code)).inc()
        if isinstance(error, RequestValidationError):
            # A body that fits none of several schemas has an error for each. The first is enough.
            first = error.errors()[0]
            text = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        elif code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return too_large(max_body, "a longer one")
        elif code == HTTPStatus.INTERNAL_SERVER_ERROR:
            # The exception itself is in the log only: its text may contain paths.
            text = "The server failed. Its log says why"
        elif code == HTTPStatus.NOT_FOUND and not isinstance(error, ModelNotFound):
            text = f"Expected /v1/models/NAME:predict or /v2/models/NAME/infer. Received: {request.url.path}"
        else:
            text = str(getattr(error, "detail", error))
        return JSONResponse({"error": text}, status_code=code)

    return respond
