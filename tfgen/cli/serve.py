"""An exported model behind HTTP and gRPC, without Docker: tfgen serve exports/digits-flow-1

KServe's Python server answers on TensorFlow Serving's ports and in its JSON (`/v1/models/model:predict`), and in the
open inference protocol (`/v2/models/model/infer`, and gRPC). Needs the extra packages of `pip install -e '.[serve]'`.
"""

import argparse
import asyncio
import logging
import sys
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfgen.cli.arguments import int_in_range
from tfgen.errors import ConfigError, reported
from tfgen.serving.saved_model import MAX_BATCH, SavedModel, newest_version
from tfgen.startup import start_tensorflow

if TYPE_CHECKING:
    pass
from tfgen.serving.server import MAX_BODY, _expected, _kserve, _serve, _warm, listen


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="tfgen serve",
        description="Serve an exported SavedModel over HTTP and gRPC, with TensorFlow alone. Ctrl-C stops it.",
        allow_abbrev=False,
    )
    parser.add_argument("export", metavar="EXPORT_DIR", help="folder that tfgen export wrote")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; the server asks nobody for a password, so that 0.0.0.0 opens it to everyone who "
        "can reach this machine [%(default)s]",
    )
    parser.add_argument(
        "--port", type=int_in_range(0, 65535), default=8501, metavar="N", help="HTTP; 0 takes a free one [%(default)s]"
    )
    parser.add_argument(
        "--grpc-port",
        type=int_in_range(0, 65535),
        default=8500,
        metavar="N",
        help="gRPC; 0 takes a free one [%(default)s]",
    )
    parser.add_argument("--name", default="model", help="the model's name in the addresses [%(default)s]")
    parser.add_argument(
        "--max-batch",
        type=int_in_range(1, 65536),
        default=MAX_BATCH,
        metavar="N",
        help="rows of a request [%(default)s]",
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
