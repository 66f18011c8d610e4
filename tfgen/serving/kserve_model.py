"""A `SavedModel` as a KServe model, and the conversion of its tensors."""

import asyncio
import math

import kserve
import numpy as np
from kserve.errors import InvalidInput
from kserve.protocol.infer_type import InferInput, InferOutput, InferRequest, InferResponse
from kserve.utils.numpy_codec import from_np_dtype, to_np_dtype

from tfgen.serving import labels, payload
from tfgen.serving.saved_model import InputError, SavedModel


class ServedModel(kserve.Model):
    """A KServe model for TensorFlow Serving's JSON and the open inference protocol.

    Args:
        name: name of the model in the addresses.
        model: the loaded SavedModel.
    """

    def __init__(self, name: str, model: SavedModel):
        super().__init__(name)
        self.model = model
        self.ready = True

    async def predict(self, body, headers=None, response_headers=None):
        """Answer a request of either protocol. TensorFlow runs in a thread, so that other requests can be read."""
        try:
            if isinstance(body, InferRequest):
                return await asyncio.to_thread(self._infer, body)
            return await asyncio.to_thread(self._predict, body)
        except InputError as error:
            raise InvalidInput(str(error)) from None

    async def explain(self, body, headers=None):
        """Reject KServe's request for an explanation of a prediction."""
        raise InvalidInput("Expected :predict. This server has no :explain")

    def _predict(self, body) -> dict:
        signature = payload.signature_of(body)
        inputs = payload.inputs_of(body, self.model.inputs(signature))
        return payload.response_to(body, self.model.call(signature, inputs))

    def _infer(self, request: InferRequest) -> InferResponse:
        signature = _parameter(request, "signature_name") or payload.DEFAULT
        specs = self.model.inputs(signature)
        values = {tensor.name: tensor_values(tensor, specs.get(tensor.name)) for tensor in request.inputs}
        outputs = []
        for name, array in self.model.call(signature, values).items():
            output = InferOutput(name, list(array.shape), datatype(array.dtype))
            output.set_data_from_numpy(array, binary_data=request.from_grpc or bool(request.use_binary_outputs))
            outputs.append(output)
        return InferResponse(
            request.id or "", self.name, outputs, model_version=self.model.version, from_grpc=request.from_grpc
        )

    def get_input_types(self) -> list[dict]:
        """Return the inputs of the default signature, as the open inference protocol describes tensors."""
        return _types(self.model.inputs(payload.DEFAULT))

    def get_output_types(self) -> list[dict]:
        """Return the outputs of the default signature, as the open inference protocol describes tensors."""
        return _types(self.model.outputs(payload.DEFAULT))


def tensor_values(tensor: InferInput, spec):
    """Return the values of a tensor of the open inference protocol, in the shape that the tensor declares.

    Args:
        tensor: one input of a request.
        spec: `tf.TensorSpec` of the signature's input of that name, or None if there is none.

    Raises:
        InputError: if the data does not have the declared type and shape, or the type is not the signature's. Labels
            may also be names of classes, of the type BYTES.
    """
    expected = tensor.datatype if spec is None else datatype(spec.dtype.as_numpy_dtype)
    is_name = tensor.datatype == "BYTES" and tensor.name in labels.INPUTS
    if tensor.datatype != expected and not is_name:
        raise InputError(f"{tensor.name}: expected the datatype {expected}. Received: {tensor.datatype!r}")
    if tensor.data or to_np_dtype(tensor.datatype) is None:
        # KServe's as_numpy would truncate fractions to integers.
        try:
            array = np.asarray(tensor.data)
        except ValueError:
            raise InputError(f"{tensor.name}: expected data of shape {tensor.shape}. Received: unequal lists") from None
        if array.size != math.prod(tensor.shape) or min(tensor.shape, default=1) < 0:
            raise InputError(f"{tensor.name}: expected data of shape {tensor.shape}. Received: {array.size} values")
        return array.reshape(tensor.shape)
    try:
        return tensor.as_numpy()
    except Exception as error:
        raise InputError(f"{tensor.name}: expected data of shape {tensor.shape}. Received: {error}") from None


def datatype(dtype) -> str:
    """Return the open inference protocol's name of a NumPy type."""
    return from_np_dtype(np.dtype(dtype))


def _parameter(request: InferRequest, name: str) -> str | None:
    value = (request.parameters or {}).get(name)
    return getattr(value, "string_param", value)


def _types(specs) -> list[dict]:
    return [
        {
            "name": name,
            "datatype": datatype(spec.dtype.as_numpy_dtype),
            "shape": [-1 if side is None else side for side in spec.shape],
        }
        for name, spec in specs.items()
    ]
