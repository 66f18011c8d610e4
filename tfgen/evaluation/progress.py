"""The progress bar of a measurement."""

import sys


def progress_bar(total: int, unit: str, shown: bool):
    """Return a tqdm progress bar on standard error, which is hidden if `shown` is false or there is no terminal."""
    from tqdm import tqdm

    return tqdm(total=total, unit=unit, disable=not (shown and sys.stderr.isatty()))
