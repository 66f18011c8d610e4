"""Labels in requests to a conditional model: class names, and requests without a label."""

from collections.abc import Iterable, Sequence

import numpy as np

from tfgen.errors import ConfigError, TfgenError
from tfgen.export.class_names import label_of

#: The inputs that hold labels. A client may leave them out, and may give them as names instead of indices.
INPUTS = ("label", "label_from", "label_to")
#: The label that stands for no class (see `tfgen.export.signatures`).
NO_CLASS = -1


class InputError(TfgenError):
    """The inputs of a request do not fit its signature. The message says what was expected and what was received."""


def with_labels(values: dict, names: Iterable[str], classes: Sequence[str]) -> dict:
    """Return the inputs of a request with every label as a number, and −1 for labels that the request leaves out.

    Args:
        values: input name → array or nested lists.
        names: input names of the signature.
        classes: names of the classes, () if they are not known.

    Raises:
        InputError: if a class does not exist.
    """
    if not (labels := [name for name in names if name in INPUTS]):
        return values
    given = {name: _as_numbers(value, classes) if name in labels else value for name, value in values.items()}
    rows = rows_of(given)
    for name in labels:
        if name not in given and rows:
            given[name] = np.full(rows, NO_CLASS, np.int32)
        elif name in given:
            _check_range(name, given[name], len(classes))
    return given


def rows_of(values: dict) -> int:
    """Return the number of rows of the first input; 0 without an input, or if it has no rows."""
    return next((_rows(value) for value in values.values()), 0)


def _rows(value) -> int:
    if isinstance(value, np.ndarray):
        return len(value) if value.ndim else 0
    return len(value) if isinstance(value, list) else 0


def _as_numbers(value, classes: Sequence[str]):
    rows = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(rows, list) or not any(isinstance(row, str | bytes) for row in rows):
        return value
    try:
        return [label_of(_text(row), classes) if isinstance(row, str | bytes) else row for row in rows]
    except ConfigError as error:
        raise InputError(str(error)) from None


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _check_range(name: str, labels, count: int) -> None:
    # Other types are reported with the shape that was expected.
    numbers = [row for row in np.asarray(labels, object).reshape(-1) if isinstance(row, int | np.integer)]
    if count and numbers and not NO_CLASS <= min(numbers) <= max(numbers) < count:
        raise InputError(
            f"{name}: expected {NO_CLASS} (any class) to {count - 1}. Received: {min(numbers)} to {max(numbers)}"
        )
