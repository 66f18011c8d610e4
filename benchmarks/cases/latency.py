"""Milliseconds of one picture on a device, on one thread: LiteRT beside ONNX Runtime, in float32 and int8, in turn.

The picture is that of the signature `sample`: random numbers, and the decoder. Models are exported by tfgen to TFLite
and ONNX. The int8 file of ONNX is made by ONNX Runtime's own quantizer, calibrated like tfgen's; for a model that int8
activations would spoil, both quantize the weights only (dynamic int8).
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.cases.export import in_turn
from benchmarks.summaries import paired_ratio, spread
from tfgen.extras import check_installed

SIGNATURE = "sample"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--models",
        nargs="+",
        default=["mnist-vae", "mnist-gan", "mnist-flow"],
        help="Names of pretrained models, or run folders [mnist-vae mnist-gan mnist-flow].",
    )
    parser.add_argument("--requests", type=int, default=200, help="Requests of each measurement [default: 200].")
    parser.add_argument("--repeats", type=int, default=5, help="Measurements of each kind [default: 5].")


def run(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    check_installed(["ai_edge_litert", "ai_edge_quantizer"], "export", "latency")
    check_installed(["tf2onnx", "onnxruntime"], "onnx", "latency")
    from tfgen.startup import start_tensorflow

    start_tensorflow()
    from tfgen.runs import Run

    return {name: measure(Run.open(name).load_model(), options.requests, options.repeats) for name in options.models}


def measure(model, requests: int, repeats: int) -> dict[str, Any]:
    """Return the measures of one model."""
    with tempfile.TemporaryDirectory() as folder:
        files = export(model, Path(folder))
        runs = {name: requester(file) for name, file in files.items()}
        bytes_of = {name: file.stat().st_size for name, file in files.items()}
        times = in_turn(runs, requests, repeats)
    result: dict[str, Any] = {f"{name}, ms": spread(values) for name, values in times.items()}
    result |= {f"{name}, bytes": value for name, value in bytes_of.items()}
    for kind in ("float32", "int8"):
        if {f"LiteRT {kind}", f"ONNX {kind}"} <= set(times):
            # More than 1: LiteRT takes less time.
            result[f"LiteRT, times ONNX, {kind}"] = paired_ratio(times[f"ONNX {kind}"], times[f"LiteRT {kind}"])
    return result


def export(model, folder: Path) -> dict[str, Path]:
    """Write the model to TFLite and ONNX files in float32 and int8, and return them by name.

    A signature that tf2onnx cannot convert has no ONNX files.
    """
    from tfgen.export.onnx import write_onnx
    from tfgen.export.pipeline import calibration, tflite_files
    from tfgen.export.signatures import signatures

    int8 = "dynamic-int8" if model.amplifies_rounding else "int8"
    lite = tflite_files(model, folder / "tflite", ("none", int8), 1)
    files = {"LiteRT float32": lite["none"], "LiteRT int8": lite[int8]}
    write_onnx({SIGNATURE: signatures(model, 1)[SIGNATURE]}, folder / "onnx")
    source = folder / "onnx" / f"{SIGNATURE}.onnx"
    files |= {"ONNX float32": source, "ONNX int8": folder / "int8.onnx"}
    inputs = None if model.amplifies_rounding else calibration(model, 1)[SIGNATURE]
    quantize_onnx(source, files["ONNX int8"], inputs)
    return files


def quantize_onnx(source: Path, file: Path, inputs: list[dict] | None) -> None:
    """Write the ONNX file `source` to `file` in int8: the weights, and the activations if there are inputs."""
    from onnxruntime import quantization

    if inputs is None:
        quantization.quantize_dynamic(source, file, weight_type=quantization.QuantType.QInt8)
        return

    class Reader(quantization.CalibrationDataReader):
        def __init__(self):
            self.rows = iter(inputs)

        def get_next(self):
            return next(self.rows, None)

    quantization.quantize_static(
        source,
        file,
        Reader(),
        per_channel=True,
        op_types_to_quantize=["MatMul", "Gemm", "Conv", "ConvTranspose"],
        activation_type=quantization.QuantType.QInt8,
        weight_type=quantization.QuantType.QInt8,
    )


def requester(file: Path):
    """Return a function that runs the signature `sample` of a file for one row."""
    import numpy as np

    inputs = {"seed": np.ones(1, np.int32), "temperature": np.ones(1, np.float32)}
    if file.suffix == ".onnx":
        from tfgen.export.onnx import load_session

        session = load_session(file.read_bytes())
        known = {part.name for part in session.get_inputs()}
        given = {name: value for name, value in inputs.items() if name in known}
        return lambda: session.run(None, given)
    from tfgen.export.tflite import LiteModel

    runner = LiteModel(file)._runners[SIGNATURE]
    given = {name: inputs[name] for name in runner.get_input_details()}
    return lambda: runner(**given)
