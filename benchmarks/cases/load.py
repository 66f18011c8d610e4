"""The app, or with --server a server, under many clients that also send bad requests.

Every picture is compared with the one that the model gives for its seed. Exit status 1 if an answer was wrong, a bad
request was answered, or the program failed.
"""

import argparse
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clients", type=int, default=32, help="Number of clients [default: 32].")
    app = parser.add_argument_group("app")
    app.add_argument("--seconds", type=float, default=60.0, help="Duration in seconds [default: 60].")
    app.add_argument("--bad", type=float, default=0.1, metavar="SHARE", help="Share of bad requests, 0 to 1 [0.1].")
    app.add_argument("--models", nargs="+", default=["mnist-vae", "digits-gan"], help="Names of pretrained models.")
    server = parser.add_argument_group("server")
    server.add_argument("--server", metavar="EXPORT", help="Load `tfgen serve EXPORT`, a folder of tfgen export.")
    server.add_argument("--requests", type=int, default=1000, help="Well-formed requests [default: 1000].")
    server.add_argument("--malformed", type=int, default=100, help="Malformed requests [default: 100].")


def run(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    if options.server is None:
        from benchmarks import load_app

        return {"app": load_app.load(options.clients, options.seconds, options.bad, options.models)}
    from benchmarks import load_server

    return {"server": load_server.load(options.server, options.clients, options.requests, options.malformed)}
