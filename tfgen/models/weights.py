"""Count a model's weights, and save and load them in a small file without moving averages and optimizers."""

import hashlib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.errors import RunError

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel


#: Number formats of a weight file, smallest first, and the bits of their significand. float24 is float32 without its
#: last byte: 15 bits of significand and 8 of exponent. The file holds its three bytes as separate arrays, because the
#: byte of sign and exponent is the only one that can be compressed. float32 keeps the weights exactly, for models whose
#: samples change visibly with any rounding.
FORMATS = {"float16": 10, "float24": 15, "float32": 23}


def count_weights(variables: Iterable[Any]) -> int:
    """Number of scalar weights in Keras variables, for example in `model.trainable_variables`."""
    return sum(math.prod(variable.shape) for variable in variables)


def inference_variables(model: "GenerativeModel") -> dict[str, Any]:
    """The variables that sampling, encoding and likelihood depend on, by name.

    These are all weights, including those that are not trained (of ActNorm layers, and the signs and the permutation of
    LU decompositions), but no moving averages: a saved model has the averages in place of its weights already.

    Returns:
        Name → Keras variable. A name consists of the variable's position in the model and its own short name, so that
        a newly built model has the same names. Keras's layer names are numbered throughout a process and would differ.
    """
    averages = {id(mean) for mean in model.average.means} if model.average is not None else set()
    kept = [variable for variable in model.weights if id(variable) not in averages]
    return {f"{position:04d}-{variable.name}": variable for position, variable in enumerate(kept)}


def rounded(array: np.ndarray, form: str = "float16") -> np.ndarray:
    """Round an array to the nearest numbers of one of `FORMATS`, ties to even. Integers stay as they are.

    Returns:
        float16 for "float16", and float32 for the others. Numbers beyond the largest float16 become infinite.
    """
    if array.dtype.kind != "f":
        return array
    if form == "float16":
        with np.errstate(over="ignore"):
            return array.astype(np.float16)
    dropped = np.finfo(np.float32).nmant - FORMATS[form]
    if not dropped:
        return array.astype(np.float32)
    bits = array.astype(np.float32).view(np.uint32)
    # Adding half of the last kept bit rounds to nearest. Adding one less if the last kept bit is 0 rounds ties to even.
    half = np.uint32((1 << (dropped - 1)) - 1) + (bits >> np.uint32(dropped) & np.uint32(1))
    return np.where(np.isfinite(array), bits + half & ~np.uint32((1 << dropped) - 1), bits).view(np.float32)


def save_weights(model: "GenerativeModel", file: Path, form: str = "float16") -> str:
    """Write a model's weights, rounded to `form`, to a compressed .npz file with one array for each variable.

    Args:
        model: the model.
        file: path of the file.
        form: number format, one of `FORMATS`.

    Returns:
        The file's SHA-256 in hexadecimal.

    Raises:
        RunError: if a weight is not finite before or after rounding. The largest float16 is 65504.
    """
    exact = {name: np.asarray(variable) for name, variable in inference_variables(model).items()}
    arrays = {name: rounded(array, form) for name, array in exact.items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            largest = np.finfo(array.dtype).max
            raise RunError(f"Expected weights up to {largest:g}. Received: {np.abs(exact[name]).max():g} in {name}")
    if form == "float24":
        arrays = {name: _bytes_of(array) if array.dtype.kind == "f" else array for name, array in arrays.items()}
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return digest(file)


def _bytes_of(array: np.ndarray) -> np.ndarray:
    """The three bytes of each number of a float24 array, the lowest first: […] → uint8 [3, …]."""
    every = np.frombuffer(array.astype("<f4").tobytes(), np.uint8).reshape(*array.shape, 4)
    return np.moveaxis(every, -1, 0)[1:]


def _number_of(stored: np.ndarray) -> np.ndarray:
    """The inverse of `_bytes_of`. Other arrays stay as they are."""
    if stored.dtype != np.uint8:
        return stored
    every = np.moveaxis(np.concatenate([np.zeros_like(stored[:1]), stored]), 0, -1)
    return np.frombuffer(every.tobytes(), "<f4").reshape(stored.shape[1:])


def load_weights(model: "GenerativeModel", file: Path, sha256: str) -> None:
    """Assign the weights of a file to a model.

    Args:
        model: a model with the configuration of the saved one, but without moving averages.
        file: a file written by `save_weights`.
        sha256: the file's SHA-256 as returned by `save_weights`.

    Raises:
        RunError: if the file is missing, if its SHA-256 is another one, or if its weights do not fit the model.
    """
    if not file.is_file():
        raise RunError(f"Expected weights in {file}, which is missing")
    if (found := digest(file)) != sha256:
        raise RunError(
            f"Expected the weights of SHA-256 {sha256[:12]}… in {file}. Received: {file.stat().st_size} bytes of "
            f"{found[:12]}…: the file is damaged"
        )
    variables = inference_variables(model)
    with np.load(file, allow_pickle=False) as saved:
        arrays = {name: _number_of(saved[name]) for name in saved.files}
    expected = {name: tuple(variable.shape) for name, variable in variables.items()}
    received = {name: array.shape for name, array in arrays.items()}
    if expected != received:
        name = min({*expected.items()} ^ {*received.items()})[0]
        raise RunError(
            f"Expected {len(expected)} arrays of this model's weights in {file}, {name} with shape "
            f"{expected.get(name, 'none')}. Received: {len(received)} arrays, {name} with shape "
            f"{received.get(name, 'none')}. The file was written by another version of tfgen"
        )
    for name, variable in variables.items():
        variable.assign(arrays[name].astype(variable.dtype))


def digest(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
