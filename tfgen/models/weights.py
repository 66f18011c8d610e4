"""Every weight of a model in one small file: of 16, 24 or 32 bits, without averages and optimizers."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.errors import RunError

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel


#: What weights can be rounded to, smallest first, and the bits of its significand. float24 is float32 without its last
#: byte: 15 bits of significand and all 8 of the exponent. It is stored as float32, and compression takes the zeros out.
#: float32 is what they are: for models in which any rounding decides otherwise somewhere.
FORMATS = {"float16": 10, "float24": 15, "float32": 23}


def inference_variables(model: "GenerativeModel") -> dict[str, Any]:
    """The variables that a model's answers depend on, by names that a model built anew gives them too.

    That is all weights, those that are not trained included (an ActNorm's, the signs and the permutation of an LU
    decomposition), but no moving averages: a model that was saved has them in place of its weights already. The names
    are made of the place in the model and the layer's own word for the variable, because Keras numbers the layers
    themselves through all models of a process.
    """
    averages = {id(mean) for mean in model.average.means} if model.average is not None else set()
    kept = [variable for variable in model.weights if id(variable) not in averages]
    return {f"{place:04d}-{variable.name}": variable for place, variable in enumerate(kept)}


def rounded(array: np.ndarray, form: str = "float16") -> np.ndarray:
    """The nearest numbers of one of `FORMATS`, ties to even; what is no float stays as it is.

    Returns:
        float16, or float32 for the others. Infinite where a number is beyond the format's largest.
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
    # Half of the last place that is kept, less one unless that place is odd: what is carried from below rounds up.
    half = np.uint32((1 << (dropped - 1)) - 1) + (bits >> np.uint32(dropped) & np.uint32(1))
    return np.where(np.isfinite(array), bits + half & ~np.uint32((1 << dropped) - 1), bits).view(np.float32)


def save_weights(model: "GenerativeModel", file: Path, form: str = "float16") -> str:
    """Write the weights rounded to `form`, each an array of a compressed .npz.

    Args:
        model: whose.
        file: to write to.
        form: one of `FORMATS`.

    Returns:
        The file's SHA-256.

    Raises:
        RunError: if a weight is not finite, or no longer is once rounded: float16's largest number is 65504.
    """
    exact = {name: np.asarray(variable) for name, variable in inference_variables(model).items()}
    arrays = {name: rounded(array, form) for name, array in exact.items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            largest = np.finfo(array.dtype).max
            raise RunError(f"Expected weights up to {largest:g}. Received: {np.abs(exact[name]).max():g} in {name}")
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return digest(file)


def load_weights(model: "GenerativeModel", file: Path, sha256: str) -> None:
    """Give a model the weights of a file.

    Args:
        model: of the configuration that the weights belong to, without averages.
        file: what `save_weights` wrote.
        sha256: what it returned.

    Raises:
        RunError: if the file is missing or another one, or its weights are not this model's.
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
        arrays = {name: saved[name] for name in saved.files}
    expected = {name: tuple(variable.shape) for name, variable in variables.items()}
    received = {name: array.shape for name, array in arrays.items()}
    if expected != received:
        name = min({*expected.items()} ^ {*received.items()})[0]
        raise RunError(
            f"Expected the {len(expected)} arrays of this model's weights in {file}, {name} of shape "
            f"{expected.get(name, 'none')}. Received: {len(received)} arrays, that one of shape "
            f"{received.get(name, 'none')}; another version of tfgen packed it"
        )
    for name, variable in variables.items():
        variable.assign(arrays[name].astype(variable.dtype))


def digest(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
