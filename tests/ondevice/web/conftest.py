"""A server of the page, and the built page."""

import contextlib
import os
import shutil
import threading

import pytest

from tfgen.ondevice.web.build import build_page, page_folder
from tfgen.ondevice.web.server import make_server


@pytest.fixture(scope="session")
def served():
    """A context manager: takes a folder of the page and models, yields the address of their server."""

    @contextlib.contextmanager
    def serve(page, *models):
        server = make_server(models, page, "127.0.0.1", 0)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        with server:
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}/"
            finally:
                server.shutdown()
                thread.join()

    return serve


@pytest.fixture(scope="session")
def built_page(user_cache):
    """The folder of the page: a copy of the one in the user's cache, or else built."""
    page = page_folder()
    built = user_cache / page.relative_to(os.environ["XDG_CACHE_HOME"])
    if built.is_dir() and not page.exists():
        shutil.copytree(built, page)
    if shutil.which("npm") is None:
        pytest.skip("needs npm, which builds the page")
    return build_page()
