"""Every weight of a model in one small file: float16, without averages and optimizers."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfgen.errors import RunError

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel


def answering(model: "GenerativeModel") -> dict[str, Any]:
    """The variables that a model's answers depend on, by names that a model built anew gives them too.

    That is all weights, those that are not trained included (an ActNorm's, the signs and the permutation of an LU
    decomposition), but no moving averages: a model that was saved has them in place of its weights already. The names
    are made of the place in the model and the layer's own word for the variable, because Keras numbers the layers
    themselves through all models of a process.
    """
    averages = {id(mean) for mean in model.average.means} if model.average is not None else set()
    kept = [variable for variable in model.weights if id(variable) not in averages]
    return {f"{place:04d}-{variable.name}": variable for place, variable in enumerate(kept)}


def save_weights(model: "GenerativeModel", file: Path) -> str:
    """Write the weights rounded to float16, each an array of a compressed .npz; what is no float stays as it is.

    Returns:
        The file's SHA-256.

    Raises:
        RunError: if a weight is not finite, or no longer is in float16, whose largest number is 65504.
    """
    arrays = {}
    for name, variable in answering(model).items():
        exact = np.asarray(variable)
        with np.errstate(over="ignore"):
            arrays[name] = exact.astype(np.float16) if exact.dtype.kind == "f" else exact
        if not np.isfinite(arrays[name]).all():
            worst = np.abs(exact).max()
            raise RunError(f"Expected weights up to {np.finfo(np.float16).max:g}. Received: {worst:g} in {name}")
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
    variables = answering(model)
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
