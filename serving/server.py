"""An exported model behind HTTP and gRPC, without Docker: python -m serving.server exports/digits-flow-1

KServe's Python server answers on TensorFlow Serving's ports and in its JSON (`/v1/models/model:predict`), and in the
open inference protocol (`/v2/models/model/infer`, and gRPC). Needs the extra packages of `pip install -e '.[serve]'`.
"""

import argparse
import asyncio
import logging
import socket
import sys
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from serving.saved_model import MAX_BATCH, SavedModel, newest_version
from tfgen.errors import ConfigError, reported
from tfgen.sample import whole
from tfgen.startup import start_tensorflow

if TYPE_CHECKING:
    from serving.kserve_model import App

#: Bytes of one request, of which MAX_BATCH images of 64 × 64 colour pixels as JSON take 30 million.
MAX_BODY = 32 * 1024 * 1024


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m serving.server",
        description="Serve an exported SavedModel over HTTP and gRPC, with TensorFlow alone. Ctrl-C stops it.",
        allow_abbrev=False,
    )
    parser.add_argument("export", metavar="EXPORT_DIR", help="folder that python -m export wrote")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; the server asks nobody for a password, so that 0.0.0.0 opens it to everyone who "
        "can reach this machine [%(default)s]",
    )
    parser.add_argument(
        "--port", type=whole(0, 65535), default=8501, metavar="N", help="HTTP; 0 takes a free one [%(default)s]"
    )
    parser.add_argument(
        "--grpc-port", type=whole(0, 65535), default=8500, metavar="N", help="gRPC; 0 takes a free one [%(default)s]"
    )
    parser.add_argument("--name", default="model", help="the model's name in the addresses [%(default)s]")
    parser.add_argument(
        "--max-batch", type=whole(1, 65536), default=MAX_BATCH, metavar="N", help="rows of a request [%(default)s]"
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until Ctrl-C. Exit status 0, or 2 with a sentence on bad input."""
    options = parse(argv)
    with reported():
        # Whatever can be refused is refused before the seconds that TensorFlow and KServe take.
        newest_version(options.export)
        if not options.name or "/" in options.name or ":" in options.name:
            raise ConfigError(f"--name: expected a name without '/' and ':'. Received: {options.name!r}")
        listener = listen(options.host, options.port)
        start_tensorflow(probability=False)
        app = _kserve()
        model = SavedModel(options.export, options.max_batch)
        _warm(model)
        logging.getLogger("kserve").addFilter(_expected)
        # KServe 0.21's routes name a response class that its FastAPI would rather do without.
        warnings.filterwarnings("ignore", message="ORJSONResponse is deprecated")
        served = app(options.name, model, MAX_BODY)
        try:
            asyncio.run(_serve(served, listener, options))
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)


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
        from serving.kserve_model import App
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


if __name__ == "__main__":
    main()
