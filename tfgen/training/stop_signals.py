"""The signals that ask a training to stop."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

#: Ctrl-C, and what a scheduler or a service sends before it kills a process.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def handle_stop_signals(handler: Callable) -> Iterator[None]:
    """Call `handler(number, frame)` on the signals of `STOP_SIGNALS` inside a `with` block.

    Python handles signals in the main thread only. In another thread, the block runs without the handler.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
