"""Export to a SavedModel, for TensorFlow Serving and for programs that have TensorFlow but not Keras."""

import contextlib
import io
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgen.export.signatures import Signature

#: Prefixes of the operators that write a variable. A model that writes one while serving changes its own outputs.
WRITE_OPERATORS = ("Assign", "ScatterUpdate", "ScatterAdd")
#: Rows of the two warm-up requests of each signature: one picture, and a page of pictures.
WARMUP_ROWS = (1, 16)


class SavedModel:
    """A SavedModel on disk, loaded as a server loads it.

    Args:
        folder: contains `saved_model.pb`.

    Attributes:
        names: the signatures.
    """

    def __init__(self, folder: str | Path):
        self._loaded = tf.saved_model.load(str(folder))
        self.names = list(self._loaded.signatures)

    def run(self, name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs of signature `name` for inputs of any number of rows."""
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        return {key: value.numpy() for key, value in self._loaded.signatures[name](**tensors).items()}


def write_saved_model(signatures: dict[str, Signature], folder: str | Path) -> None:
    """Write a SavedModel, with its weights stored once and warm-up requests for TensorFlow Serving.

    TensorFlow Serving runs the warm-up requests before it reports the model as available, so that the first request of
    a user is not slowed down by initialization.

    Args:
        signatures: of one model, for any number of rows. The first becomes `serving_default`.
        folder: path of the new folder. It must not exist.

    Raises:
        RuntimeError: if a signature writes a variable or a weight is stored twice. Both are bugs in tfgen.
    """
    import keras

    archive = keras.export.ExportArchive()
    for key, signature in signatures.items():
        archive.add_endpoint(key, calling(signature.traced().get_concrete_function()), [*signature.inputs.values()])
    # `archive.track(model)` is not called: it would store every weight a second time, under the model's name.
    with contextlib.redirect_stdout(io.StringIO()):
        archive.write_out(folder, verbose=False)
    check_no_variable_is_written(folder)
    check_stored_once(folder)
    write_warmup(signatures, Path(folder) / "assets.extra")


def calling(function):
    """Return a Python function that calls a traced one.

    Keras traces an endpoint twice and stores both traces, but stores a function called by the endpoint only once.
    """
    return lambda *inputs: function(*inputs)


def check_no_variable_is_written(folder: str | Path) -> None:
    """Raise RuntimeError if a graph of the SavedModel, or a function that the graph calls, writes a variable."""
    for key, function in tf.saved_model.load(str(folder)).signatures.items():
        graph = function.graph.as_graph_def()
        nodes = [*graph.node, *(node for inner in graph.library.function for node in inner.node_def)]
        if written := sorted({node.op for node in nodes if node.op.startswith(WRITE_OPERATORS)}):
            raise RuntimeError(f"Expected {key!r} to read variables only. Received: a graph with {', '.join(written)}")


def check_stored_once(folder: str | Path) -> None:
    """Raise RuntimeError if the SavedModel stores more bytes than its signatures have weights."""
    checkpoint = tf.train.load_checkpoint(str(Path(folder) / "variables" / "variables"))
    types = checkpoint.get_variable_to_dtype_map()
    stored = sum(checkpoint.get_tensor(key).nbytes for key, dtype in types.items() if dtype != tf.string)
    loaded = tf.saved_model.load(str(folder))
    used = {id(v): v for function in loaded.signatures.values() for v in function.graph.variables}
    needed = sum(variable.numpy().nbytes for variable in used.values())
    if stored != needed:
        raise RuntimeError(f"Expected {needed} bytes of weights in {folder}. Received: {stored}")


def write_warmup(signatures: dict[str, Signature], folder: Path) -> None:
    """Write warm-up requests of every signature to the file that TensorFlow Serving reads.

    Args:
        signatures: of the SavedModel.
        folder: the SavedModel's `assets.extra`, which must not exist.
    """
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
