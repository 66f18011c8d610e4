"""Export to TFLite, for LiteRT on devices and in the browser, with built-in operators only.

All signatures are in one file and share the weights. Inputs and outputs are float32 (seeds int32), also in the
quantized files that `tfgen.export.quantization` makes from the float32 one.
"""

import concurrent.futures
import multiprocessing
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfgen.errors import ExportError
from tfgen.export.flatbuffer import operators
from tfgen.startup import end_with_parent, silence_unless_failing

if TYPE_CHECKING:
    from tfgen.export.signatures import Signature


class LiteModel:
    """A TFLite file, loaded in LiteRT on one thread.

    Args:
        file: has signatures of a fixed number of rows.

    Attributes:
        names: the signatures.
    """

    def __init__(self, file: str | Path):
        from ai_edge_litert.interpreter import Interpreter

        with silence_unless_failing():
            self._interpreter = Interpreter(model_path=str(file), num_threads=1)
        self.names = list(self._interpreter.get_signature_list())
        self._runners = {name: self._interpreter.get_signature_runner(name) for name in self.names}

    def run(self, name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs of signature `name` for inputs of any number of rows.

        The last batch is filled up with copies of the last row.
        """
        runner = self._runners[name]
        batch = int(next(iter(runner.get_input_details().values()))["shape"][0])
        rows = len(next(iter(inputs.values())))
        batches = []
        for start in range(0, rows, batch):
            taken = np.minimum(np.arange(start, start + batch), rows - 1)
            batches.append(runner(**{key: value[taken] for key, value in inputs.items()}))
        return {key: np.concatenate([outputs[key] for outputs in batches])[:rows] for key in batches[0]}


def write_float32(signatures: "dict[str, Signature]", file: str | Path) -> None:
    """Write the signatures of a model to a float32 TFLite file.

    Args:
        signatures: of a fixed number of rows, which LiteRT.js needs in the browser.
        file: path of the new file.

    Raises:
        ExportError: if the conversion fails, or needs an operator that is not built in.
    """
    with tempfile.TemporaryDirectory(dir=Path(file).parent) as folder:
        save_for_conversion(signatures, folder)
        # The converter does not free its memory until its process ends.
        spawn = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(1, spawn, end_with_parent) as process:
            try:
                process.submit(convert, folder, list(signatures), str(file)).result()
            except concurrent.futures.process.BrokenProcessPool:
                raise ExportError(
                    "tflite: expected the converter to finish. Received: its process was killed (out of memory?)"
                ) from None
    check_operators(file)


def save_for_conversion(signatures: "dict[str, Signature]", folder: str | Path) -> None:
    """Write a SavedModel with nothing but the signatures and their variables, as the converter reads it."""
    import tensorflow as tf

    traced = {name: signature.traced().get_concrete_function() for name, signature in signatures.items()}
    module = tf.Module()
    # A SavedModel stores only variables that are attributes of its root.
    module.held = list({id(v): v for function in traced.values() for v in function.graph.variables}.values())
    tf.saved_model.save(module, str(folder), signatures=traced)


def convert(folder: str, names: list[str], file: str) -> None:
    """Convert a SavedModel to a TFLite file.

    Args:
        folder: the SavedModel.
        names: signatures to convert.
        file: path of the new file.

    Raises:
        ExportError: if the conversion fails, with the operators that TFLite lacks if that is the reason.
    """
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
    # Raised outside of the `with` block, which would otherwise print the converter's log of thousands of lines.
    raise ExportError(failure)


def check_operators(file: str | Path) -> None:
    """Raise `ExportError` if a TFLite file needs an operator that LiteRT does not contain."""
    if custom := sorted(name for name in operators(file) if name.startswith("CUSTOM")):
        raise ExportError(f"tflite: expected built-in operators only. Received: {', '.join(custom)}")
