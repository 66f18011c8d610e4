"""The course of a run's training as its folder shows it: curves, pictures along the way, a summary.

Files are read and nothing is computed with a model. A file that is damaged raises a `RunError` with its sentence.
"""

import dataclasses
import html
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image

from tfgen import pretrained
from tfgen.app.about import FAMILIES
from tfgen.config.command import to_command
from tfgen.config.presets import run_config
from tfgen.data import POINT_NAMES
from tfgen.errors import ConfigError, RunError
from tfgen.evaluation.evaluate import summary as likelihood_summary
from tfgen.runs.evaluations import NAME, current
from tfgen.runs.run import Run

#: The pictures of a packed model, which has those of its end only.
LAST = "samples.png"
DIVERGED = "; then a loss ceased to be finite"
_NAME = re.compile(r"epoch-(\d{4,9})(-pixels)?\.png")


def stamp(run: Run) -> str:
    """Something that changes whenever there is anything new to show."""
    return " ".join([str(run.path), _numbers(run), *(_age(run.path / name) for name in ("samples", "model.keras"))])


def _numbers(run: Run) -> str:
    return " ".join(_age(run.path / name) for name in ("metrics.jsonl", NAME, run.divergence_file.name))


def _age(path: Path) -> str:
    try:
        state = path.stat()
    except OSError:
        return "-"
    return f"{state.st_mtime_ns}.{state.st_size}"


# -- curves -----------------------------------------------------------------------------------------------------------


def curves(run: Run) -> list[tuple[str, Image.Image]]:
    """(title, panel) of each quantity; none before the first epoch.

    Each is a picture of its own, so that a narrow window can put them below each other.
    """
    return list(_curves(run, _numbers(run)))


# Every open page asks for them after every epoch.
@lru_cache(maxsize=4)
def _curves(run: Run, numbers: str) -> tuple[tuple[str, Image.Image], ...]:
    from tfgen.plots import style
    from tfgen.plots.curves import draw_curves, quantities, title

    rows, baselines = run.metrics(), _yardsticks(run)
    return tuple(
        (title(quantity), style.picture(draw_curves(rows, baselines, [quantity]))) for quantity in quantities(rows)
    )


def _yardsticks(run: Run) -> dict[str, float]:
    for entry in _likelihoods(run):
        if marginals := _number(entry.get("pixel_marginal_bits_per_dim")):
            return {"bits_per_dim": marginals}
    return {}


def _likelihoods(run: Run) -> list[dict[str, Any]]:
    return current(run).get("likelihood", [])


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0


def latest(run: Run) -> str:
    """The numbers of the last epoch, as a Markdown table; empty before the first."""
    from tfgen.plots.curves import quantities, title

    rows = run.metrics()
    if not rows:
        return ""
    found = [(title(name), *(_shown(rows[-1].get(key)) for key in (name, f"val_{name}"))) for name in quantities(rows)]
    # Some are measured only now and then.
    found = [row for row in found if any(row[1:])]
    if any(validation for *_, validation in found):
        head, lines = "| | training | validation |\n|---|---|---|\n", [f"| {a} | {b} | {c} |" for a, b, c in found]
    else:
        head, lines = "| | training |\n|---|---|\n", [f"| {a} | {b} |" for a, b, _ in found]
    return head + "\n".join(lines)


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (int, float)) else ""


# -- pictures ---------------------------------------------------------------------------------------------------------


def epochs(run: Run, pixels: bool = False) -> list[int]:
    """After which epochs pictures were made, ascending; with `pixels`, pictures whose pixels were drawn too."""
    try:
        found = [_NAME.fullmatch(path.name) for path in (run.path / "samples").iterdir()]
    except OSError:
        return []
    return sorted(int(match[1]) for match in found if match and bool(match[2]) == pixels)


def samples(run: Run, epoch: int | None = None, pixels: bool = False) -> tuple[Image.Image, int]:
    """The pictures of fixed seeds at that epoch, or else at the last one before it.

    Args:
        run: the run.
        epoch: after which; None for the latest.
        pixels: with their pixels drawn, where there are such.

    Returns:
        (the pictures in a grid, the epoch).

    Raises:
        RunError: if there are none, or they cannot be read.
    """
    made = epochs(run, pixels) or epochs(run)
    if not made:
        done = run.metrics()
        if (run.path / LAST).is_file():
            return _opened(run, Path(LAST)), int(done[-1]["epoch"]) if done else run.config.train.epochs
        raise RunError(f"Expected pictures in the run {run.path.name}. Received: none yet")
    chosen = max((made_at for made_at in made if epoch is None or made_at <= epoch), default=made[0])
    suffix = "-pixels" if pixels and chosen in epochs(run, True) else ""
    return _opened(run, Path("samples", f"epoch-{chosen:04d}{suffix}.png")), chosen


