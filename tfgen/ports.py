"""Free TCP ports of this machine."""

import contextlib
import socket

#: Address of this machine that other machines cannot reach.
LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port of `LOOPBACK` on which no program listens.

    The port is not reserved: another program may take the port before the caller listens on it.
    """
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return `count` different ports of `LOOPBACK` on which no program listens. See `free_port`."""
    with contextlib.ExitStack() as stack:
        # All sockets stay open until the last port is found, so that the ports differ.
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]
