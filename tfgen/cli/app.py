"""Open the web app: tfgen app [--runs DIR] [--port 7860]"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from tfgen.cli.arguments import DEFAULT, Parser, add_listening
from tfgen.cli.value_types import int_in_range
from tfgen.errors import ConfigError, exit_on_error


def build_parser() -> Parser:
    """The parser of this command."""
    parser = Parser(
        prog="tfgen app",
        description="Open a web app in which trained models are sampled, interpolated, explored, compared and trained. "
        "Ctrl-C stops the server.",
    )
    parser.add_argument(
        "--runs",
        metavar="DIR",
        default="runs",
        help=f"Folder whose runs the app shows; new runs are written there {DEFAULT}.",
    )
    add_listening(parser, 7860)
    parser.add_argument(
        "--share",
        action="store_true",
        help="Also open a public address through Gradio's servers. Everybody who knows the address can use the app for "
        "one week; without --auth, the app is then --read-only.",
    )
    parser.add_argument(
        "--auth",
        action="append",
        default=[],
        metavar="USER:FILE",
        help="Ask for a name and a password, the first line of FILE. Several users: several times.",
    )
    parser.add_argument(
        "--read-only",
        action="store_true",
        help="Leave out everything that trains or saves favourites: visitors can only use the models.",
    )
    parser.add_argument(
        "--rate",
        type=int_in_range(0, 10**6),
        metavar="N",
        help="Requests that a client may send in a minute; 0 allows any number [any number on this machine, 600 where "
        "other machines can reach the app].",
    )
    parser.add_argument(
        "--mcp", action="store_true", help="Also offer the functions of the app as tools of an MCP server, for agents."
    )
    parser.add_argument("--open", action="store_true", help="Open the page in the browser of this machine.")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Serve the app until Ctrl-C. Exit status 0, or 2 with a sentence on bad input."""
    options = build_parser().parse_args(argv)
    with exit_on_error():
        root = Path(options.runs)
        if root.exists() and not root.is_dir():
            raise ConfigError(f"--runs: expected a folder. Received: {root}, which is a file")
        from tfgen.app.mcp import check_mcp_installed
        from tfgen.app.server import check_address, private_cache, read_users, serving, wait

        users = read_users(options.auth)
        if users and options.mcp:
            raise ConfigError("--auth: expected without --mcp, whose clients cannot give a password. Received: both")
        check_address(options.host, options.port)
        if options.mcp:
            check_mcp_installed()
        read_only = options.read_only or (options.share and not users)
        address = {"host": options.host, "port": options.port, "share": options.share}
        access = {"auth": users, "read_only": read_only, "rate": options.rate, "mcp": options.mcp}
        access["open_browser"] = options.open
        with private_cache(), serving(root, **address, **access) as url:
            note = "read-only, " * read_only
            print(f"tfgen at {url}  ({note}Ctrl-C stops the app)", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                wait()
