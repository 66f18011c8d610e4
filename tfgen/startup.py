"""Starting TensorFlow without the dozen lines that it prints before it can be told not to."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def silence_unless_failing() -> Iterator[None]:
    """Hold back what is written to standard error in the `with` block, by C++ too; show it if the block raises.

    Python's own redirection does not reach what C++ writes: only the file descriptor can be turned aside.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        except BaseException:
            log.seek(0)
            os.write(kept, log.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


def start_tensorflow(probability: bool = True) -> None:
    """Import TensorFlow and its companions; what they log while importing is shown only if that fails.

    The messages come from C++ before any log level is read.

    Args:
        probability: whether to import TensorFlow Probability and Keras too; an exported model needs neither.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with silence_unless_failing():
        import tensorflow as tf

        if probability:
            import tensorflow_probability  # noqa: F401

        # The first look for a GPU logs too.
        tf.config.list_physical_devices()
