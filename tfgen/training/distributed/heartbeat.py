"""A sign of life for a supervisor: a file whose time is renewed every second while this process can run at all."""

import os
import threading
from pathlib import Path

#: Environment variable that names the file.
HEARTBEAT = "TFGEN_HEARTBEAT"


def start_heartbeat(seconds: float = 1.0) -> None:
    """Begin to beat, if the environment asks for it. A stopped (SIGSTOP) or frozen process falls silent."""
    name = os.environ.get(HEARTBEAT)
    if not name:
        return

    def go_on():
        pause = threading.Event()
        while True:
            Path(name).touch()
            pause.wait(seconds)

    threading.Thread(target=go_on, name="heartbeat", daemon=True).start()
