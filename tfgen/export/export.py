"""An export from beginning to end: make, compare with the Keras model, then put in place."""

import dataclasses
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.errors import DataError, ExportError
from tfgen.export import card, parity, saved_model, tflite
from tfgen.export.signatures import signatures
from tfgen.export.staging import publish_files, publish_version, staging
from tfgen.files import write_json
from tfgen.runs.versions import versions

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

PARITY = "parity.json"


def export(
    run: "Run",
    formats: Sequence[str],
    out: str | Path,
    *,
    quantize: Sequence[str] = ("none",),
    batch: int = 1,
    report: Callable[[str], Any] = lambda line: None,
) -> dict[str, dict[str, Any]]:
    """Export a run's best model; either everything that was asked for is put in place, or nothing.

    Args:
        run: trained.
        formats: of "saved_model", "tflite", "onnx".
        out: folder for `saved_model/<version>/`, `tflite/*.tflite`, `onnx/*.onnx`, `parity.json`, `MODEL_CARD.md`.
        quantize: for TFLite, of "none", "float16", "dynamic-int8", "int8": a file for each.
        batch: for TFLite and ONNX, rows of every input.
        report: is told what has been done, a line or table at a time.

    Returns:
        Artefact, relative to `out` → its part of `parity.json`.

    Raises:
        ExportError: if the model cannot be exported so, or an artefact is further from it than its bound.
        RunError, ConfigError: if the run has no model, or `out` cannot be written to.
    """
    model = run.load_model()
    if "int8" in quantize and "int8" in model.undefined:
        raise ExportError(f"--quantize int8: {model.undefined['int8']}")
    examples, source = examples_of(run, model)
    out = Path(out)
    with staging(out) as stage:
        made: dict[str, dict[str, Any]] = {}
        if "saved_model" in formats:
            folder = stage / "saved_model"
            saved_model.write_saved_model(signatures(model), folder)
            made["saved_model"] = judged(model, "saved_model", saved_model.SavedModel(folder), folder, examples)
        if "tflite" in formats:
            for name, file in tflite_files(model, stage / "tflite", quantize, batch).items():
                made[f"tflite/{file.name}"] = judged(model, file.name, tflite.LiteModel(file), file, examples, name)
        if "onnx" in formats:
            from tfgen.export import onnx

            folder = stage / "onnx"
            for name, reason in onnx.write_onnx(signatures(model, batch), folder).items():
                report(f"onnx: {name} is left out, which tf2onnx cannot convert ({reason})")
            made["onnx"] = judged(model, "onnx", onnx.OnnxModel(folder), folder, examples)

        # From here on everything is good: it only has to be moved.
        for name in ("tflite", "onnx"):
            if name in formats:
                publish_files(stage / name, out / name)
        if "saved_model" in formats:
            place = publish_version(stage / "saved_model", out / "saved_model")
            made = {f"saved_model/{place.name}" if key == "saved_model" else key: made[key] for key in made}
    whole = {**earlier(out), **made}
    write_json(out / PARITY, {"run": run.path.name, "examples": source, "versions": versions(), "artefacts": whole})
    card.write_card(run, model, whole, out / "MODEL_CARD.md")
    report(parity.table(made))
    report(f"\n{out}: {', '.join(made)}")
    return made


def examples_of(run: "Run", model: "GenerativeModel") -> tuple[np.ndarray, str]:
    """Examples to ask likelihoods of, images as floats in [0, 1], and where they are from: "test", or else "samples".

    A model can be exported on a machine without its data, and nothing is downloaded for it.
    """
    try:
        examples = run.local_dataset.test.examples[: parity.STATISTIC_ROWS]
    except DataError:
        return model.sample(parity.STATISTIC_ROWS, seed=10_000).numpy(), "samples of the model"
    return (examples / np.float32(model.levels - 1) if model.is_image else examples), "test examples"


def tflite_files(model: "GenerativeModel", folder: Path, quantize: Sequence[str], batch: int) -> dict[str, Path]:
    """Write a TFLite file for each quantization: its name → the file. All are made from the float32 one."""
    folder.mkdir()
    source = folder / "model.tflite"
    tflite.write_float32(signatures(model, batch), source)
    files = {"none": source}
    for name in quantize:
        file = files[name] = source if name == "none" else folder / f"model-{name}.tflite"
        match name:
            case "float16":
                tflite.write_float16(source, file)
            case "dynamic-int8":
                tflite.write_dynamic_int8(source, file)
            case "int8":
                tflite.write_int8(source, file, calibration(model, batch))
    if "none" not in quantize:
        source.unlink()
        del files["none"]
    for file in files.values():
        tflite.shrink(file)
    return files


def calibration(model: "GenerativeModel", batch: int) -> dict[str, list[dict[str, np.ndarray]]]:
    """Inputs of every signature by which 8-bit ranges are set: the model's own samples, in batches of `batch` rows.

    What an encoder sees are whole pixels: where they have a distribution, its samples and not its mean.
    """
    rows = -(-tflite.CALIBRATION_ROWS // batch) * batch
    draw = model.sample_pixels if model.can("sample_pixels") else model.sample
    asked = parity.questions(model, draw(rows, seed=20_000).numpy())
    # The latents of the prior as they are served, and none cooled down.
    asked["sample"]["temperature"] = np.ones(rows, np.float32)
    starts = range(0, rows, batch)
    return {
        name: [{key: value[start : start + batch] for key, value in asked[name].items()} for start in starts]
        for name in signatures(model, batch)
    }


def judged(
    model: "GenerativeModel",
    name: str,
    artefact: parity.Artefact,
    path: Path,
    examples: np.ndarray,
    quantization: str = "none",
) -> dict[str, Any]:
    """The artefact's part of `parity.json`. Raises `ExportError` where it is past its bound."""
    numbers = "float32" if quantization == "none" else quantization
    found = parity.compare(model, artefact, examples[: parity.ROWS], numbers)
    parity.check(name, found)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    part: dict[str, Any] = {
        "numbers": numbers,
        "bytes": sum(os.path.getsize(file) for file in files),
        "signatures": {key: dataclasses.asdict(comparison) for key, comparison in found.items()},
    }
    if quantization != "none":
        part["statistics"] = parity.statistics_of(model, artefact, examples)
    return part


def earlier(out: Path) -> dict[str, dict[str, Any]]:
    """What `parity.json` tells of the artefacts that an earlier export put there and that are still there."""
    try:
        known = json.loads((out / PARITY).read_text())["artefacts"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {name: part for name, part in known.items() if (out / name).exists()}
