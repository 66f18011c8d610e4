"""Quantization of a float32 TFLite file.

| quantization | weights | computation | calibration |
|---|---|---|---|
| float16 | float16 | float32 | – |
| dynamic-int8 | int8 with a scale for each channel | int8 products, activations scaled at run time | – |
| int8 | int8 with a scale for each channel | int8 products, activations scaled by calibration | samples of the prior |

Inputs and outputs stay float32 (seeds int32).

Reference: Jacob et al.: Quantization and training of neural networks for efficient integer-arithmetic-only inference.
CVPR 2018.
"""

import contextlib
import io
import tempfile
import warnings
from pathlib import Path

import numpy as np

from tfgen.export import flatbuffer
from tfgen.export.tflite import check_operators
from tfgen.startup import silence_unless_failing

#: Operators that an int8 file computes with 8 bits: those with weights. The random number generator and the likelihoods
#: stay float32: a logarithm with 8 bits would not give normally distributed noise.
INT8_OPERATORS = ("FULLY_CONNECTED", "CONV_2D", "CONV_2D_TRANSPOSE")
#: The calibrator does not enter loops. Operators inside one, the likelihood of a conditional model, stay float32 too.
OUTSIDE_OF_LOOPS = r"^(?!.*while/)"
CALIBRATION_ROWS = 64


def write_float16(source: str | Path, file: str | Path) -> None:
    """Write the float32 TFLite file `source` to `file` with float16 weights. The computation stays float32."""
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
    _write(quantization, file)


def write_dynamic_int8(source: str | Path, file: str | Path) -> None:
    """Write the float32 TFLite file `source` to `file` with int8 weights and a scale for each channel.

    The activations are quantized at run time, by the range of each request.
    """
    from ai_edge_quantizer import quantizer, recipe

    _write(quantizer.Quantizer(str(source), recipe.dynamic_wi8_afp32()), file)


def write_int8(source: str | Path, file: str | Path, calibration: dict[str, list[dict[str, np.ndarray]]]) -> None:
    """Write the float32 TFLite file `source` to `file` with int8 weights and int8 activations.

    Args:
        source: the float32 file.
        file: path of the new file.
        calibration: signature → batches of its inputs, each of the file's number of rows. The range of an activation is
            its range over all of them.
    """
    from ai_edge_quantizer import calibrator, qtyping, quantizer, recipe_manager
    from ai_edge_quantizer.utils import qsv_utils

    recipe = recipe_manager.RecipeManager()
    for operator in INT8_OPERATORS:
        recipe.add_static_config(
            OUTSIDE_OF_LOOPS, qtyping.TFLOperationName(operator), activation_num_bits=8, weight_num_bits=8
        )
    with tempfile.TemporaryDirectory() as folder, quiet():
        readable = Path(folder) / "model.tflite"
        graph = flatbuffer.read(source)
        flatbuffer.clear_unread_names(graph)
        flatbuffer.write(graph, readable)
        # The quantizer's default averages the extremes of the batches. With one picture a batch, the average clips most
        # of the largest values.
        ranges = calibrator.Calibrator(str(readable), num_threads=1, qsv_update_func=qsv_utils.min_max_update)
        ranges.calibrate(calibration, recipe)
    _write(quantizer.Quantizer(str(source), recipe.get_quantization_recipe()), file, ranges.get_model_qsvs())


def _write(quantization, file, calibration=None):
    with quiet():
        result = quantization.quantize(calibration, enable_progress_report=False)
        result.export_model(str(file), overwrite=True)
    check_operators(file)


@contextlib.contextmanager
def quiet():
    """Suppress the progress bars and warnings of the quantizer in the `with` block; it has no option for that."""
    with silence_unless_failing(), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
