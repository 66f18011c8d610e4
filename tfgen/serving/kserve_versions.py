"""KServe's repository, data plane and gRPC service with versions of one model.

KServe 0.21 has versions in its addresses and messages, but answers them with "not supported yet". Inside KServe, a
version has the name NAME/versions/VERSION here, which no model of the outside can have.
"""

import kserve
from kserve.constants.constants import PredictorProtocol
from kserve.errors import InvalidInput
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.grpc import grpc_predict_v2_pb2 as messages
from kserve.protocol.grpc.servicer import InferenceServicer
from kserve.protocol.infer_type import InferRequest
from kserve.protocol.model_repository_extension import ModelRepositoryExtension

from tfgen.serving.kserve_model import ServedModel
from tfgen.serving.versions import Versions

_SEPARATOR = "/versions/"


def versioned(model_name: str, version: str | None) -> str:
    """Return the name of a version of a model inside KServe; the name itself if there is no version."""
    return f"{model_name}{_SEPARATOR}{version}" if version else model_name


class VersionRepository(kserve.ModelRepository):
    """KServe's repository, with the versions of one model. The name alone stands for the newest version.

    Args:
        name: name of the model.
        versions: its loaded versions.
    """

    def __init__(self, name: str, versions: Versions[ServedModel]):
        super().__init__()
        self.name, self.versions = name, versions

    def get_model(self, name: str) -> ServedModel | None:
        """Return a model by its name inside KServe; None if it is not served."""
        base, _, version = name.partition(_SEPARATOR)
        return self.versions.get(version or None) if base == self.name else None

    def get_models(self) -> dict[str, ServedModel]:
        """Return the model under its name."""
        return {self.name: self.versions.newest}


class StrictDataPlane(DataPlane):
    """KServe's data plane, with versions. Reports an unreadable request as a client error (400)."""

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

    async def infer(self, model_name, request, headers=None):
        if isinstance(request, InferRequest) and request.from_grpc:
            model_name = versioned(model_name, request.model_version)
        return await super().infer(model_name, request, headers)

    async def model_metadata(self, model_name):
        described = await super().model_metadata(model_name)
        model = self.get_model_from_registry(model_name)
        labels = {"parameters": {"labels": list(model.model.classes)}} if model.model.classes else {}
        return {**described, "name": model.name, "versions": [*self.model_registry.versions.loaded], **labels}


class ReadOnlyRepository(ModelRepositoryExtension):
    """A model repository in which clients can neither load nor unload a model."""

    async def load(self, model_name):
        raise InvalidInput(
            "Expected a prediction request. Received: a request to load or unload a model, which is chosen when the "
            "server starts"
        )

    unload = load


class VersionServicer(InferenceServicer):
    """KServe's gRPC service, which also describes versions."""

    async def ModelReady(self, request, context):
        ready = await self._data_plane.model_ready(model_name=versioned(request.name, request.version))
        return messages.ModelReadyResponse(ready=ready)

    async def ModelMetadata(self, request, context):
        found = await self._data_plane.model_metadata(model_name=versioned(request.name, request.version))
        fields = ("name", "versions", "platform", "inputs", "outputs")
        return messages.ModelMetadataResponse(**{field: found[field] for field in fields})
