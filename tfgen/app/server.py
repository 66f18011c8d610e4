"""The web server of the app."""

import contextlib
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfgen.app.gradio_import import fast_gradio_import
from tfgen.app.mcp import separate_results
from tfgen.errors import ConfigError
from tfgen.files import user_path
from tfgen.ports import LOOPBACK, free_port

#: Largest upload, in Gradio's spelling. The server refuses a larger one before it reads the content.
MAX_UPLOAD = "20mb"

#: Largest request with uploads and largest other request in bytes. A drawing is the longest of the others.
MAX_UPLOADS, MAX_BODY = 24 * 2**20, 2 * 2**20

#: Number of sessions that Gradio remembers: open pages, and programs that call. A session takes a third of a megabyte,
#: and a program that names no session begins a new one with every call.
MAX_SESSIONS = 256

#: Number of events that run at the same time, where an event sets no limit of its own.
CONCURRENCY = 8

#: Seconds from the start of the server to the import of TensorFlow, if nobody opens the page.
UNVISITED = 10.0


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
    auth: Sequence[tuple[str, str]] = (),
    read_only: bool = False,
    rate: int | None = None,
) -> Iterator[str]:
    """Serve the page until the `with` block ends, and yield its address. Needs `private_cache`.

    Args:
        root: folder of the runs. The folder need not exist.
        host: address to listen at.
        port: port to listen at. 0: any free port.
        share: also open a public address through Gradio's servers.
        mcp: also offer the handlers as tools of an MCP server.
        open_browser: open the page in the browser of this machine.
        auth: (name, password) of each user. Empty: nobody is asked for a name.
        read_only: leave out the controls and the handlers that train or write favourites.
        rate: largest number of requests of a client in a minute, 0 for any number. None: any number if only this
            machine can reach the page, else `tfgen.app.rate_limit.USUAL`.
    """
    from tfgen.app.catalogue import Catalogue
    from tfgen.app.data_cache import TestSetCache
    from tfgen.app.model_cache import ModelCache

    # A training started from the page shares the GPU with the app, so the app must not reserve all of its memory.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    catalogue = Catalogue(root)
    models = ModelCache(catalogue)
    # The page and its first pictures need no TensorFlow, whose import takes longer than everything else together. The
    # import begins when the first page has its pictures, or after a while if nobody opens the page.
    with fast_gradio_import():
        from tfgen.app import rate_limit
        from tfgen.app.cache_cleanup import cleaning
        from tfgen.app.context import Context
        from tfgen.app.trainer import Trainer

        trainer = Trainer(root)
        is_local = host in (LOOPBACK, "localhost", "::1") and not share
        rate = (0 if is_local else rate_limit.USUAL) if rate is None else rate
        blocks = _page(Context(catalogue, models, trainer, TestSetCache(), is_local), read_only)
        url = _launch(blocks, host, port, share, mcp, open_browser, auth, rate)
    later = threading.Timer(UNVISITED, models.begin_import)
    later.daemon = True
    later.start()
    try:
        with cleaning(blocks, Path(os.environ["GRADIO_TEMP_DIR"])):
            yield url
    finally:
        later.cancel()
        trainer.close()
        # Python must not end while TensorFlow is imported.
        models.wait()
        blocks.close(verbose=False)


def _page(context, read_only: bool):
    """Return the page with the corrections of Gradio that this package needs."""
    from tfgen.app import page
    from tfgen.app.error_middleware import explain_input_errors
    from tfgen.app.html_updates import send_complete_updates

    blocks = page.build(context, read_only)
    explain_input_errors(blocks)
    send_complete_updates(blocks)
    # Without the routes of `api_open`, on which every error of a handler has status 500.
    blocks.queue(max_size=None, default_concurrency_limit=CONCURRENCY, api_open=False)
    return blocks


def _launch(
    blocks, host: str, port: int, share: bool, mcp: bool, open_browser: bool, auth: Sequence[tuple[str, str]], rate: int
) -> str:
    """Start the server in a thread and return the address of the page. Arguments: see `serving`."""
    from starlette.middleware import Middleware

    from tfgen.app.error_middleware import BodyLimits, ErrorMiddleware
    from tfgen.app.health import HEALTH
    from tfgen.app.rate_limit import RateLimit
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
        app_kwargs={
            "routes": [HEALTH],
            "middleware": [
                Middleware(RateLimit, rate),
                Middleware(BodyLimits, MAX_UPLOADS, MAX_BODY),
                Middleware(ErrorMiddleware),
            ],
        },
        auth=list(auth) or None,
        # The page of earlier calls would let the server contact Hugging Face, and the other page show who uses the app.
        run_history=False,
        enable_monitoring=False,
        state_session_capacity=MAX_SESSIONS,
        **settings(),
    )
    if mcp:
        separate_results(blocks.mcp_server_obj)
    return shared or url


def read_users(entries: Sequence[str]) -> list[tuple[str, str]]:
    """Return (name, password) of each USER:FILE. The password is the first line of the file.

    A password on the command line would be visible to every user of the machine, in its list of processes.

    Raises:
        ConfigError: if an entry has another form, a name is given twice, or a file cannot be read or has no password.
    """
    users = {}
    for entry in entries:
        name, colon, file = entry.partition(":")
        if not (name and colon and file):
            raise ConfigError(f"--auth: expected USER:FILE, a name and a file with the password. Received: {entry!r}")
        if name in users:
            raise ConfigError(f"--auth: expected one password for each user. Received: two for {name!r}")
        try:
            lines = user_path(file).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(
                f"--auth: expected a file with the password of {name}. Received: {file}: {reason}"
            ) from None
        if not lines or not lines[0].strip():
            raise ConfigError(f"--auth: expected a password in the first line of {file}. Received: an empty line")
        users[name] = lines[0].strip()
    return list(users.items())


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
    """Return after SIGTERM; Ctrl-C raises KeyboardInterrupt as usual.

    Python handles signals in the main thread only. In another thread this function never returns.
    """
    stopped = threading.Event()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    while not stopped.wait(1.0):
        pass
