"""The heartbeat of a worker: a file whose modification time is renewed every second while the process runs."""

import os
import threading
from pathlib import Path

#: Environment variable with the path of the file.
HEARTBEAT = "TFGEN_HEARTBEAT"


def start_heartbeat(seconds: float = 1.0) -> None:
    """Start a thread that touches the file of `HEARTBEAT`; without that variable, do nothing.

    A process that is stopped (SIGSTOP) or hangs in the operating system no longer touches the file.

    Args:
        seconds: time between two touches.
    """
    name = os.environ.get(HEARTBEAT)
    if not name:
        return

    def touch_repeatedly():
        pause = threading.Event()
        while True:
            Path(name).touch()
            pause.wait(seconds)

    threading.Thread(target=touch_repeatedly, name="heartbeat", daemon=True).start()
