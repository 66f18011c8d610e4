"""`python app.py`: the page in a browser."""

import argparse
import contextlib
import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfgen.errors import ConfigError, reported
from tfgen.sample import whole
from tfgen.ui.tools import check_tools, spread_results

#: Uploads larger than this are refused before they are read.
LARGEST_UPLOAD = "20mb"
#: So many of the sessions used last are remembered: open pages, and programs that call.
SESSIONS = 256
LOCAL = "127.0.0.1"


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="app.py",
        description="Open a page in which trained models are sampled, explored, compared and trained.",
        allow_abbrev=False,
    )
    parser.add_argument("--runs", metavar="DIR", default="runs", help="folder of the runs to show [%(default)s]")
    parser.add_argument("--host", default=LOCAL, help="address to listen at; 0.0.0.0 for every network [%(default)s]")
    parser.add_argument("--port", type=whole(0, 65535), default=7860, help="port; 0 for any that is free [%(default)s]")
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


@contextlib.contextmanager
def private_cache() -> Iterator[None]:
    """A folder of this process for the pictures that Gradio serves, removed at the end."""
    # Before Gradio is imported: it reads them then.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    with tempfile.TemporaryDirectory(prefix="tfgen-app-", ignore_cleanup_errors=True) as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        yield


@contextlib.contextmanager
def serving(root: Path, options: argparse.Namespace) -> Iterator[str]:
    """The address of the running page, for the length of a `with` block."""
    from tfgen.ui.catalogue import Catalogue
    from tfgen.ui.engine import Engine

    # A training that is started from the page shares the GPU with it.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    catalogue = Catalogue(root)
    engine = Engine(catalogue)
    with engine.starting():
        from starlette.middleware import Middleware

        from tfgen.ui.look import settings
        from tfgen.ui.page import build
        from tfgen.ui.refusals import Refusals, refuse_inputs
        from tfgen.ui.tidying import tidied
        from tfgen.ui.trainer import Trainer
        from tfgen.ui.updates import whole_updates

        trainer = Trainer(root)
        blocks = build(catalogue, engine, trainer)
        refuse_inputs(blocks)
        whole_updates(blocks)
        # Without its second way in, on which an error of any kind is status 500.
        blocks.queue(max_size=None, default_concurrency_limit=8, api_open=False)
        _, url, shared = blocks.launch(
            server_name=options.host,
            server_port=options.port or free_port(),
            share=options.share,
            mcp_server=options.mcp,
            inbrowser=options.open,
            prevent_thread_lock=True,
            max_file_size=LARGEST_UPLOAD,
            quiet=True,
            app_kwargs={"middleware": [Middleware(Refusals)]},
            # A third of a megabyte each, and a program that names none begins one with each call.
            state_session_capacity=SESSIONS,
            **settings(),
        )
        if options.mcp:
            spread_results(blocks.mcp_server_obj)
        try:
            with tidied(blocks, Path(os.environ["GRADIO_TEMP_DIR"])):
                yield shared or url
        finally:
            trainer.close()
            blocks.close(verbose=False)


def check_address(host: str, port: int) -> None:
    """Raise `ConfigError` where nothing can listen at that address."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError, TypeError) as error:  # the last for a name that is none
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"--host, --port: expected an address of this machine that is free. Received: {host}:{port} ({reason})"
        ) from None


def free_port() -> int:
    """A port of this machine that nothing listens at."""
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        return probe.getsockname()[1]
