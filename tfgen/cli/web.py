"""An exported model in the browser: tfgen web exports/mnist-vae-1

Builds the page the first time, which takes npm (Node.js 20.19 or newer) and its registry; from then on, neither it nor
a network is needed. The page's own files and the model are all that is ever fetched.
"""

import argparse
from collections.abc import Sequence

from tfgen.cli.arguments import int_in_range
from tfgen.errors import reported
from tfgen.ondevice.web.site import build, make_server, model_files


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="tfgen web",
        description="Serve a page that samples an exported model and moves through its latent space. Ctrl-C stops it.",
        allow_abbrev=False,
    )
    parser.add_argument("model", metavar="MODEL", help="a .tflite file, or a folder that tfgen export wrote")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on [%(default)s]")
    parser.add_argument(
        "--port", type=int_in_range(0, 65535), default=8080, metavar="N", help="0 takes a free one [%(default)s]"
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until Ctrl-C. Exit status 0, or 2 with a sentence on bad input."""
    options = parse(argv)
    with reported():
        models = model_files(options.model)
        build()
        server = make_server(models, options.host, options.port)
    with server:
        names = ", ".join(path.name for path in models)
        print(f"http://{options.host}:{server.server_address[1]}/  ({names})", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("stopped")
