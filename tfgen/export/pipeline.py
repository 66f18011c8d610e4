"""The steps of an export: make every artefact, compare it with the Keras model, then move all of them into place."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.errors import DataError, ExportError
from tfgen.export import card, quantization, reference, report, saved_model, tflite
from tfgen.export.class_names import add_class_names, write_class_names
from tfgen.export.flatbuffer import remove_unused_data
from tfgen.export.packages import check_packages
from tfgen.export.signatures import signatures
from tfgen.export.staging import publish_files, publish_version, staging

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

Entries = dict[str, dict[str, Any]]


def export(
    run: "Run",
    formats: Sequence[str],
    out: str | Path,
    *,
    quantize: Sequence[str] = ("none",),
    batch: int = 1,
    progress: Callable[[str], Any] = lambda line: None,
) -> Entries:
    """Export a run's best model. Either every requested artefact is written, or none.

    Args:
        run: a trained run.
        formats: any of "saved_model", "tflite", "onnx".
        out: folder for `saved_model/<version>/`, `tflite/*.tflite`, `onnx/*.onnx`, `parity.json`, `MODEL_CARD.md`.
        quantize: TFLite only: any of "none", "float16", "dynamic-int8", "int8", one file for each.
        batch: TFLite and ONNX only: number of rows of every input, fixed in the file.
        progress: called with a line or a table of text after each step.

    Returns:
        Path of the artefact relative to `out` → its entry of `parity.json`.

    Raises:
        ExportError: if the model cannot be exported as requested, or an artefact's error exceeds its bound.
        RunError, ConfigError: if the run has no model, `out` is not writable, or an optional package is missing.
    """
    check_packages(formats, quantize)
    model = run.load_model()
    if "int8" in quantize and model.amplifies_rounding:
        raise ExportError(
            "--quantize: expected float16 or dynamic-int8 for this model. Received: int8, but "
            f"{model.amplifies_rounding}"
        )
    examples, source = examples_of(run, model)
    out = Path(out)
    with staging(out) as stage:
        entries: Entries = {}
        if "saved_model" in formats:
            entries |= make_saved_model(model, stage / "saved_model", examples)
        if "tflite" in formats:
            entries |= make_tflite(model, stage / "tflite", examples, quantize, batch)
        if "onnx" in formats:
            entries |= make_onnx(model, stage / "onnx", examples, batch, progress)

        # Every artefact has passed its comparison.
        for name in ("tflite", "onnx"):
            if name in formats:
                publish_files(stage / name, out / name)
        if "onnx" in formats:
            write_class_names(model.classes, out / "onnx")
        if "saved_model" in formats:
            version = publish_version(stage / "saved_model", out / "saved_model")
            entries = {f"saved_model/{version.name}" if key == "saved_model" else key: entries[key] for key in entries}
    everything = {**report.existing_entries(out), **entries}
    report.write_report(out, run.path.name, source, everything)
    card.write_card(run, model, everything, out / "MODEL_CARD.md")
    progress(report.parity_table(entries))
    progress(f"\n{out}: {', '.join(entries)}")
    return entries


def examples_of(run: "Run", model: "GenerativeModel") -> tuple[np.ndarray, str]:
    """Return examples for the comparison, and their origin: "test examples", or "samples of the model".

    Samples are used if the data set is not on this machine: an export downloads nothing.

    Returns:
        (images as floats in [0, 1] or points, [n, …]; origin).
    """
    try:
        examples = run.local_dataset.test.examples[: report.STATISTIC_ROWS]
    except DataError:
        return model.sample(report.STATISTIC_ROWS, seed=10_000).numpy(), "samples of the model"
    return (examples / np.float32(model.levels - 1) if model.is_image else examples), "test examples"


def make_saved_model(model: "GenerativeModel", folder: Path, examples: np.ndarray) -> Entries:
    """Write a SavedModel to `folder`, compare it with the Keras model, and return its entry."""
    saved_model.write_saved_model(signatures(model), folder)
    write_class_names(model.classes, folder / "assets.extra")
    artefact = saved_model.SavedModel(folder)
    return {"saved_model": report.validate(model, "saved_model", artefact, folder, examples)}


def make_tflite(
    model: "GenerativeModel", folder: Path, examples: np.ndarray, quantize: Sequence[str], batch: int
) -> Entries:
    """Write a TFLite file for each quantization, compare them with the Keras model, and return their entries."""
    entries = {}
    for name, file in tflite_files(model, folder, quantize, batch).items():
        artefact = tflite.LiteModel(file)
        entries[f"tflite/{file.name}"] = report.validate(model, file.name, artefact, file, examples, name)
    return entries


def make_onnx(
    model: "GenerativeModel", folder: Path, examples: np.ndarray, batch: int, progress: Callable[[str], Any]
) -> Entries:
    """Write an ONNX file for each signature, compare them with the Keras model, and return their common entry."""
    from tfgen.export import onnx

    for name, reason in onnx.write_onnx(signatures(model, batch), folder).items():
        progress(f"onnx: no file for {name}, because tf2onnx cannot convert it ({reason})")
    return {"onnx": report.validate(model, "onnx", onnx.OnnxModel(folder), folder, examples)}


def tflite_files(model: "GenerativeModel", folder: Path, quantize: Sequence[str], batch: int) -> dict[str, Path]:
    """Write a TFLite file for each quantization, all made from the float32 one.

    Returns:
        Quantization → file.
    """
    folder.mkdir()
    source = folder / "model.tflite"
    tflite.write_float32(signatures(model, batch), source)
    files = {"none": source}
    for name in quantize:
        file = files[name] = source if name == "none" else folder / f"model-{name}.tflite"
        match name:
            case "float16":
                quantization.write_float16(source, file)
            case "dynamic-int8":
                quantization.write_dynamic_int8(source, file)
            case "int8":
                quantization.write_int8(source, file, calibration(model, batch))
    if "none" not in quantize:
        source.unlink()
        del files["none"]
    for file in files.values():
        remove_unused_data(file)
        add_class_names(model.classes, file)
    return files


def calibration(model: "GenerativeModel", batch: int) -> dict[str, list[dict[str, np.ndarray]]]:
    """Return inputs of every signature for int8 calibration, made from the model's own samples.

    In use, an encoder receives images with whole pixel levels. A model with a distribution of pixels therefore draws
    the images from it; the means of the pixels are between levels.

    Args:
        model: a trained model.
        batch: rows of each input.

    Returns:
        Signature → batches of inputs.
    """
    rows = -(-quantization.CALIBRATION_ROWS // batch) * batch
    draw = model.sample_pixels if model.can("sample_pixels") else model.sample
    inputs = reference.test_inputs(model, draw(rows, seed=20_000).numpy())
    # The prior as it is served by default: a lower temperature would narrow the ranges.
    inputs["sample"]["temperature"] = np.ones(rows, np.float32)
    starts = range(0, rows, batch)
    return {
        name: [{key: value[start : start + batch] for key, value in inputs[name].items()} for start in starts]
        for name in signatures(model, batch)
    }
