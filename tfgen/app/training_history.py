"""The training history of a run, read from its folder: curves, pictures of the epochs and a summary.

Nothing here computes with a model. A damaged file raises a `RunError`.
"""

import html
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image

from tfgen import pretrained
from tfgen.app.public_text import data_name, without_folders
from tfgen.app.terms import tooltip
from tfgen.config.command import to_command
from tfgen.config.families import FAMILIES
from tfgen.config.presets import preset_config
from tfgen.data import POINT_NAMES
from tfgen.errors import ConfigError, RunError
from tfgen.evaluation.report import likelihood_summary
from tfgen.markdown import markdown_table
from tfgen.runs.evaluations import FILE_NAME, entries_of_last_epoch
from tfgen.runs.run import Run

#: File with the pictures of a packed model, which has pictures of its last epoch only.
PACKED_SAMPLES = "samples.png"
DIVERGED = "; then a loss became infinite or NaN"
_SAMPLES_FILE = re.compile(r"epoch-(\d{4,9})(-pixels)?\.png")


def stamp(run: Run) -> str:
    """Return a text that changes whenever the folder of the run has something new to show."""
    files = (run.path / name for name in ("samples", "model.keras"))
    return " ".join([str(run.path), _stamp_of_numbers(run), *map(_file_stamp, files)])


def _stamp_of_numbers(run: Run) -> str:
    return " ".join(_file_stamp(run.path / name) for name in ("metrics.jsonl", FILE_NAME, run.divergence_file.name))


def _file_stamp(path: Path) -> str:
    try:
        state = path.stat()
    except OSError:
        return "-"
    return f"{state.st_mtime_ns}.{state.st_size}"


# -- curves -----------------------------------------------------------------------------------------------------------


def curves(run: Run) -> list[tuple[str, Image.Image]]:
    """Return (title, picture) of the curve of each quantity. Empty before the end of the first epoch.

    Each curve is a picture of its own, so that a narrow window can show the curves below each other.
    """
    return list(_curves(run, _stamp_of_numbers(run)))


# Cached, because every open page asks for the curves after every epoch.
@lru_cache(maxsize=4)
def _curves(run: Run, numbers: str) -> tuple[tuple[str, Image.Image], ...]:
    from tfgen.plots import style
    from tfgen.plots.curves import draw_curves, quantities, title

    rows, baselines = run.metrics(skip_damaged=True), _baselines(run)
    return tuple(
        (title(quantity), style.picture(draw_curves(rows, baselines, [quantity]))) for quantity in quantities(rows)
    )


def _baselines(run: Run) -> dict[str, float]:
    """Return the bits/dim of independent pixels, if that was measured, as `draw_curves` expects baselines."""
    for entry in _likelihoods(run):
        if baseline := entry.pixel_marginal_bits_per_dim:
            return {"bits_per_dim": baseline}
    return {}


def _likelihoods(run: Run) -> list[Any]:
    return entries_of_last_epoch(run, skip_damaged=True).get("likelihood", [])


def latest(run: Run) -> str:
    """Return the numbers of the last epoch as a Markdown table. Empty before the end of the first epoch."""
    from tfgen.plots.curves import quantities, title

    rows = run.metrics(skip_damaged=True)
    if not rows:
        return ""
    found = [
        (tooltip(title(name)), *(_formatted(rows[-1].get(key)) for key in (name, f"val_{name}")))
        for name in quantities(rows)
    ]
    # Some quantities are not measured after every epoch.
    found = [row for row in found if any(row[1:])]
    if any(validation for *_, validation in found):
        return markdown_table(("number", "training", "validation"), found)
    return markdown_table(("number", "training"), [row[:2] for row in found])


def _formatted(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (int, float)) else ""


# -- pictures ---------------------------------------------------------------------------------------------------------


def epochs(run: Run, pixels: bool = False) -> list[int]:
    """Return the epochs that have pictures, ascending. With `pixels`: pictures of sampled pixels."""
    try:
        found = [_SAMPLES_FILE.fullmatch(path.name) for path in (run.path / "samples").iterdir()]
    except OSError:
        return []
    return sorted(int(match[1]) for match in found if match and bool(match[2]) == pixels)


def samples(run: Run, epoch: int | None = None, pixels: bool = False) -> tuple[Image.Image, int]:
    """Return the pictures of fixed seeds after an epoch, or after the last earlier epoch that has pictures.

    Args:
        run: the run.
        epoch: number of the epoch. None: the latest.
        pixels: return pictures whose pixels were sampled, if the epoch has such pictures.

    Returns:
        (the pictures in a grid, number of their epoch).

    Raises:
        RunError: if the run has no pictures, or they cannot be read.
    """
    available = epochs(run, pixels) or epochs(run)
    if not available:
        done = run.metrics(skip_damaged=True)
        if (run.path / PACKED_SAMPLES).is_file():
            return _open_png(run, Path(PACKED_SAMPLES)), int(done[-1]["epoch"]) if done else run.config.train.epochs
        raise RunError(f"Expected pictures in the run {run.path.name}. Received: none yet")
    chosen = max((each for each in available if epoch is None or each <= epoch), default=available[0])
    suffix = "-pixels" if pixels and chosen in epochs(run, True) else ""
    return _open_png(run, Path("samples", f"epoch-{chosen:04d}{suffix}.png")), chosen


