"""Markdown tables."""

from collections.abc import Iterable, Sequence


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in GitHub's Markdown, without a newline at its end.

    Cells are written as `str(cell)`. They may contain inline Markdown; a `|` inside a cell must already be escaped.

    Args:
        header: titles of the columns, at least one. A title may be empty.
        rows: the rows from top to bottom, each with one cell for every column.

    Raises:
        ValueError: if the header is empty, or a row has more or fewer cells than the header.

    Example:
        >>> print(markdown_table(("model", "bits/dim"), [("flow", 1.04), ("vae", 1.31)]))
        | model | bits/dim |
        |---|---|
        | flow | 1.04 |
        | vae | 1.31 |
    """
    if not header:
        raise ValueError("Expected at least one column. Received: an empty header")
    lines = [_line(header), "|" + "---|" * len(header)]
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"Expected {len(header)} cells in each row. Received: {len(row)} cells, {list(row)}")
        lines.append(_line(row))
    return "\n".join(lines)


def _line(cells: Sequence[object]) -> str:
    # An empty cell is one space, as GitHub's own tables have.
    return "|" + "|".join(f" {text} " if (text := str(cell)) else " " for cell in cells) + "|"
