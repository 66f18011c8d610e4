"""Fixtures: the page with a stand-in for the training program, in a process of its own, and a browser."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tfgen.app.training_state import BUSY

ROOT = Path(__file__).parents[3]
APP = Path(__file__).with_name("stand_in_app.py")


@dataclass
class Served:
    """A running page.

    Attributes:
        url: address of the page.
        root: folder of the runs.
        how: file with the behaviour of the stand-in program (see `stand_in.py`).
        client: a program that calls the page.
        errors: file with the standard error of the server.
    """

    url: str
    root: Path
    how: Path
    client: Any
    errors: Path

    def behave(self, how: str) -> None:
        """Set the behaviour of the stand-in program for the next training."""
        self.how.write_text(how)

    def start(self, how: str, **options: Any) -> str:
        """Start a training and return the name of the run."""
        self.behave(how)
        return self.client.predict("vae", **options, api_name="/start_training")

    def state(self) -> dict[str, Any]:
        """Return the state of the training."""
        return self.client.predict(api_name="/training_state")

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until no training is running."""
        deadline = time.monotonic() + seconds
        while self.state()["phase"] in BUSY:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def train(self, how: str, **options: Any) -> str:
        """Train a run to its end and return its name."""
        name = self.start(how, **options)
        self.wait()
        return name


@pytest.fixture(scope="session")
def training_page(tmp_path_factory):
    """The page in a process of its own, because Gradio leaves event loops open."""
    from gradio_client import Client

    folder = tmp_path_factory.mktemp("app")
    (folder / "how").write_text("fast")
    command = [sys.executable, str(APP), str(folder / "my runs"), str(folder / "how")]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache")}
    with (
        open(folder / "errors", "w") as errors,
        subprocess.Popen(command, env=environment, stderr=errors, **pipes) as process,
    ):
        url = process.stdout.readline().strip()
        assert url, (folder / "errors").read_text()
        client = Client(url, verbose=False, download_files=folder / "received")
        yield Served(url, folder / "my runs", folder / "how", client, folder / "errors")
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.fixture
def served(training_page):
    """The page without runs and without a training. The test fails if the server printed a traceback."""
    yield training_page
    training_page.client.predict(api_name="/stop_training")
    training_page.wait()
    shutil.rmtree(training_page.root, ignore_errors=True)
    assert "Traceback" not in (text := training_page.errors.read_text()), text


@pytest.fixture
def client(served):
    """A program that calls the page."""
    return served.client


@pytest.fixture
def opened(browser, served):
    """A function that opens the tab "Runs", and a part of it, in a window of a given width."""
    with contextlib.ExitStack() as stack:

        def page(part=None, width=1280):
            context = browser.new_context(viewport={"width": width, "height": 900})
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(60_000)
            page.goto(served.url)
            page.locator("#tabs > .tab-wrapper").get_by_role("tab", name="Runs", exact=True).click()
            if part is not None:
                page.get_by_role("button", name=part).click()
            return page

        yield page
