"""Addresses that KServe's REST server does not have: versions, the health, and descriptions of the model."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from kserve.errors import ModelNotFound
from kserve.protocol.rest.v1_endpoints import V1Endpoints
from kserve.protocol.rest.v2_datamodels import InferenceRequest
from kserve.protocol.rest.v2_endpoints import V2Endpoints

from tfgen.serving.kserve_versions import StrictDataPlane, versioned


def add_routes(app: FastAPI, data_plane: StrictDataPlane) -> None:
    """Add the routes in front of KServe's, which answer some of the same addresses with "not supported yet"."""
    v1, v2 = V1Endpoints(data_plane), V2Endpoints(data_plane)

    async def health() -> dict:
        """Whether the server answers requests, and with which versions."""
        return {"status": "ok", "versions": [*data_plane.model_registry.versions.loaded]}

    async def v1_metadata(model_name: str, model_version: str | None = None) -> Response:
        """The signatures of the model, as TensorFlow Serving describes them."""
        model = data_plane.model_registry.get_model(versioned(model_name, model_version))
        if model is None:
            raise ModelNotFound(versioned(model_name, model_version))
        return JSONResponse(model.model.metadata(model_name))

    async def v1_predict(model_name: str, model_version: str, request: Request):
        """The outputs of one version for the inputs of a request, in TensorFlow Serving's JSON."""
        return await v1.predict(versioned(model_name, model_version), request)

    async def v2_metadata(model_name: str, model_version: str | None = None) -> Response:
        """Types and shapes of the signature `sample`, the served versions, and the names of the classes."""
        # KServe's own response has no field for the classes.
        return JSONResponse(await data_plane.model_metadata(versioned(model_name, model_version)))

    async def v2_ready(model_name: str, model_version: str):
        """Whether a version is served."""
        return await v2.model_ready(versioned(model_name, model_version))

    async def v2_infer(
        raw_request: Request,
        raw_response: Response,
        model_name: str,
        model_version: str,
        request_body: InferenceRequest | bytes,
    ):
        """The outputs of one version for the inputs of a request, in the open inference protocol."""
        return await v2.infer(raw_request, raw_response, versioned(model_name, model_version), request_body)

    v1_version, v2_version = (f"/{api}/models/{{model_name}}/versions/{{model_version}}" for api in ("v1", "v2"))
    routes: list[tuple[str, Callable[..., Any], str]] = [
        ("/health", health, "GET"),
        ("/v1/models/{model_name}/metadata", v1_metadata, "GET"),
        (f"{v1_version}/metadata", v1_metadata, "GET"),
        (f"{v1_version}:predict", v1_predict, "POST"),
        ("/v2/models/{model_name}", v2_metadata, "GET"),
        (v2_version, v2_metadata, "GET"),
        (f"{v2_version}/ready", v2_ready, "GET"),
        (f"{v2_version}/infer", v2_infer, "POST"),
    ]
    for path, respond, method in reversed(routes):
        route = APIRoute(path, respond, methods=[method], response_model=None)
        app.router.routes.insert(0, route)
