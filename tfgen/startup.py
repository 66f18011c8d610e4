"""The start of a program: output on any terminal, and TensorFlow without the messages that its C++ code prints."""

import contextlib
import gc
import io
import multiprocessing.connection
import os
import platform
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import TextIO


@contextlib.contextmanager
def silence_unless_failing(show_python: bool = False) -> Iterator[None]:
    """Hide everything that the `with` block writes to standard error; show the text only if the block raises.

    The messages of C++ code are hidden too. `contextlib.redirect_stderr` cannot do this: it replaces `sys.stderr`, and
    C++ writes to file descriptor 2. This function redirects the descriptor, for all threads of the process.

    Args:
        show_python: go on to show what Python code writes to `sys.stderr`, for a program whose other threads write.
    """
    sys.stderr.flush()
    original = os.dup(2)
    with tempfile.TemporaryFile() as log, _shown(original) if show_python else contextlib.nullcontext():
        os.dup2(log.fileno(), 2)
        try:
            yield
        except BaseException:
            log.seek(0)
            os.write(original, log.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(original, 2)
            os.close(original)


@contextlib.contextmanager
def _shown(descriptor: int) -> Iterator[None]:
    """Let `sys.stderr` write to a file descriptor, if the stream writes to descriptor 2."""
    before = sys.stderr
    if not _writes_to_descriptor_2(before):
        yield
        return
    with open(os.dup(descriptor), "w", buffering=1, encoding=before.encoding, errors=before.errors) as stream:
        sys.stderr = stream
        try:
            yield
        finally:
            sys.stderr = before


def _writes_to_descriptor_2(stream: TextIO) -> bool:
    try:
        return stream.fileno() == 2
    except (OSError, AttributeError):
        return False


@contextlib.contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Keep Python's garbage collector from running in the `with` block, which imports large packages.

    The imports create hundreds of thousands of objects that stay. The collector would search them for garbage more than
    a thousand times, in a fifth of the time of the imports.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextlib.contextmanager
def without_packages(*names: str) -> Iterator[None]:
    """Let imports in the `with` block behave as if some packages were not installed.

    Use the block for a package that another package imports where it is installed, and that the program does not need.
    A package that is imported already, such as IPython in a notebook, is not hidden.
    """
    hidden = [name for name in names if name not in sys.modules]
    # Python's own mark of a module that cannot be imported.
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def end_with_parent() -> None:
    """End this process, which `multiprocessing` started, when its parent has ended; the initializer of a pool.

    A worker of a pool whose parent was killed would wait for work for ever.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait():
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=wait, name="end-with-parent", daemon=True).start()


def tolerate_any_terminal() -> None:
    """Write characters that the terminal cannot show as escapes such as \\u2265, where Python would raise an error."""
    for stream in (sys.stdout, sys.stderr):
        # Streams that a caller has put in place of the terminal may be of any class.
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def set_environment() -> None:
    """Set the variables that TensorFlow and Keras read when they are imported, except those that the user has set."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if platform.machine() in ("x86_64", "AMD64"):
        # TensorFlow takes oneDNN's convolutions and products by itself only with AVX512-VNNI or AVX-VNNI. With AVX2
        # alone, they make trainings of convolutional networks up to 1.4 times as fast.
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def start_tensorflow(probability: bool = True, show_python: bool = False) -> None:
    """Import TensorFlow, Keras and TensorFlow Probability; show their log messages only if an import fails.

    The messages have to be hidden at the file descriptor, because TensorFlow prints the first ones before it reads
    TF_CPP_MIN_LOG_LEVEL.

    Args:
        probability: False imports TensorFlow alone. That is enough to run an exported model.
        show_python: see `silence_unless_failing`.
    """
    set_environment()
    first = "tensorflow" not in sys.modules
    # Keras imports IPython where it is installed. Only notebooks, which have imported it already, need it.
    with silence_unless_failing(show_python), without_garbage_collection(), without_packages("IPython"):
        import tensorflow as tf

        if probability:
            import tensorflow_probability  # noqa: F401

        # The search for GPUs, which happens at the first request, prints messages too.
        tf.config.list_physical_devices()
    if first:
        # Later collections need not search the objects of the packages.
        gc.freeze()
