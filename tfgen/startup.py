"""Starting TensorFlow without the dozen lines that it prints before it can be told not to."""

import os
import sys
import tempfile


def start_tensorflow(probability: bool = True) -> None:
    """Import TensorFlow and its companions; what they log while importing is shown only if that fails.

    The messages come from C++ before any log level is read, so that only the file descriptor can be turned aside.

    Args:
        probability: whether to import TensorFlow Probability and Keras too; an exported model needs neither.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            import tensorflow as tf

            if probability:
                import tensorflow_probability  # noqa: F401

            # The first look for a GPU logs too.
            tf.config.list_physical_devices()
        except BaseException:
            log.seek(0)
            os.write(kept, log.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
