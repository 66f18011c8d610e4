"""The web server of the app."""

import contextlib
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from tfgen.app.mcp import separate_results
from tfgen.errors import ConfigError
from tfgen.ports import LOOPBACK, free_port

#: Largest upload, in Gradio's spelling. The server refuses a larger one before it reads the content.
MAX_UPLOAD = "20mb"

#: Number of sessions that Gradio remembers: open pages, and programs that call. A session takes a third of a megabyte,
#: and a program that names no session begins a new one with every call.
MAX_SESSIONS = 256

#: Number of events that run at the same time, where an event sets no limit of its own.
CONCURRENCY = 8


@contextlib.contextmanager
def private_cache() -> Iterator[None]:
    """Give Gradio a cache folder of this process, and delete the folder at the end of the `with` block.

    The block must come before the first import of Gradio, which reads the environment variables when it is imported.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    with tempfile.TemporaryDirectory(prefix="tfgen-app-", ignore_cleanup_errors=True) as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        yield


@contextlib.contextmanager
def serving(
    root: Path,
    host: str = LOOPBACK,
    port: int = 0,
    share: bool = False,
    mcp: bool = False,
    open_browser: bool = False,
) -> Iterator[str]:
    """Serve the page until the `with` block ends, and yield its address. Needs `private_cache`.

    Args:
        root: folder of the runs. The folder need not exist.
        host: address to listen at.
        port: port to listen at. 0: any free port.
        share: also open a public address through Gradio's servers.
        mcp: also offer the handlers as tools of an MCP server.
        open_browser: open the page in the browser of this machine.
    """
    from tfgen.app.catalogue import Catalogue
    from tfgen.app.model_cache import ModelCache

    # A training started from the page shares the GPU with the app, so the app must not reserve all of its memory.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    catalogue = Catalogue(root)
    models = ModelCache(catalogue)
    with models.importing_tensorflow():
        # Gradio is imported here, while TensorFlow is imported in another thread.
        from tfgen.app.cache_cleanup import cleaning
        from tfgen.app.context import Context
        from tfgen.app.trainer import Trainer

        trainer = Trainer(root)
        blocks = _page(Context(catalogue, models, trainer))
        url = _launch(blocks, host, port, share, mcp, open_browser)
        try:
            with cleaning(blocks, Path(os.environ["GRADIO_TEMP_DIR"])):
                yield url
        finally:
            trainer.close()
            blocks.close(verbose=False)


def _page(context):
    """Return the page with the corrections of Gradio that this package needs."""
    from tfgen.app import page
    from tfgen.app.error_middleware import explain_input_errors
    from tfgen.app.html_updates import send_complete_updates

    blocks = page.build(context)
    explain_input_errors(blocks)
    send_complete_updates(blocks)
    # Without the routes of `api_open`, on which every error of a handler has status 500.
    blocks.queue(max_size=None, default_concurrency_limit=CONCURRENCY, api_open=False)
    return blocks


def _launch(blocks, host: str, port: int, share: bool, mcp: bool, open_browser: bool) -> str:
    """Start the server in a thread and return the address of the page. Arguments: see `serving`."""
    from starlette.middleware import Middleware

    from tfgen.app.error_middleware import ErrorMiddleware
    from tfgen.app.theme import settings

    _, url, shared = blocks.launch(
        server_name=host,
        server_port=port or free_port(),
        share=share,
        mcp_server=mcp,
        inbrowser=open_browser,
        prevent_thread_lock=True,
        max_file_size=MAX_UPLOAD,
        quiet=True,
        app_kwargs={"middleware": [Middleware(ErrorMiddleware)]},
        state_session_capacity=MAX_SESSIONS,
        **settings(),
    )
    if mcp:
        separate_results(blocks.mcp_server_obj)
    return shared or url


def check_address(host: str, port: int) -> None:
    """Raise `ConfigError` if no server can listen at that address."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError, TypeError) as error:  # TypeError for a text that is no host name.
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"--host, --port: expected an address of this machine that is free. Received: {host}:{port} ({reason})"
        ) from None


def wait() -> None:
    """Return after SIGTERM; Ctrl-C raises KeyboardInterrupt as usual."""
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    while not stopped.wait(1.0):
        pass
