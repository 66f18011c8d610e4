"""Export to ONNX, one file for each signature, because an ONNX graph has a single set of inputs.

A signature that tf2onnx cannot convert is reported and no file is written for it.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfgen.errors import ExportError
from tfgen.export.packages import check_packages

if TYPE_CHECKING:
    from tfgen.export.signatures import Signature

#: The first operator set with BitwiseXor on integers, which the random number generator needs.
OPSET = 18
#: Suffix of an output that has the name of an input, such as the images of `reconstruct`: an ONNX graph needs one name
#: for each tensor.
OUTPUT_SUFFIX = "_out"


class OnnxModel:
    """The ONNX files of a folder, loaded in ONNX Runtime on one thread.

    Args:
        folder: contains `<signature>.onnx`, each with a fixed number of rows.

    Attributes:
        names: the signatures.
    """

    def __init__(self, folder: str | Path):
        self._sessions = {file.stem: load_session(file.read_bytes()) for file in sorted(Path(folder).glob("*.onnx"))}
        self.names = list(self._sessions)

    def run(self, name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs of signature `name` for inputs of any number of rows.

        The last batch is filled up with copies of the last row.
        """
        session = self._sessions[name]
        batch = session.get_inputs()[0].shape[0]
        rows = len(next(iter(inputs.values())))
        batches = []
        for start in range(0, rows, batch):
            taken = np.minimum(np.arange(start, start + batch), rows - 1)
            batches.append(session.run(None, {key: value[taken] for key, value in inputs.items()})[0])
        output = session.get_outputs()[0].name.removesuffix(OUTPUT_SUFFIX)
        return {output: np.concatenate(batches)[:rows]}


def load_session(content: bytes):
    """Return an `onnxruntime.InferenceSession` of a serialized model, on one CPU thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def write_onnx(signatures: "dict[str, Signature]", folder: Path) -> dict[str, str]:
    """Write `<signature>.onnx` for every signature that tf2onnx can convert.

    Args:
        signatures: of a fixed number of rows. With a variable number, the shapes of distributions need operators that
            ONNX lacks.
        folder: path of the new folder. It must not exist.

    Returns:
        Signature that was not converted → reason.

    Raises:
        ConfigError: if tf2onnx or onnxruntime is missing.
        ExportError: if no signature can be converted.
    """
    check_packages(["onnx"])
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    folder.mkdir()
    failures = {}
    for name, signature in signatures.items():
        try:
            function = rename_outputs(signature).traced()
            model, _ = tf2onnx.convert.from_function(
                function,
                input_signature=list(signature.inputs.values()),
                opset=OPSET,
                custom_op_handlers={"Erfc": (_erfc, []), "Log1p": (_log1p, []), "Expm1": (_expm1, [])},
            )
            _give_values_to_constants(model, function.get_concrete_function())
            content = model.SerializeToString()
            # tf2onnx only logs an operator that it cannot convert; loading the model raises.
            load_session(content)
        except Exception as error:  # tf2onnx has no exception type of its own: KeyError, ValueError, InvalidGraph, …
            failures[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
        else:
            (folder / f"{name}.onnx").write_bytes(content)
    if len(failures) == len(signatures):
        raise ExportError(f"onnx: expected a graph that tf2onnx converts. Received: {next(iter(failures.values()))}")
    return failures


def rename_outputs(signature: "Signature") -> "Signature":
    """Return the signature with `OUTPUT_SUFFIX` added to every output that has the name of an input."""
    from tfgen.export.signatures import Signature

    def function(*inputs):
        outputs = signature.function(*inputs)
        return {f"{key}{OUTPUT_SUFFIX}" if key in signature.inputs else key: value for key, value in outputs.items()}

    return Signature(signature.inputs, function)


def _give_values_to_constants(model, function) -> None:
    """Replace inputs of an ONNX model that are constants of the function by initializers.

    A function captures a small tensor that was made outside of it, such as a parameter of a bijector, as a constant.
    tf2onnx takes such a constant for an input, whose value every caller would have to give.

    Args:
        model: `onnx.ModelProto`, which is changed.
        function: the concrete function that was converted.
    """
    import tensorflow as tf
    from onnx import numpy_helper

    values = {tensor.name: tf.get_static_value(tensor) for tensor in function.inputs if tensor.op.type == "Const"}
    for constant in [each for each in model.graph.input if each.name in values]:
        model.graph.input.remove(constant)
        model.graph.initializer.append(numpy_helper.from_array(values[constant.name], constant.name))


# Handlers of operators that tf2onnx does not know. tf2onnx calls each with (context, node, name, args).


def _erfc(context, node, name, args):
    # erfc(x) = 1 − erf(x), used by the exact GELU.
    erf = context.make_node("Erf", node.input).output[0]
    _replace(context, node, "Sub", [_one(context), erf])


def _log1p(context, node, name, args):
    # log(1 + x). Its error of 6e-8 is absolute, and the log1p terms of a likelihood are added to numbers of size ≥ 1.
    total = context.make_node("Add", [node.input[0], _one(context)]).output[0]
    _replace(context, node, "Log", [total])


def _expm1(context, node, name, args):
    # e^x − 1, with the same absolute error, used by the KL divergence of two normal distributions.
    power = context.make_node("Exp", node.input).output[0]
    _replace(context, node, "Sub", [power, _one(context)])


def _one(context) -> str:
    import tf2onnx

    return context.make_const(tf2onnx.utils.make_name("one"), np.ones((), np.float32)).output[0]


def _replace(context, node, operator: str, inputs: list[str]) -> None:
    shapes, types = [context.get_shape(node.output[0])], [context.get_dtype(node.output[0])]
    context.remove_node(node.name)
    context.make_node(operator, inputs, outputs=node.output, shapes=shapes, dtypes=types)
