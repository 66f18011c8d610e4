"""The OpenAPI document of a server: KServe's routes, with the signatures of the served model."""

import re
from typing import Any

import numpy as np
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

import tfgen
from tfgen.serving import payload
from tfgen.serving.batching import probe
from tfgen.serving.kserve_model import datatype
from tfgen.serving.saved_model import SavedModel

#: Routes of KServe that every request is refused at.
_REFUSED = re.compile(r"/v2/repository/|:explain$")
#: Largest input in numbers that an example shows. An image is left to its shape.
_SHOWN = 64

DESCRIPTION = """Pictures, latents and likelihoods of an exported model. /v1 speaks the JSON of TensorFlow Serving's
predict call, /v2 the open inference protocol. An address without a version means the newest version. A malformed
request gets status 400 and {"error": sentence}. Row i of an output depends on row i of the inputs only: equal rows get
equal bits."""


def document(app: FastAPI, name: str, model: SavedModel) -> dict[str, Any]:
    """Return the OpenAPI document of the server of a model.

    Args:
        app: the application, with all of its routes.
        name: name of the model in the addresses.
        model: the served model, whose signatures the document describes.
    """
    found = get_openapi(
        title=f"tfgen: {name}",
        version=tfgen.__version__,
        description=" ".join(DESCRIPTION.split()),
        routes=app.routes,
    )
    found["paths"] = {path: operations for path, operations in found["paths"].items() if not _REFUSED.search(path)}
    found["components"]["schemas"] |= {"PredictRequest": _predict_request(model), "Error": _ERROR}
    for path, operations in found["paths"].items():
        for operation in operations.values():
            # KServe's docstrings go on with Python's arguments, and its versions in the query are not supported.
            operation["description"] = operation.get("description", "").partition("\n\nArgs:")[0]
            operation["parameters"] = [each for each in operation.get("parameters", ()) if each["in"] == "path"]
            for parameter in operation["parameters"]:
                if parameter["name"] == "model_name":
                    parameter["schema"] = {"type": "string", "enum": [name]}
            operation["responses"].pop("422", None)
            operation["responses"] |= {"400": _response("malformed request"), "404": _response("no such model")}
        if path.endswith(":predict"):
            schema = {"$ref": "#/components/schemas/PredictRequest"}
            body = {"schema": schema, "examples": _examples(model, _predict_example)}
            operations["post"]["requestBody"] = {"required": True, "content": {"application/json": body}}
        if path.endswith("/infer"):
            schema = {"$ref": "#/components/schemas/InferenceRequest"}
            body = {"schema": schema, "examples": _examples(model, _infer_example)}
            operations["post"]["requestBody"] = {"required": True, "content": {"application/json": body}}
    return found


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "what was expected, and what was received"}},
}


def _response(description: str) -> dict:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": description, "content": content}


def _predict_request(model: SavedModel) -> dict:
    """Return the schema of TensorFlow Serving's request, with the inputs of every signature."""
    inputs = {
        name: {
            "type": "object",
            "description": f"inputs of {name}",
            "properties": {key: _array(spec) for key, spec in specs.items()},
        }
        for name, specs in model.signatures.items()
    }
    rows = {"type": "array", "items": {}, "description": "one object of inputs for each row"}
    return {
        "type": "object",
        "properties": {
            "signature_name": {"type": "string", "enum": sorted(inputs), "default": payload.DEFAULT},
            "inputs": {"anyOf": [*inputs.values()], "description": "arrays, with one value for each row"},
            "instances": rows,
        },
        "oneOf": [{"required": ["inputs"]}, {"required": ["instances"]}],
    }


def _array(spec) -> dict:
    """Return the schema of an input: an array of rows, each an array of the signature's shape."""
    schema: dict = {"type": "integer" if spec.dtype.is_integer else "number"}
    for side in reversed(list(spec.shape[1:])):
        schema = {"type": "array", "items": schema, "minItems": side, "maxItems": side}
    return {"type": "array", "items": schema, "minItems": 1}


def _examples(model: SavedModel, example) -> dict:
    small = {name: specs for name, specs in model.signatures.items() if name != payload.DEFAULT and _is_small(specs)}
    return {
        name: {"value": example(name, {key: row[:1] for key, row in probe(specs).items()})}
        for name, specs in small.items()
    }


def _is_small(specs) -> bool:
    return all(np.prod([int(side) for side in spec.shape[1:]], dtype=int) <= _SHOWN for spec in specs.values())


def _predict_example(signature: str, row: dict[str, np.ndarray]) -> dict:
    return {"signature_name": signature, "inputs": {key: value.tolist() for key, value in row.items()}}


def _infer_example(signature: str, row: dict[str, np.ndarray]) -> dict:
    tensors = [
        {"name": key, "shape": list(value.shape), "datatype": datatype(value.dtype), "data": value.reshape(-1).tolist()}
        for key, value in row.items()
    ]
    return {"parameters": {"signature_name": signature}, "inputs": tensors}
