"""Conversion between named arrays and the JSON of TensorFlow Serving's predict call, in both of its forms.

    rows       {"signature_name": "sample", "instances": [{"seed": 7, "temperature": 1.0}, …]}   → {"predictions": […]}
    columns    {"signature_name": "sample", "inputs": {"seed": [7, …], "temperature": [1.0, …]}} → {"outputs": […]}

Where a signature has one input, its name may be left out: {"instances": [[0.1, …], …]}, {"inputs": [[0.1, …], …]}.

Source: TensorFlow Serving, RESTful API, "Predict API".
"""

import numpy as np

from tfgen.serving.saved_model import InputError

DEFAULT = "serving_default"
_KEYS = {"signature_name", "instances", "inputs"}


def signature_of(body) -> str:
    """Return the signature that a request names, or the default signature if the request names none.

    Raises:
        InputError: if the body is not an object with exactly one of `instances` and `inputs`, or has unknown keys.
    """
    if not isinstance(body, dict):
        raise InputError(f"Expected a JSON object with 'instances' or 'inputs'. Received: {_type(body)}")
    if unknown := sorted(map(str, body.keys() - _KEYS)):
        raise InputError(f"Expected the keys {', '.join(sorted(_KEYS))}. Received also: {', '.join(unknown)}")
    if ("instances" in body) == ("inputs" in body):
        found = "both" if "inputs" in body else "neither"
        raise InputError(f"Expected either 'instances' or 'inputs'. Received: {found}")
    name = body.get("signature_name") or DEFAULT
    if not isinstance(name, str):
        raise InputError(f"signature_name: expected text. Received: {_type(name)}")
    return name


def inputs_of(body: dict, names) -> dict:
    """Return input name → nested lists of a request.

    Args:
        body: checked by `signature_of`.
        names: input names of the signature.

    Raises:
        InputError: if the rows have different inputs, or a value has no name although the signature has several inputs.
    """
    names = list(names)
    if "inputs" in body:
        value = body["inputs"]
        if isinstance(value, dict):
            return value
        if len(names) == 1:
            return {names[0]: value}
        raise InputError(f"inputs: expected an object with {', '.join(sorted(names))}. Received: {_type(value)}")
    rows = body["instances"]
    if not isinstance(rows, list) or not rows:
        raise InputError(f"instances: expected a list of at least one row. Received: {_type(rows)}")
    if all(isinstance(row, dict) for row in rows):
        keys = rows[0].keys()
        if any(row.keys() != keys for row in rows):
            raise InputError("instances: expected the same inputs in every row. Received: rows that differ")
        return {key: [row[key] for row in rows] for key in keys}
    if len(names) == 1 and not any(isinstance(row, dict) for row in rows):
        return {names[0]: rows}
    raise InputError(f"instances: expected objects with {', '.join(sorted(names))}. Received: {_type(rows[0])}")


def response_to(body: dict, outputs: dict[str, np.ndarray]) -> dict:
    """Return the JSON object of a response, in the same form as its request. A single output has no name in it."""
    single = next(iter(outputs.values())) if len(outputs) == 1 else None
    if "inputs" in body:
        return {"outputs": outputs if single is None else single}
    if single is not None:
        return {"predictions": single}
    rows = zip(*outputs.values(), strict=True)
    return {"predictions": [dict(zip(outputs, row, strict=True)) for row in rows]}


def _type(value) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    names = {dict: "an object", str: "text", bool: "a truth value", int: "a number", float: "a number"}
    return names.get(type(value), type(value).__name__)
