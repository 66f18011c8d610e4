"""A model as a TFLite file, for LiteRT on devices and in the browser: built-in operators only.

| quantization | weights | computation | needs |
|---|---|---|---|
| none | float32 | float32 | – |
| float16 | float16 | float32 | – |
| dynamic-int8 | int8 a channel | int8 products, their inputs scaled as they come | – |
| int8 | int8 a channel | int8 products, their inputs scaled as in calibration | calibration on samples of the prior |

All signatures are in one file and share the weights. Inputs and outputs are float32 (and int32 seeds) in every file.

Reference: Jacob et al.: Quantization and training of neural networks for efficient integer-arithmetic-only inference.
CVPR 2018.
"""

import concurrent.futures
import contextlib
import io
import multiprocessing
import re
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfgen.errors import ExportError
from tfgen.startup import silence_unless_failing

if TYPE_CHECKING:
    from tfgen.export.signatures import Signature

#: What a full int8 file computes with 8 bits: what has weights. The generator of noise and the likelihoods stay as
#: they are, since a logarithm of 8 bits makes no normal number.
INT8_OPERATORS = ("FULLY_CONNECTED", "CONV_2D", "CONV_2D_TRANSPOSE")
CALIBRATION_ROWS = 64


class LiteModel:
    """A TFLite file under LiteRT, on one thread.

    Args:
        file: with signatures of a fixed number of rows.
    """

    def __init__(self, file: str | Path):
        from ai_edge_litert.interpreter import Interpreter

        with silence_unless_failing():
            self._interpreter = Interpreter(model_path=str(file), num_threads=1)
        self.names = list(self._interpreter.get_signature_list())
        self._runners = {name: self._interpreter.get_signature_runner(name) for name in self.names}

    def answer(self, name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs of a signature for inputs of any number of rows; the last batch is filled up with its own."""
        runner = self._runners[name]
        batch = int(next(iter(runner.get_input_details().values()))["shape"][0])
        rows = len(next(iter(inputs.values())))
        answers = []
        for start in range(0, rows, batch):
            taken = np.minimum(np.arange(start, start + batch), rows - 1)
            answers.append(runner(**{key: value[taken] for key, value in inputs.items()}))
        return {key: np.concatenate([answer[key] for answer in answers])[:rows] for key in answers[0]}


def write_float32(signatures: "dict[str, Signature]", file: str | Path) -> None:
    """Convert the signatures of a model to a TFLite file.

    Args:
        signatures: of a fixed number of rows, which the browser needs.
        file: to be written.

    Raises:
        ExportError: if the converter fails, or needs an operator that is not built in.
    """
    with tempfile.TemporaryDirectory(dir=Path(file).parent) as folder:
        save(signatures, folder)
        # The converter keeps its memory until its process ends.
        spawn = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as process:
            try:
                process.submit(convert, folder, list(signatures), str(file)).result()
            except concurrent.futures.process.BrokenProcessPool:
                raise ExportError("tflite: expected the converter to finish. It was killed (out of memory?)") from None
    check_operators(file)


def save(signatures: "dict[str, Signature]", folder: str | Path) -> None:
    """Write the SavedModel that the converter reads: nothing but signatures and variables."""
    import tensorflow as tf

    traced = {name: signature.traced().get_concrete_function() for name, signature in signatures.items()}
    module = tf.Module()
    # A SavedModel keeps those variables only that its root knows.
    module.held = list({id(v): v for function in traced.values() for v in function.graph.variables}.values())
    tf.saved_model.save(module, str(folder), signatures=traced)


def convert(folder: str, names: list[str], file: str) -> None:
    """Convert a SavedModel. Raises `ExportError` where an operator is none of TFLite's."""
    from tfgen.startup import start_tensorflow

    start_tensorflow()
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=names)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    with silence_unless_failing():
        try:
            Path(file).write_bytes(converter.convert())
        except Exception as error:
            missing = sorted(set(re.findall(r"'tf\.(\w+)' op is neither", str(error))))
            reason = f"operators that TFLite lacks, {', '.join(missing)}" if missing else str(error)[:500]
            failure = f"tflite: expected a graph that can be converted. Received: {reason}"
        else:
            return
    # Outside of the block, and without its thousands of lines, which name no more.
    raise ExportError(failure)


