"""A SavedModel that validates its inputs before it runs the graph."""

from pathlib import Path

import numpy as np

from tfgen.errors import RunError
from tfgen.export.class_names import read_class_names
from tfgen.serving.batching import Run, combined, in_blocks, probe, rows_are_exact
from tfgen.serving.labels import InputError, rows_of, with_labels

__all__ = ["MAX_BATCH", "InputError", "SavedModel", "newest_version", "validated"]

#: Largest number of rows in one request. All rows are computed at once, so that this bounds the memory and the time.
MAX_BATCH = 256


def version_folders(folder: str | Path) -> list[Path]:
    """Return the folders of the versions of an export, the oldest first. An unfinished one is left out.

    Args:
        folder: an export (which has `saved_model/`), its `saved_model/`, or one version.
    """
    folder = Path(folder)
    if (folder / "saved_model.pb").is_file():
        return [folder]
    root = folder / "saved_model" if (folder / "saved_model").is_dir() else folder
    if not root.is_dir():
        return []
    versions = [path for path in root.iterdir() if path.name.isdecimal() and (path / "saved_model.pb").is_file()]
    return sorted(versions, key=lambda path: int(path.name))


def newest_version(folder: str | Path) -> Path:
    """Return the version folder that TensorFlow Serving would load: the one with the largest number.

    Args:
        folder: see `version_folders`.

    Raises:
        RunError: if there is no version folder with a SavedModel.
    """
    if not (versions := version_folders(folder)):
        raise RunError(
            f"Expected an exported model, {Path(folder) / 'saved_model' / '1'} or a higher number. "
            "Make one with: tfgen export RUN --to saved_model"
        )
    return versions[-1]


class SavedModel:
    """A SavedModel, loaded without Keras.

    Args:
        folder: see `newest_version`.
        max_batch: largest number of rows of one call.

    Attributes:
        path, version: the version folder, and its name, a number.
        signatures: name → {input name → `tf.TensorSpec`}.
        classes: names of the classes of a conditional model, () for another model.

    Raises:
        RunError: if there is no version folder, or TensorFlow cannot read it.
    """

    def __init__(self, folder: str | Path, max_batch: int = MAX_BATCH):
        path = newest_version(folder)
        import tensorflow as tf

        try:
            self._loaded = tf.saved_model.load(str(path))
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise RunError(f"Expected a SavedModel in {path}. Received: {error}") from None
        self.path, self.version = path, path.name
        self.classes = read_class_names(path / "assets.extra")
        self.max_batch = max_batch
        self._functions = dict(self._loaded.signatures)
        self._runs: dict[str, Run] = {name: self._direct(name) for name in self._functions}
        self.signatures = {name: function.structured_input_signature[1] for name, function in self._functions.items()}
        if "serving_default" not in self.signatures:
            names = ", ".join(sorted(self.signatures)) or "none"
            raise RunError(f"Expected a signature serving_default in {path}. Received: {names}")

    def metadata(self, name: str) -> dict:
        """Return the description of the model in the form of TensorFlow Serving's REST API, for a name of the model."""
        from google.protobuf.json_format import MessageToDict
        from tensorflow.core.protobuf import saved_model_pb2

        content = saved_model_pb2.SavedModel.FromString((self.path / "saved_model.pb").read_bytes())
        described = MessageToDict(content.meta_graphs[0], preserving_proto_field_name=True)
        return {
            "model_spec": {"name": name, "signature_name": "", "version": self.version},
            "metadata": {"signature_def": {"signature_def": described["signature_def"]}},
        }

    def outputs(self, signature: str):
        """Return output name → `tf.TensorSpec` of a signature."""
        return self._functions[signature].structured_outputs

    def inputs(self, signature: str):
        """Return input name → `tf.TensorSpec` of a signature. Raises `InputError` if the model does not have it."""
        try:
            return self.signatures[signature]
        except (KeyError, TypeError):
            raise InputError(
                f"signature_name: expected one of {', '.join(sorted(self.signatures))}. Received: {signature!r}"
            ) from None

    def call(self, signature: str, values: dict) -> dict[str, np.ndarray]:
        """Run a signature.

        Args:
            signature: its name.
            values: input name → array or nested lists of numbers, with the same number of rows in every input. Labels
                may be names of classes, and are −1 if they are left out (see `tfgen.export.signatures`). A temperature
                that is left out is 1.

        Returns:
            Output name → array.

        Raises:
            InputError: if the signature or an input is unknown, an input is missing, a type, shape or number of rows is
                wrong, or a number is not finite or out of the type's range.
        """
        specs = self.inputs(signature)
        values = with_labels(values, specs, self.classes)
        if "temperature" in specs and "temperature" not in values and (count := rows_of(values)):
            values = {**values, "temperature": np.ones(count, np.float32)}
        if values.keys() != specs.keys():
            raise InputError(
                f"Expected the inputs {', '.join(sorted(specs))} of signature {signature}. "
                f"Received: {', '.join(sorted(map(str, values))) or 'none'}"
            )
        arrays = {name: validated(name, values[name], specs[name], self.max_batch) for name in specs}
        if len({len(array) for array in arrays.values()}) > 1:
            rows = ", ".join(f"{name} {len(array)}" for name, array in sorted(arrays.items()))
            raise InputError(f"Expected the same number of rows in every input. Received: {rows}")
        return self._runs[signature](arrays)

    def use_blocks(self, combine: bool = True) -> list[str]:
        """Compute calls in blocks of rows from now on (see `tfgen.serving.batching`).

        A row of an output then has the same bits in every call, alone or among others. A signature for which that
        cannot be reached goes on to compute each call as a whole. This calls every signature a few times.

        Args:
            combine: whether calls from several threads are computed together. The bits are the same without.

        Returns:
            The signatures that are computed in blocks.
        """
        found = []
        for name, specs in self.signatures.items():
            run = self._direct(name)
            if rows_are_exact(run, specs):
                found.append(name)
                function = self._functions[name]
                self._runs[name] = combined(function, specs, self.max_batch) if combine else in_blocks(run)
                # The first call prepares the function of a block, which takes seconds for a flow.
                self._runs[name](probe(specs))
        return found

    def _direct(self, signature: str) -> Run:
        import tensorflow as tf

        function = self._functions[signature]

        def run(inputs):
            outputs = function(**{name: tf.constant(array) for name, array in inputs.items()})
            return {name: tensor.numpy() for name, tensor in outputs.items()}

        return run


