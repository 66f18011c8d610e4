"""Data sets that Keras downloads and keeps in its own cache."""

from __future__ import annotations

from typing import Any

from tfgen.errors import DataError


def load_from_keras(name: str, advice: str, download: bool = True) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Return ((x_train, y_train), (x_test, y_test)) of `keras.datasets.<name>`, downloaded if Keras has no copy.

    Args:
        name: name of the module in `keras.datasets`.
        advice: what to do without a network, as the rest of a sentence, for the error message.
        download: False refuses in place of a download. Keras does not say whether its cache is complete, so that a data
            set in the cache is refused too.

    Raises:
        DataError: if the download fails or is not allowed.
    """
    if not download:
        raise DataError(
            f"{name}: expected its files on this machine, because nothing is downloaded here. Received: none; {advice} "
            "with --data-dir or name it in TFGEN_DATA"
        )
    import keras

    try:
        return getattr(keras.datasets, name).load_data()
    except Exception as error:  # Keras raises a bare Exception if the network fails
        raise DataError(
            f"{name}: expected to download it through Keras, or to find it in Keras's cache. Received: {error}. "
            f"Without a network, {advice} with --data-dir or name it in TFGEN_DATA"
        ) from error
