"""`python app.py`: the page in a browser."""

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path

from tfgen.app.mcp import check_tools
from tfgen.app.server import LOCAL, check_address, private_cache, serving
from tfgen.cli.arguments import int_in_range
from tfgen.errors import ConfigError, reported


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="app.py",
        description="Open a page in which trained models are sampled, explored, compared and trained.",
        allow_abbrev=False,
    )
    parser.add_argument("--runs", metavar="DIR", default="runs", help="folder of the runs to show [%(default)s]")
    parser.add_argument("--host", default=LOCAL, help="address to listen at; 0.0.0.0 for every network [%(default)s]")
    parser.add_argument(
        "--port", type=int_in_range(0, 65535), default=7860, help="port; 0 for any that is free [%(default)s]"
    )
    parser.add_argument(
        "--share",
        action="store_true",
        help="also open a public address through Gradio's servers, for whoever knows it, for a week",
    )
    parser.add_argument("--mcp", action="store_true", help="also serve the handlers as tools of an MCP server")
    parser.add_argument("--open", action="store_true", help="open the page in the browser of this machine")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Serve the page until Ctrl-C. Exit status 0, or 2 with a sentence on bad input."""
    options = parse(argv)
    with reported():
        root = Path(options.runs)
        if root.exists() and not root.is_dir():
            raise ConfigError(f"--runs: expected a folder. Received: {root}, which is a file")
        check_address(options.host, options.port)
        if options.mcp:
            check_tools()
        with private_cache(), serving(root, options) as url:
            print(f"tfgen at {url}  (Ctrl-C ends it)", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                wait()


def wait() -> None:
    """Until Ctrl-C or SIGTERM."""
    import signal
    import threading

    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    while not ended.wait(1.0):
        pass