def validated(name: str, value, spec, max_batch: int) -> np.ndarray:
    """Return `value` as an array of the type and shape of an input.

    Integers are converted to floats. Nothing else is converted: a seed of 1.5 or "7" is an error.

    Args:
        name: of the input, for the message.
        value: array or nested lists.
        spec: `tf.TensorSpec` of the input.
        max_batch: largest number of rows.

    Raises:
        InputError: see `SavedModel.call`.
    """
    dtype = np.dtype(spec.dtype.as_numpy_dtype)
    kind = "integers" if dtype.kind == "i" else "numbers"
    shape = [f"1 to {max_batch}", *(str(side) for side in spec.shape[1:])]
    expected = f"{name}: expected {kind} of shape [{', '.join(shape)}]"
    try:
        array = np.asarray(value)
    except ValueError:
        raise InputError(f"{expected}. Received: nested lists of unequal lengths") from None
    if array.dtype.kind not in ("iu" if dtype.kind == "i" else "iuf") and array.size:
        raise InputError(f"{expected}. Received: {_kind(array)} of shape {list(array.shape)}")
    inner = tuple(spec.shape[1:])
    if array.ndim != len(spec.shape) or array.shape[1:] != inner or not 1 <= len(array) <= max_batch:
        raise InputError(f"{expected}. Received: shape {list(array.shape)}")
    if dtype.kind == "i":
        limits = np.iinfo(dtype)
        if int(array.min()) < limits.min or int(array.max()) > limits.max:
            raise InputError(f"{expected}, {limits.min} to {limits.max}. Received: {array.min()} to {array.max()}")
        return array.astype(dtype)
    with np.errstate(over="ignore"):
        array = array.astype(dtype)
    if not np.isfinite(array).all():
        raise InputError(f"{expected}, all finite. Received: {np.count_nonzero(~np.isfinite(array))} that are not")
    return array


def _kind(array: np.ndarray) -> str:
    if array.dtype.kind == "O":
        return next((type(value).__name__ for value in array.flat if not isinstance(value, int | float)), "integers")
    return {"b": "booleans", "f": "fractions", "U": "text", "S": "bytes", "i": "integers", "u": "integers"}.get(
        array.dtype.kind, str(array.dtype)
    )
