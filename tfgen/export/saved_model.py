"""A model as a SavedModel, for TensorFlow Serving and for every program that has TensorFlow and nothing else."""

import contextlib
import io
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgen.export.signatures import Signature

#: Operators that write a variable. A model that does so while it serves changes its answers.
WRITING = ("Assign", "ScatterUpdate", "ScatterAdd")
#: Rows of the warm-up requests: one, and a page of pictures.
WARMUP_ROWS = (1, 16)


class SavedModel:
    """A SavedModel that was written, loaded as a server loads it.

    Args:
        folder: with `saved_model.pb`.
    """

    def __init__(self, folder: str | Path):
        self._loaded = tf.saved_model.load(str(folder))
        self.names = list(self._loaded.signatures)

    def answer(self, name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs of a signature for inputs of any number of rows."""
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        return {key: value.numpy() for key, value in self._loaded.signatures[name](**tensors).items()}


def write_saved_model(signatures: dict[str, Signature], folder: str | Path) -> None:
    """Write a SavedModel into a folder that does not exist yet.

    The weights are stored once, whatever the number of signatures. The folder holds warm-up requests too: TensorFlow
    Serving runs them before it reports the model as available, so that nobody waits for the first answer.

    Args:
        signatures: of a model, for any number of rows.
        folder: to be made.

    Raises:
        RuntimeError: if a signature writes a variable, or a weight is stored twice. Both are mistakes of this program.
    """
    import keras

    archive = keras.export.ExportArchive()
    for key, signature in signatures.items():
        # The first becomes the default that a server answers with.
        archive.add_endpoint(key, calling(signature.traced().get_concrete_function()), [*signature.inputs.values()])
    # Without `track`: it would store every weight a second time, under the model's name.
    with contextlib.redirect_stdout(io.StringIO()):
        archive.write_out(folder, verbose=False)
    check_nothing_is_written(folder)
    check_stored_once(folder)
    write_warmup(signatures, Path(folder) / "assets.extra")


def calling(function):
    """A function that calls a traced one: Keras traces an endpoint twice and stores both, but not what it calls."""
    return lambda *inputs: function(*inputs)


def check_nothing_is_written(folder: str | Path) -> None:
    """Raise RuntimeError where a graph of the SavedModel, its functions included, writes a variable."""
    for key, function in tf.saved_model.load(str(folder)).signatures.items():
        graph = function.graph.as_graph_def()
        nodes = [*graph.node, *(node for inner in graph.library.function for node in inner.node_def)]
        if written := sorted({node.op for node in nodes if node.op.startswith(WRITING)}):
            raise RuntimeError(f"Expected {key!r} to read its variables only. Found in its graph: {written}")


def check_stored_once(folder: str | Path) -> None:
    """Raise RuntimeError where two entries of the SavedModel's variables hold one weight."""
    stored = tf.train.load_checkpoint(str(Path(folder) / "variables" / "variables"))
    types = stored.get_variable_to_dtype_map()
    found = sum(stored.get_tensor(key).nbytes for key, dtype in types.items() if dtype != tf.string)
    loaded = tf.saved_model.load(str(folder))
    used = {id(v): v for function in loaded.signatures.values() for v in function.graph.variables}
    needed = sum(variable.numpy().nbytes for variable in used.values())
    if found != needed:
        raise RuntimeError(f"Expected {needed} bytes of weights in {folder}. Found: {found}")


def write_warmup(signatures: dict[str, Signature], folder: Path) -> None:
    """Write requests of every signature, in the file that TensorFlow Serving looks for."""
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    folder.mkdir()
    with tf.io.TFRecordWriter(str(folder / "tf_serving_warmup_requests")) as writer:
        for name, signature in signatures.items():
            for rows in WARMUP_ROWS:
                log = PredictionLog()
                request = log.predict_log.request
                request.model_spec.signature_name = name
                for key, spec in signature.inputs.items():
                    request.inputs[key].CopyFrom(tf.make_tensor_proto(tf.ones((rows, *spec.shape[1:]), spec.dtype)))
                writer.write(log.SerializeToString())
