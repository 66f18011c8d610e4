"""Writes a comparison to a folder."""

from pathlib import Path

from tfgen.comparison.figure import comparison_figure
from tfgen.comparison.records import Comparison
from tfgen.comparison.table import comparison_markdown
from tfgen.files import atomic_write, write_json
from tfgen.plots import style


def write_comparison(comparison: Comparison, folder: Path) -> str:
    """Write `comparison.md`, `comparison.json` and `comparison.png` into a folder.

    Returns:
        The content of `comparison.md`.
    """
    text = comparison_markdown(comparison)
    with atomic_write(folder / "comparison.md") as temporary:
        temporary.write_text(text)
    write_json(folder / "comparison.json", comparison.to_dict())
    style.save(comparison_figure(comparison), folder / "comparison.png")
    return text
