"""What a user did wrong, or asked of a model that has no answer: a sentence, never a traceback.

Every message says what was expected and what was received. The command-line programs print it behind ``error:`` and
exit with status 2; as a library these are ordinary exceptions.
"""

import contextlib
import sys


class TfgenError(Exception):
    """Base of every error that is addressed to the user."""


class ConfigError(TfgenError):
    """A flag, a configuration file or a hyperparameter is unknown, of the wrong type or out of range."""


class DataError(TfgenError):
    """A file, folder, archive or array does not hold what it should."""


class RunError(TfgenError):
    """A run folder is missing, half-written, of another version, or cannot be resumed."""


class UndefinedError(TfgenError):
    """The question has no answer for this family of models, as a GAN's likelihood has none."""


class ExportError(TfgenError):
    """A model cannot be exported as asked, or what was made of it does not answer as the model does."""


class DivergedError(TfgenError):
    """A loss became infinite or not a number; the message names the component and the step."""


class Interrupted(TfgenError):
    """The user stopped a long job; the message says how to go on."""


@contextlib.contextmanager
def reported():
    """Turn a `TfgenError` raised inside into ``error: …`` on standard error and an exit status other than zero.

    Status 2 for bad input, 3 for a run that diverged, 130 for Ctrl-C (the shell's own convention).
    """
    try:
        yield
    except Interrupted as stop:
        print(f"\n{stop}", file=sys.stderr)
        raise SystemExit(130) from None
    except DivergedError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(3) from None
    except TfgenError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        raise SystemExit(130) from None