def is_plot(run: Run) -> bool:
    """Whether its pictures are plots, of points of the plane and their density."""
    return run.config.data.data in POINT_NAMES


def _opened(run: Run, file: Path) -> Image.Image:
    try:
        with Image.open(run.path / file, formats=["PNG"]) as picture:
            return picture.convert("L" if picture.mode == "L" else "RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error).replace(str(run.path / file), file.name)
        raise RunError(f"Expected a picture in {file} of the run {run.path.name}. Received: {reason}") from None


# -- summary ----------------------------------------------------------------------------------------------------------


def facts(run: Run) -> dict[str, Any]:
    """What is known of a training.

    Returns:
        "model", "preset", "data"; "state", finished, unfinished or diverged; "epochs" complete and "planned"; "seconds"
        spent in them; "best_epoch", None where nothing was validated; "numbers" in a packed model, otherwise None;
        "bytes" of its file; "other_options", those that are not the preset's, name → [here, the preset's]; "command"
        that trains the same, None where none can say it.
    """
    rows, config = run.metrics(), run.config
    validated = any(key.startswith("val_") for row in rows for key in row)
    best = [row["epoch"] for row in rows if row.get("best")] if validated else []
    try:
        command, others = to_command(config), _others(run)
    except ConfigError:  # a preset that this version does not have
        command, others = None, {}
    return {
        "model": config.model,
        "preset": config.preset,
        "data": config.data.data,
        "state": run.state,
        "epochs": rows[-1]["epoch"] if rows else 0,
        "planned": config.train.epochs,
        "seconds": round(sum(_number(row.get("seconds")) for row in rows), 1),
        "best_epoch": best[-1] if best else None,
        "numbers": pretrained.read(run.path)["weights"].get("numbers") if run.is_packed else None,
        "bytes": run.model_file.stat().st_size if run.model_file.is_file() else None,
        "other_options": others,
        "command": command,
    }


def _others(run: Run) -> dict[str, list[Any]]:
    config = run.config
    arch = getattr(config.architecture, "arch", None)
    usual = run_config(config.model, config.preset, **({"arch": arch} if arch else {}))
    return {
        spec.name: [getattr(section, spec.name), getattr(preset, spec.name)]
        for section, preset in zip(config.sections, usual.sections, strict=True)
        for spec in dataclasses.fields(section)
        if getattr(section, spec.name) != getattr(preset, spec.name)
    }


def summary(run: Run) -> str:
    """`facts` and what was measured, as a Markdown table."""
    known = facts(run)
    family = FAMILIES.get(known["model"], known["model"])
    best = known["best_epoch"]
    size = f"{known['bytes'] / 1e6:.1f} MB" if known["bytes"] else "no model yet"
    rows = {
        "Model": f"{family}, preset {plain(known['preset'])}",
        "Data": plain(known["data"]),
        "Epochs": f"{known['epochs']} of {known['planned']}" + DIVERGED * (known["state"] == "diverged"),
        "Time in them": duration(known["seconds"]),
        "Best epoch": "" if best is None else f"{best}, the one that is kept",
        "Model file": f"{known['numbers']:,} numbers, {size}" if known["numbers"] else size,
        "Measured": "<br>".join(plain(line) for line in _measured(run)),
        "Not as in the preset": ", ".join(
            f"{name} {_code(here)} instead of {_code(usual)}" for name, (here, usual) in known["other_options"].items()
        ),
        "The same again": f"`{known['command']}`" if known["command"] else "",
    }
    return "| | |\n|---|---|\n" + "".join(f"| {name} | {text} |\n" for name, text in rows.items() if text)


def _measured(run: Run) -> list[str]:
    lines = []
    for entry in _likelihoods(run):
        try:
            lines.append(" ".join(likelihood_summary(entry).split()))
        except (KeyError, TypeError, ValueError):
            continue  # of another version
    return lines


def duration(seconds: float) -> str:
    """A span of time as one says it: 0.4 s, 40 s, 12 min, 2 h 05 min."""
    if seconds < 9.5:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def plain(value: Any) -> str:
    """What somebody wrote, in a cell of a table and not as markup."""
    return re.sub(r"([\\`*_|\[\]])", r"\\\1", html.escape(" ".join(str(value).split()), quote=False))


def _code(value: Any) -> str:
    shown = " ".join(map(str, value)) if isinstance(value, (list, tuple)) else "none" if value is None else str(value)
    return "`" + " ".join(shown.replace("`", "'").split()).replace("|", "\\|") + "`"