def operators(file: str | Path) -> set[str]:
    """The names of the operators in a TFLite file; custom ones, Flex among them, as "CUSTOM …"."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAsModel(Path(file).read_bytes(), 0)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    codes = [model.OperatorCodes(index) for index in range(model.OperatorCodesLength())]
    return {
        f"CUSTOM {code.CustomCode().decode()}" if code.CustomCode() else names[code.BuiltinCode()] for code in codes
    }


def check_operators(file: str | Path) -> None:
    """Raise `ExportError` where a file needs an operator that LiteRT does not bring along."""
    if foreign := sorted(name for name in operators(file) if name.startswith("CUSTOM")):
        raise ExportError(f"tflite: expected built-in operators only. Received: {', '.join(foreign)}")


def write_float16(source: str | Path, file: str | Path) -> None:
    """Store the weights of a float32 TFLite file as float16; they are computed with as float32."""
    from ai_edge_quantizer import algorithm_manager, qtyping, quantizer

    quantization = quantizer.Quantizer(str(source))
    quantization.update_quantization_recipe(
        ".*",
        qtyping.TFLOperationName.ALL_SUPPORTED,
        qtyping.OpQuantizationConfig(
            weight_tensor_config=qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT),
            compute_precision=qtyping.ComputePrecision.FLOAT,
            explicit_dequantize=True,
        ),
        algorithm_manager.AlgorithmName.FLOAT_CASTING,
    )
    _quantized(quantization, file)


def write_dynamic_int8(source: str | Path, file: str | Path) -> None:
    """Store the weights of a float32 TFLite file with 8 bits, a scale for each channel."""
    from ai_edge_quantizer import quantizer, recipe

    _quantized(quantizer.Quantizer(str(source), recipe.dynamic_wi8_afp32()), file)


def write_int8(source: str | Path, file: str | Path, calibration: dict[str, list[dict[str, np.ndarray]]]) -> None:
    """Compute a float32 TFLite file's products with 8 bits, their inputs in the ranges seen in calibration.

    Args:
        source: the float32 file.
        file: to be written.
        calibration: signature → inputs of it, each of the file's number of rows.
    """
    from ai_edge_quantizer import calibrator, qtyping, quantizer, recipe_manager
    from ai_edge_quantizer.utils import qsv_utils

    recipe = recipe_manager.RecipeManager()
    for operator in INT8_OPERATORS:
        recipe.add_static_config(".*", qtyping.TFLOperationName(operator), activation_num_bits=8, weight_num_bits=8)
    with tempfile.TemporaryDirectory() as folder, hushed():
        observed = Path(folder) / "model.tflite"
        graph = read(source)
        hide_unread(graph)
        write(graph, observed)
        # The quantizer's own way takes an average of each row's extremes, which clips what is rare: in rows of one
        # picture, most of the largest values.
        ranges = calibrator.Calibrator(str(observed), num_threads=1, qsv_update_func=qsv_utils.min_max_update)
        ranges.calibrate(calibration, recipe)
    _quantized(quantizer.Quantizer(str(source), recipe.get_quantization_recipe()), file, ranges.get_model_qsvs())


def _quantized(quantization, file, calibration=None):
    with hushed():
        result = quantization.quantize(calibration, enable_progress_report=False)
        result.export_model(str(file), overwrite=True)
    check_operators(file)


@contextlib.contextmanager
def hushed():
    """Hold back the progress bars and warnings of the quantizer, which cannot be switched off."""
    with silence_unless_failing(), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def shrink(file: str | Path) -> None:
    """Drop what nothing reads from a TFLite file, and write once what several signatures have in common.

    The names of inner tensors and their empty buffers are a third of a small model, whose graph is larger than its
    weights; the scales of an int8 file, 12 bytes a channel, would be repeated for every signature that uses a layer.
    The quantizer knows tensors by name, so that this comes last.
    """
    model = read(file)
    # The first buffer is the empty one, by the format's convention.
    kept = [0]
    scales: dict[bytes, Once] = {}
    for graph in model.subgraphs:
        ends = {*graph.inputs, *graph.outputs}
        for index, tensor in enumerate(graph.tensors):
            if index not in ends:
                tensor.name = None
            if tensor.quantization is not None and tensor.quantization.scale is None:
                tensor.quantization = None
            if (parameters := tensor.quantization) is not None:
                numbers = np.asarray([*parameters.scale, *parameters.zeroPoint, parameters.quantizedDimension])
                tensor.quantization = scales.setdefault(numbers.tobytes(), Once(parameters))
            if model.buffers[tensor.buffer].data is None:
                tensor.buffer = 0
            kept.append(tensor.buffer)
    kept = sorted({*kept, *(entry.buffer for entry in model.metadata or [])})
    place = {old: new for new, old in enumerate(kept)}
    for user in [*(tensor for graph in model.subgraphs for tensor in graph.tensors), *(model.metadata or [])]:
        user.buffer = place[user.buffer]
    model.buffers = [model.buffers[index] for index in kept]
    write(model, file)


class Once:
    """An object of the schema that is written once, however many refer to it."""

    def __init__(self, value):
        self._value, self._place = value, None

    def Pack(self, builder) -> int:
        """Its place in the file that `builder` writes."""
        if self._place is None:
            self._place = self._value.Pack(builder)
        return self._place


def hide_unread(model) -> None:
    """Take their names from the tensors that nothing reads, as the half of a split that a signature does not use.

    LiteRT gives them no memory, and the quantizer, which looks at every tensor that has a name, would stop there.
    """
    for graph in model.subgraphs:
        read = {*graph.outputs, *(index for operator in graph.operators for index in operator.inputs)}
        for index, tensor in enumerate(graph.tensors):
            if index not in read and index not in graph.inputs:
                tensor.name = b""


def read(file: str | Path):
    """The contents of a TFLite file as objects of its schema."""
    from ai_edge_litert import schema_py_generated as schema

    content = Path(file).read_bytes()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    for buffer in model.buffers:
        # The quantizer puts weights behind the structure and stores where they are; they belong into it again.
        if buffer.size:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    return model


def write(model, file: str | Path) -> None:
    """Write what `read` gave."""
    import flatbuffers

    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    Path(file).write_bytes(builder.Output())
