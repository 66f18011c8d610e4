"""`parity.json` of an export: what it holds for each artefact, and its Markdown table."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.export import parity
from tfgen.export.reference import keras_output
from tfgen.files import write_json
from tfgen.markdown import markdown_table
from tfgen.runs.versions import versions

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

NAME = "parity.json"
#: Rows over which the statistics of a quantized model are computed.
STATISTIC_ROWS = 64


def validate(
    model: "GenerativeModel",
    name: str,
    artefact: parity.Artefact,
    path: Path,
    examples: np.ndarray,
    quantization: str = "none",
) -> dict[str, Any]:
    """Compare an artefact with the Keras model, and return its entry of `parity.json`.

    Args:
        model: the Keras model.
        name: of the artefact, for the message.
        artefact: loaded from `path`.
        path: its file or folder.
        examples: images in [0, 1] or points.
        quantization: "none" or one of `tfgen.export.quantization`.

    Raises:
        ExportError: if an error exceeds its bound.
    """
    numbers = "float32" if quantization == "none" else quantization
    comparisons = parity.compare(model, artefact, examples[: parity.ROWS], numbers)
    parity.check(name, comparisons)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    entry: dict[str, Any] = {
        "numbers": numbers,
        "bytes": sum(file.stat().st_size for file in files),
        "signatures": {key: dataclasses.asdict(comparison) for key, comparison in comparisons.items()},
    }
    if quantization != "none":
        entry["statistics"] = statistics_of(model, artefact, examples)
    return entry


def statistics_of(model: "GenerativeModel", artefact: parity.Artefact, examples: np.ndarray) -> dict:
    """Return statistics of samples and likelihoods of the Keras model and an artefact: the effect of quantization.

    Args:
        model: the Keras model.
        artefact: exported from it.
        examples: images in [0, 1] or points, whose mean likelihood is computed.

    Returns:
        Statistic → {"keras": value, "export": value}. The statistics are `sample_mean` and `sample_std`, over all
        values of the samples, and the mean `bits_per_dim` of images or `log_prob` of points in nats.
    """
    requests = statistic_inputs(model, examples)
    found = {}
    for name, inputs in requests.items():
        outputs = {
            "keras": keras_output(model, name, inputs),
            "export": next(iter(artefact.run(name, inputs).values())),
        }
        if name == "sample":
            found["sample_mean"] = {side: float(values.mean()) for side, values in outputs.items()}
            found["sample_std"] = {side: float(values.std()) for side, values in outputs.items()}
        else:
            found[name] = {side: float(values.mean()) for side, values in outputs.items()}
    return found


def statistic_inputs(model: "GenerativeModel", examples: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """Return the inputs of the signatures whose outputs `statistics_of` compares: signature → input name → array.

    A conditional model draws the classes of the samples, and computes the marginal likelihood.
    """
    seeds = np.arange(STATISTIC_ROWS, dtype=np.int32)
    requests = {"sample": {"seed": seeds, "temperature": np.ones(STATISTIC_ROWS, np.float32)}}
    if model.can("log_prob"):
        name = "bits_per_dim" if model.is_image else "log_prob"
        rows = examples[:STATISTIC_ROWS].astype(np.float32)
        requests[name] = {"images": rows, "seed": seeds[: len(rows)]} if model.is_image else {"points": rows}
    if model.is_conditional:
        for inputs in requests.values():
            inputs["label"] = np.full(len(next(iter(inputs.values()))), -1, np.int32)
    return requests


def parity_table(report: dict[str, dict[str, Any]]) -> str:
    """Return a Markdown table with one row for each signature of each artefact.

    Args:
        report: artefact → its entry of `parity.json`.
    """
    rows = []
    for artefact, entry in report.items():
        for name, comparison in entry["signatures"].items():
            errors = (f"{comparison['max_error']:.1e}", f"{comparison['mean_error']:.1e}", comparison["unit"])
            rows.append(
                (artefact, f"{entry['bytes'] / 1e6:.2f} MB", name, *errors, f"{comparison['latency_ms']:.2f} ms")
            )
    return markdown_table(("artefact", "size", "signature", "max error", "mean error", "unit", "latency"), rows)


def write_report(out: Path, run: str, source: str, report: dict[str, dict[str, Any]]) -> None:
    """Write `parity.json` atomically.

    Args:
        out: folder of the export.
        run: name of the run.
        source: origin of the examples, "test examples" or "samples of the model".
        report: artefact → entry.
    """
    write_json(out / NAME, {"run": run, "examples": source, "versions": versions(), "artefacts": report})


def existing_entries(out: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of `parity.json` whose artefacts still exist; empty if the file is missing or unreadable."""
    try:
        entries = json.loads((out / NAME).read_text())["artefacts"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {name: entry for name, entry in entries.items() if (out / name).exists()}
