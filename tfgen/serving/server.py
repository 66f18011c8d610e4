"""A server of an exported model over HTTP and gRPC, without Docker.

KServe's Python server listens on TensorFlow Serving's ports, for TensorFlow Serving's JSON
(`/v1/models/model:predict`) and the open inference protocol (`/v2/models/model/infer`, and gRPC). It needs the packages
of the extra `serve`.
"""

import asyncio
import contextlib
import logging
import socket
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgen.errors import ConfigError
from tfgen.extras import check_installed
from tfgen.serving.saved_model import MAX_BATCH, SavedModel, newest_version
from tfgen.serving.versions import KEEP, POLL
from tfgen.startup import start_tensorflow

if TYPE_CHECKING:
    from tfgen.serving.kserve_server import Servers

#: Largest request in bytes. A request of MAX_BATCH images of 64 × 64 colour pixels as JSON has 30 million bytes.
MAX_BODY = 32 * 1024 * 1024
#: Requests that may be computed or wait for computation at a time; others wait unread.
REQUESTS = 64


def serve(
    export: str | Path,
    host: str = "127.0.0.1",
    port: int = 8501,
    grpc_port: int = 8500,
    name: str = "model",
    max_batch: int = MAX_BATCH,
    batching: bool = True,
    keep: int = KEEP,
    report: Callable[[str], Any] = print,
) -> None:
    """Serve an exported SavedModel over HTTP and gRPC, until Ctrl-C.

    Versions that are added to the folder later are served too, without a restart (see `tfgen.serving.versions`).

    Args:
        export: folder that `tfgen export` wrote.
        host: address to listen on. The server has no authentication: with 0.0.0.0, every machine that can reach this
            one can use it.
        port: HTTP port, 0 for a free one.
        grpc_port: gRPC port, 0 for a free one.
        name: name of the model in the addresses.
        max_batch: largest number of rows in one request.
        batching: whether rows of several requests are computed together. The responses are the same, bit for bit.
        keep: number of newest versions that are served.
        report: called with the served version and the addresses when the server accepts requests, and with a sentence
            for each version that is added or dropped later.

    Raises:
        ConfigError: if the name is invalid, a port is taken, the host is not an address of this machine, or KServe is
            not installed.
        RunError: if the folder has no SavedModel.
    """
    # Errors that need no TensorFlow are raised first: TensorFlow and KServe take seconds to import.
    version = newest_version(export)
    if not name or "/" in name or ":" in name:
        raise ConfigError(f"--name: expected a name without '/' and ':'. Received: {name!r}")
    check_installed(["kserve"], "serve", "tfgen serve")
    with bind(host, port) as listener:
        start_tensorflow(probability=False)
        servers = load_kserve()

        def load(folder: Path) -> SavedModel:
            model = SavedModel(folder, max_batch)
            # Also the first call of every signature, for which the first user would otherwise wait.
            model.use_blocks(batching)
            return model

        logging.getLogger("kserve").addFilter(_is_unexpected)
        # KServe 0.21 uses a response class that its version of FastAPI has deprecated.
        warnings.filterwarnings("ignore", message="ORJSONResponse is deprecated")
        with contextlib.suppress(KeyboardInterrupt):
            running = servers(name, export, load, keep, MAX_BODY, report)
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(_run(running, listener, host, grpc_port, name, version, report))


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address.

    Raises:
        ConfigError: if the port is taken or `host` is not an address of this machine.
    """
    listener = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise ConfigError(
            f"--host, --port: expected an address of this machine and a free port. Received: {host}, {port}: "
            f"{error.strerror or error}"
        ) from None
    return listener


def load_kserve() -> "type[Servers]":
    """Import KServe and return the class `Servers`. Raises `ConfigError` if KServe is not installed."""
    # KServe parses sys.argv when it is imported, and would fail on the arguments of `tfgen serve`.
    arguments, sys.argv = sys.argv, sys.argv[:1]
    try:
        from tfgen.serving.kserve_server import Servers
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"Expected KServe; install it with: pip install 'tfgen[serve]'. Received: {error}. TensorFlow Serving can "
            "serve the export without it: see docs/serving.md"
        ) from None
    finally:
        sys.argv = arguments
    return Servers


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the constructor of uvloop's event loop, or None, Python's own loop, where uvloop is not available."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop


def _is_unexpected(record: logging.LogRecord) -> bool:
    """Logging filter: drop the traceback of a malformed request, whose sender has received the message."""
    from kserve.errors import InvalidInput, ModelNotFound

    return not (record.exc_info and isinstance(record.exc_info[1], InvalidInput | ModelNotFound))


async def _run(
    servers: "Servers",
    listener: socket.socket,
    host: str,
    grpc_port: int,
    name: str,
    version: Path,
    report: Callable[[str], Any],
) -> None:
    # A request waits in a thread while TensorFlow combines it with others.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(REQUESTS))
    bound_grpc_port = await servers.start_grpc(host, grpc_port)
    http = f"http://{host}:{listener.getsockname()[1]}"
    addresses = (
        f"{version}\n"
        f"  HTTP  {http}/v1/models/{name}:predict  and  {http}/v2/models/{name}/infer\n"
        f"  gRPC  {host}:{bound_grpc_port} (open inference protocol)"
    )
    following = asyncio.create_task(_follow(servers.versions.update))
    await servers.serve_http(listener, lambda: report(addresses))
    following.cancel()


async def _follow(update: Callable[[], None]) -> None:
    """Call `update` every `POLL` seconds, in a thread."""
    while True:
        await asyncio.sleep(POLL)
        try:
            await asyncio.to_thread(update)
        except Exception:
            logging.getLogger("kserve").exception("A look for newer versions failed")
