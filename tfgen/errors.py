"""Errors that are addressed to the user, and the exit statuses of the command line.

Every message says what was expected and what was received. In library code the classes are ordinary exceptions. The
command line prints the message after ``error:``, without a traceback, and exits with the `exit_status` of the class.
"""

import contextlib
import difflib
import errno
import os
import sys
from collections.abc import Iterable, Iterator


class TfgenError(Exception):
    """Base class of every error that is addressed to the user."""

    #: Exit status of the command line after this error.
    exit_status = 2


class ConfigError(TfgenError):
    """An option, a configuration file or a hyperparameter is unknown, of the wrong type or out of range."""


class DataError(TfgenError):
    """A file, folder, archive or array has a wrong format, a wrong size or wrong values."""


class RunError(TfgenError):
    """A run folder is missing, incomplete, written by another version, or cannot be resumed."""


class UndefinedError(TfgenError):
    """This family of models does not define the requested quantity. Example: a GAN has no likelihood."""


class ExportError(TfgenError):
    """A model cannot be exported in the requested format, or the exported file computes other values than the model."""


class DivergedError(TfgenError):
    """A loss became infinite or NaN. The message names the part of the model and the training step."""

    exit_status = 3


class LostWorkerError(TfgenError):
    """Another worker of the cluster ended or cannot be reached. All workers have to be restarted.

    The exit status is EX_TEMPFAIL of BSD's sysexits.h, "temporary failure": a supervisor may restart the workers.
    """

    exit_status = 75


class PortInUseError(TfgenError):
    """Another process listens on the port of this worker. The launcher starts the workers again with other ports."""

    exit_status = LostWorkerError.exit_status


class Interrupted(TfgenError):
    """The user stopped a long job with Ctrl-C. The message says how to continue the job.

    The exit status is the shell's convention for Ctrl-C: 128 + the number of the signal SIGINT.
    """

    exit_status = 130


def did_you_mean(word: object, names: Iterable[str]) -> str:
    """Return the sentence that suggests the name nearest to `word`, with a space before it; empty if none is near."""
    close = difflib.get_close_matches(str(word), list(names), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


@contextlib.contextmanager
def exit_on_error() -> Iterator[None]:
    """Turn the errors of a `with` block into one sentence on standard error and an exit status.

    - `TfgenError`: the message, and the `exit_status` of the class.
    - OSError: the path and the operating system's reason (no space left, name too long, read-only, a folder instead of
      a file …), exit status 2.
    - An error of TensorFlow or HDF5 that gives a reason of the operating system: the reason, exit status 2.
    - MemoryError, and TensorFlow's ResourceExhaustedError: the size that could not be allocated, exit status 2.
    - KeyboardInterrupt: "stopped", exit status 130.
    - BrokenPipeError: no message, exit status 1. The reader of standard output has ended, as `head` does.

    Other exceptions pass through: they are defects of the program, and their traceback is needed.

    Raises:
        SystemExit: instead of the errors above.
    """
    try:
        yield
    except Interrupted as error:
        # Ctrl-C leaves "^C" on the line.
        print(f"\n{error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None
    except TfgenError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        raise SystemExit(Interrupted.exit_status) from None
    except BrokenPipeError:
        # Python flushes standard output once more at exit, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        print(f"error: {_sentence(error)}", file=sys.stderr)
        raise SystemExit(2) from None
    except Exception as error:
        if (reason := system_reason(error)) is not None:
            print(f"error: expected the operating system to carry out a request. Received: {reason}", file=sys.stderr)
            raise SystemExit(2) from None
        if not _is_out_of_memory(error):
            raise
        first_line = (str(error) or type(error).__name__).splitlines()[0]
        print(f"error: expected enough memory. Received: {first_line}", file=sys.stderr)
        raise SystemExit(2) from None


#: Reasons of the operating system that other libraries pass on as text only.
_SYSTEM_REASONS = (
    # `Path.resolve` raises RuntimeError with this text.
    "Symlink loop",
    *map(
        os.strerror,
        (
            errno.ENOSPC,
            errno.EDQUOT,
            errno.EROFS,
            errno.EFBIG,
            errno.ENAMETOOLONG,
            errno.EACCES,
            errno.EISDIR,
            errno.ENOTDIR,
            errno.EMFILE,
            errno.EIO,
        ),
    ),
)


def system_reason(error: Exception) -> str | None:
    """Return the reason of the operating system for an error about a file; None for other errors.

    Errors of Python hold the reason. TensorFlow and HDF5 write it into the message of an error of their own.
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, (OSError, RuntimeError)) or type(error).__module__.startswith("tensorflow."):
        return next((reason for reason in _SYSTEM_REASONS if reason in str(error)), None)
    return None


def _is_out_of_memory(error: Exception) -> bool:
    """Whether NumPy or TensorFlow could not allocate an array. TensorFlow is not imported to ask it."""
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"


def _sentence(error: OSError) -> str:
    """Return the path and the reason of an error of the operating system."""
    reason = system_reason(error) or str(error) or type(error).__name__
    if error.filename is None:
        return f"expected the operating system to carry out a request. Received: {reason}"
    return f"expected to read or write {os.fsdecode(error.filename)}. Received: {reason}"
