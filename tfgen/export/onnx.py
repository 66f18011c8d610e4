"""A model for ONNX Runtime: a file for each signature, since a graph of ONNX has one set of inputs.

What tf2onnx cannot convert is left out and named, never written as a file that no runtime loads.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfgen.errors import ExportError

if TYPE_CHECKING:
    from tfgen.export.signatures import Signature

#: The first operator set with the exclusive "or" of integers that the seeds need.
OPSET = 18


class OnnxModel:
    """The files of a folder under ONNX Runtime, on one thread.

    Args:
        folder: with `<signature>.onnx`, each for a fixed number of rows.
    """

    def __init__(self, folder: str | Path):
        self._sessions = {file.stem: session(file.read_bytes()) for file in sorted(Path(folder).glob("*.onnx"))}
        self.names = list(self._sessions)

    def answer(self, name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs of a signature for inputs of any number of rows; the last batch is filled up with its own."""
        runner = self._sessions[name]
        batch = runner.get_inputs()[0].shape[0]
        rows = len(next(iter(inputs.values())))
        answers = []
        for start in range(0, rows, batch):
            taken = np.minimum(np.arange(start, start + batch), rows - 1)
            answers.append(runner.run(None, {key: value[taken] for key, value in inputs.items()})[0])
        output = runner.get_outputs()[0].name.removesuffix(RENAMED)
        return {output: np.concatenate(answers)[:rows]}


#: Added to the name of an output that is an input's too, as the images of `reconstruct`: ONNX has one space of names.
RENAMED = "_out"


def session(content: bytes):
    """A session of ONNX Runtime on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def write_onnx(signatures: "dict[str, Signature]", folder: Path) -> dict[str, str]:
    """Convert each signature that can be converted to `<signature>.onnx` in a new folder.

    Args:
        signatures: of a fixed number of rows: with any number, the shapes of distributions have no operators in ONNX.
        folder: to be made.

    Returns:
        Signature that was left out → why.

    Raises:
        ExportError: if tf2onnx and onnxruntime are missing, or no signature can be converted.
    """
    try:
        import onnxruntime  # noqa: F401
        import tf2onnx
    except ImportError as error:
        raise ExportError(
            f"--to onnx: expected tf2onnx and onnxruntime, which are an extra: pip install 'tfgen[onnx]' ({error})"
        ) from None
    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    folder.mkdir()
    left_out = {}
    for name, signature in signatures.items():
        try:
            model, _ = tf2onnx.convert.from_function(
                with_names_of_its_own(signature).traced(),
                input_signature=list(signature.inputs.values()),
                opset=OPSET,
                custom_op_handlers={"Erfc": (_erfc, []), "Log1p": (_log1p, []), "Expm1": (_expm1, [])},
            )
            content = model.SerializeToString()
            # tf2onnx only logs what it could not convert; the runtime does not load it.
            session(content)
        except Exception as error:  # its errors have no type of their own: KeyError, ValueError, InvalidGraph
            left_out[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
        else:
            (folder / f"{name}.onnx").write_bytes(content)
    if len(left_out) == len(signatures):
        raise ExportError(f"onnx: expected a graph that tf2onnx converts. Received: {next(iter(left_out.values()))}")
    return left_out


def with_names_of_its_own(signature: "Signature") -> "Signature":
    """The signature with outputs that have no input's name."""
    from tfgen.export.signatures import Signature

    def function(*inputs):
        outputs = signature.function(*inputs)
        return {f"{key}{RENAMED}" if key in signature.inputs else key: value for key, value in outputs.items()}

    return Signature(signature.inputs, function)


def _erfc(context, node, name, args):
    # erfc(x) = 1 − erf(x), as the exact GELU needs it.
    erf = context.make_node("Erf", node.input).output[0]
    _replace(context, node, "Sub", [_one(context), erf])


def _log1p(context, node, name, args):
    # log(1 + x), to 6e-8 of the result's scale: log1p of a likelihood is added to numbers of size 1 and more.
    total = context.make_node("Add", [node.input[0], _one(context)]).output[0]
    _replace(context, node, "Log", [total])


def _expm1(context, node, name, args):
    # e^x − 1, as exact as the above, in the divergence of two normals.
    power = context.make_node("Exp", node.input).output[0]
    _replace(context, node, "Sub", [power, _one(context)])


def _one(context) -> str:
    import tf2onnx

    return context.make_const(tf2onnx.utils.make_name("one"), np.ones((), np.float32)).output[0]


def _replace(context, node, operator: str, inputs: list[str]) -> None:
    shapes, types = [context.get_shape(node.output[0])], [context.get_dtype(node.output[0])]
    context.remove_node(node.name)
    context.make_node(operator, inputs, outputs=node.output, shapes=shapes, dtypes=types)
