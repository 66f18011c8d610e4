"""Reading, cleaning up and writing TFLite files as objects of their FlatBuffers schema."""

from pathlib import Path

import numpy as np


def read(file: str | Path):
    """Return the contents of a TFLite file as a `ModelT` of the schema, with every weight in its buffer."""
    from ai_edge_litert import schema_py_generated as schema

    content = Path(file).read_bytes()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    for buffer in model.buffers:
        # The quantizer appends the weights to the file and stores their offsets. `write` needs them in the buffers.
        if buffer.size:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    return model


def write(model, file: str | Path) -> None:
    """Write a `ModelT` of the schema to a TFLite file."""
    import flatbuffers

    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    Path(file).write_bytes(builder.Output())


def operators(file: str | Path) -> set[str]:
    """Return the names of the operators in a TFLite file; a custom one (Flex included) as "CUSTOM <name>"."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAsModel(Path(file).read_bytes(), 0)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    codes = [model.OperatorCodes(index) for index in range(model.OperatorCodesLength())]
    return {
        f"CUSTOM {code.CustomCode().decode()}" if code.CustomCode() else names[code.BuiltinCode()] for code in codes
    }


def remove_unused_data(file: str | Path) -> None:
    """Delete unread data from a TFLite file, and store quantization scales once that several signatures share.

    The names and the empty buffers of inner tensors are a third of the size of a small model. The scales of an int8
    file, 12 bytes a channel, are otherwise repeated for every signature that uses a layer. This must be the last step,
    because the quantizer identifies tensors by name.
    """
    model = read(file)
    _clear_inner_names(model)
    _share_quantization(model)
    _remove_empty_buffers(model)
    write(model, file)


def _clear_inner_names(model) -> None:
    for graph in model.subgraphs:
        ends = {*graph.inputs, *graph.outputs}
        for index, tensor in enumerate(graph.tensors):
            if index not in ends:
                tensor.name = None


def _share_quantization(model) -> None:
    shared: dict[bytes, SharedTable] = {}
    for tensor in (tensor for graph in model.subgraphs for tensor in graph.tensors):
        if tensor.quantization is not None and tensor.quantization.scale is None:
            tensor.quantization = None
        if (parameters := tensor.quantization) is not None:
            numbers = np.asarray([*parameters.scale, *parameters.zeroPoint, parameters.quantizedDimension])
            tensor.quantization = shared.setdefault(numbers.tobytes(), SharedTable(parameters))


def _remove_empty_buffers(model) -> None:
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    for tensor in tensors:
        if model.buffers[tensor.buffer].data is None:
            tensor.buffer = 0  # By the format's convention, buffer 0 is the empty one.
    users = [*tensors, *(model.metadata or [])]
    kept = sorted({0, *(user.buffer for user in users)})
    index = {old: new for new, old in enumerate(kept)}
    for user in users:
        user.buffer = index[user.buffer]
    model.buffers = [model.buffers[old] for old in kept]


class SharedTable:
    """A table of the schema that several others refer to, and that is packed into the file once.

    Args:
        table: an object of the schema with a method `Pack`.
    """

    def __init__(self, table):
        self._table, self._offset = table, None

    def Pack(self, builder) -> int:
        """Return the table's offset in the file that `builder` writes."""
        if self._offset is None:
            self._offset = self._table.Pack(builder)
        return self._offset


def clear_unread_names(model) -> None:
    """Clear the names of tensors that no operator reads, such as the half of a split that a signature does not use.

    LiteRT allocates no memory for an unread tensor. The calibrator reads every tensor that has a name, and fails on
    such a one.
    """
    for graph in model.subgraphs:
        used = {*graph.outputs, *(index for operator in graph.operators for index in operator.inputs)}
        for index, tensor in enumerate(graph.tensors):
            if index not in used and index not in graph.inputs:
                tensor.name = b""
