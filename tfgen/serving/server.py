"""An exported model behind HTTP and gRPC, without Docker: tfgen serve exports/digits-flow-1

KServe's Python server answers on TensorFlow Serving's ports and in its JSON (`/v1/models/model:predict`), and in the
open inference protocol (`/v2/models/model/infer`, and gRPC). Needs the extra packages of `pip install -e '.[serve]'`.
"""

import argparse
import logging
import socket
import sys
from typing import TYPE_CHECKING

from tfgen.errors import ConfigError
from tfgen.serving.saved_model import SavedModel, newest_version

if TYPE_CHECKING:
    from tfgen.serving.kserve_model import App


#: Bytes of one request, of which MAX_BATCH images of 64 × 64 colour pixels as JSON take 30 million.
MAX_BODY = 32 * 1024 * 1024


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to that address. Raises `ConfigError` where another program has it, or it is none of ours."""
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


def _kserve() -> "type[App]":
    # KServe reads the program's arguments when it is imported, and would take ours for its own.
    kept, sys.argv = sys.argv, sys.argv[:1]
    try:
        from tfgen.serving.kserve_model import App
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"Expected KServe, which pip install -e '.[serve]' installs. Received: {error}. TensorFlow Serving needs "
            "none of it: docs/serving.md"
        ) from None
    finally:
        sys.argv = kept
    return App


def _warm(model: SavedModel) -> None:
    """Ask each signature once, so that the first user does not wait for TensorFlow's preparations."""
    import numpy as np

    for name, specs in model.signatures.items():
        zeros = {key: np.zeros((1, *spec.shape[1:]), spec.dtype.as_numpy_dtype) for key, spec in specs.items()}
        model.call(name, zeros)


def _expected(record: logging.LogRecord) -> bool:
    """Keep the traceback of every malformed request out of the log: its sender has been told."""
    from kserve.errors import InvalidInput, ModelNotFound

    return not (record.exc_info and isinstance(record.exc_info[1], InvalidInput | ModelNotFound))


async def _serve(app: "App", listener: socket.socket, options: argparse.Namespace) -> None:
    port = await app.start_grpc(options.host, options.grpc_port)
    http = f"http://{options.host}:{listener.getsockname()[1]}"
    await app.serve_http(
        listener,
        lambda: print(
            f"{newest_version(options.export)}\n"
            f"  HTTP  {http}/v1/models/{options.name}:predict  and  {http}/v2/models/{options.name}/infer\n"
            f"  gRPC  {options.host}:{port} (open inference protocol)",
            flush=True,
        ),
    )
