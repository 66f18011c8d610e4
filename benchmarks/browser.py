"""The app in a headless Chromium."""

import contextlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
#: Path of the program, or None if there is none.
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
#: Milliseconds until a page that does not change is given up. The first picture of a flow can take a minute.
TIMEOUT = 180_000.0
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.contextmanager
def opened_app() -> Iterator[tuple[Any, float]]:
    """Start the app and open its page; yield the page, and the seconds from the start of the app to its first picture.

    Chromium is started before the app, so that its start does not count.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        started = time.perf_counter()
        app = subprocess.Popen(
            [sys.executable, "app.py", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        try:
            address = re.search(r"http://\S+", app.stdout.readline()).group()
            page = browser.new_page()
            page.set_default_timeout(TIMEOUT)
            page.goto(address)
            page.wait_for_selector("#family-vae img")
            yield page, time.perf_counter() - started
        finally:
            app.terminate()
            app.wait()
            browser.close()