def is_plot(run: Run) -> bool:
    """Return whether the pictures of the run are plots of points in the plane and their density."""
    return run.config.data.data in POINT_NAMES


def _open_png(run: Run, file: Path) -> Image.Image:
    try:
        with Image.open(run.path / file, formats=["PNG"]) as picture:
            return picture.convert("L" if picture.mode == "L" else "RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error).replace(str(run.path / file), file.name)
        raise RunError(f"Expected a picture in {file} of the run {run.path.name}. Received: {reason}") from None


# -- summary ----------------------------------------------------------------------------------------------------------


def facts(run: Run) -> dict[str, Any]:
    """Return the main facts about a training.

    Returns:
        "model", "preset", "data": as in the configuration;
        "state": "finished", "unfinished" or "diverged";
        "epochs" and "planned": number of complete epochs, and of all;
        "seconds": training time;
        "best_epoch": None without validation;
        "numbers": number of weights of a packed model, otherwise None;
        "bytes": size of the model file, None without a model;
        "other_options": options that differ from the preset: name → [value, value of the preset];
        "command": a command that trains the same model, None if no command can.
    """
    rows, config = run.metrics(skip_damaged=True), run.config
    validated = any(key.startswith("val_") for row in rows for key in row)
    best = [row["epoch"] for row in rows if row.get("best")] if validated else []
    try:
        command, others = to_command(config), _other_options(run)
    except ConfigError:  # A preset that this version does not have.
        command, others = None, {}
    return {
        "model": config.model,
        "preset": config.preset,
        "data": data_name(config.data.data),
        "state": run.state,
        "epochs": rows[-1]["epoch"] if rows else 0,
        "planned": config.train.epochs,
        "seconds": round(sum(_seconds(row) for row in rows), 1),
        "best_epoch": best[-1] if best else None,
        "numbers": pretrained.read(run.path)["weights"].get("numbers") if run.is_packed else None,
        "bytes": run.model_file.stat().st_size if run.model_file.is_file() else None,
        "other_options": others,
        "command": None if command is None else without_folders(command),
    }


def _seconds(row: dict[str, Any]) -> float:
    value = row.get("seconds")
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0


def _other_options(run: Run) -> dict[str, list[Any]]:
    """Return the options that differ from the preset: name → [value, value of the preset]."""
    config = run.config
    usual = preset_config(config)
    return {
        name: [_shown(getattr(section, name)), _shown(getattr(preset, name))]
        for section, preset in zip(config.sections, usual.sections, strict=True)
        for name in section.option_names()
        if getattr(section, name) != getattr(preset, name)
    }


def _shown(value: Any) -> Any:
    return without_folders(value) if isinstance(value, str) else value


def summary(run: Run) -> str:
    """Return `facts` and the measurements of a run as a Markdown table."""
    known = facts(run)
    family = FAMILIES[known["model"]].title
    best = known["best_epoch"]
    size = f"{known['bytes'] / 1e6:.1f} MB" if known["bytes"] else "no model yet"
    rows = {
        "Model": f"{family}, preset {escaped(known['preset'])}",
        "Data": escaped(known["data"]),
        "Epochs": f"{known['epochs']} of {known['planned']}" + DIVERGED * (known["state"] == "diverged"),
        "Training time": duration(known["seconds"]),
        "Best epoch": "" if best is None else f"{best} (its weights are the model)",
        "Model file": f"{known['numbers']:,} weights, {size}" if known["numbers"] else size,
        "Measurements": "<br>".join(escaped(line) for line in _measurements(run)),
        "Differences from the preset": ", ".join(
            f"{name} {_code(here)} instead of {_code(usual)}" for name, (here, usual) in known["other_options"].items()
        ),
        "Command": f"`{known['command']}`" if known["command"] else "",
    }
    return markdown_table(("fact", "value"), [(name, text) for name, text in rows.items() if text])


def _measurements(run: Run) -> list[str]:
    lines = []
    for entry in _likelihoods(run):
        try:
            lines.append(" ".join(likelihood_summary(entry).split()))
        except (KeyError, TypeError, ValueError):
            continue  # An entry of another version, without some of the numbers.
    return lines


def duration(seconds: float) -> str:
    """Format a duration. Examples: 0.4 s, 40 s, 12 min, 2 h 05 min."""
    if seconds < 9.5:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def escaped(value: Any) -> str:
    """Return a text on one line with HTML and Markdown escaped, so that a table cell shows the text as it is."""
    return re.sub(r"([\\`*_|\[\]])", r"\\\1", html.escape(" ".join(str(value).split()), quote=False))


def _code(value: Any) -> str:
    """Return the value of an option as Markdown code."""
    shown = " ".join(map(str, value)) if isinstance(value, (list, tuple)) else "none" if value is None else str(value)
    return "`" + " ".join(shown.replace("`", "'").split()).replace("|", "\\|") + "`"
