"""`python app.py`: the page in a browser."""

import argparse
import contextlib
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tfgen.app.mcp import spread_results
from tfgen.errors import ConfigError

#: Uploads larger than this are refused before they are read.
LARGEST_UPLOAD = "20mb"

#: So many of the sessions used last are remembered: open pages, and programs that call.
SESSIONS = 256

LOCAL = "127.0.0.1"


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
    from tfgen.app.catalogue import Catalogue
    from tfgen.app.model_cache import Engine

    # A training that is started from the page shares the GPU with it.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    catalogue = Catalogue(root)
    engine = Engine(catalogue)
    with engine.starting():
        from starlette.middleware import Middleware

        from tfgen.app.cache_cleanup import tidied
        from tfgen.app.error_middleware import Refusals, refuse_inputs
        from tfgen.app.html_updates import whole_updates
        from tfgen.app.page import build
        from tfgen.app.theme import settings
        from tfgen.app.trainer import Trainer

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
