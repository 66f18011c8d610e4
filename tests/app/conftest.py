"""Fixtures: a folder of small runs, the app that shows them, a program that calls the app, and a browser.

The file is longer than 300 lines because pytest finds fixtures that several folders share in one `conftest.py` only.
"""

import asyncio
import base64
import contextlib
import functools
import gc
import io
import json
import logging
import os
import shutil
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.browser import CHROMIUM, FLAGS

#: Settings of a browser context.
PLAIN: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
#: Title of a tab → id of its HTML element.
ELEMENT_IDS = {
    "Overview": "tab-overview",
    "Sample": "tab-sample",
    "Interpolate": "tab-interpolate",
    "Mix": "tab-mix",
    "Explore latent space": "tab-explore",
    "Reconstruct": "tab-reconstruct",
    "Compare": "tab-compare",
    "Runs": "tab-runs",
}

# Name of a run → (name of its tiny model, family, preset).
FINISHED = {
    "vae": ("vae-mixture", "vae", "quick"),
    "vae-flow-prior": ("vae-flow-prior", "vae", "quick"),
    "gan": ("gan", "gan", "quick"),
    "flow": ("flow", "flow", "quick"),
    "points": ("points", "flow", "tutorial"),
}
# Options of a VAE with two latent dimensions.
TWO_DIMENSIONS = {"hidden": (32,), "latent_dim": 2, "likelihood": "logistic_mixture", "mixtures": 2}

# Classes of the run "vae-classes": the digits, some under names that are no numbers.
CLASSES, CLASS_FREQUENCIES = ("cats", "dogs & owls", "<b>", *"3456789"), (2.0, *[1.0] * 9)


@pytest.fixture(scope="session")
def shelf(tiny_models, digits, once) -> Path:
    """A folder with a finished run of every family. Tests copy its runs and never change them."""
    return once("shelf", lambda root: fill_shelf(root, tiny_models, digits))


def fill_shelf(root: Path, tiny_models, digits) -> None:
    """Train and write the runs of `shelf`."""
    import keras

    from tfgen.data import load
    from tfgen.models import family

    for name, (tiny, kind, preset) in FINISHED.items():
        finish(root / name, tiny_models(tiny), kind, preset)
    keras.utils.set_random_seed(0)
    plane = family("vae")((8, 8, 1), 17, **TWO_DIMENSIONS)
    plane.compile(keras.optimizers.Adam(3e-3))
    plane.fit(digits[:1024], batch_size=64, epochs=8, verbose=0)
    finish(root / "vae-plane", plane, "vae", "quick")
    labels = load("digits").train.labels
    conditional = family("vae")((8, 8, 1), 17, classes=CLASSES, class_frequencies=CLASS_FREQUENCIES, **TWO_DIMENSIONS)
    conditional.compile(keras.optimizers.Adam(3e-3))
    conditional.fit(digits[:1024], labels[:1024], batch_size=64, epochs=4, verbose=0)
    finish(root / "vae-classes", conditional, "vae", "quick", conditional=True)


def finish(folder: Path, model, kind: str, preset: str, **options) -> None:
    """Write a finished run with the measurements of `tfgen evaluate` on the test set."""
    from tfgen.config.presets import run_config
    from tfgen.evaluation.likelihood import measure_likelihood
    from tfgen.runs.run import Run

    run = Run.create_at(folder, run_config(kind, preset, **options, **model.config.to_dict()))
    model.save(run.model_file)
    run.add_metrics({"epoch": run.config.train.epochs})
    if model.can("log_prob"):
        measure_likelihood(run, model=model)


def add_broken(shelf: Path, root: Path) -> dict[str, str]:
    """Add runs that cannot be used to a folder. Return name → a part of the reason."""
    for name in ("half-trained", "flipped", "truncated", "no-json", "old"):
        shutil.copytree(shelf / "vae", root / name)
    (root / "half-trained" / "model.keras").unlink()
    (root / "half-trained" / "metrics.jsonl").unlink()
    whole = (shelf / "vae" / "model.keras").read_bytes()
    middle = len(whole) // 2
    flipped = bytes(255 - byte for byte in whole[middle : middle + 64])
    (root / "flipped" / "model.keras").write_bytes(whole[:middle] + flipped + whole[middle + 64 :])
    (root / "truncated" / "model.keras").write_bytes(whole[:middle])
    (root / "no-json" / "config.json").write_text("{")
    config = json.loads((root / "old" / "config.json").read_text())
    config["architecture"]["prior"] = "of another version"
    (root / "old" / "config.json").write_text(json.dumps(config))
    (root / "empty").mkdir()
    (root / "a-file").write_text("no folder")
    return {
        "half-trained": "has not finished an epoch",
        "flipped": "model.keras is damaged",
        "truncated": "model.keras cannot be read",
        "no-json": "no-json/config.json",
        "old": "of another version",
        "empty": "Found: nothing",
    }


@pytest.fixture(scope="package")
def runs(shelf, tmp_path_factory) -> SimpleNamespace:
    """The folder that the app shows: `root`, and its runs that cannot be used: `broken`, name → part of the reason."""
    root = tmp_path_factory.mktemp("app") / "runs"
    shutil.copytree(shelf, root)
    return SimpleNamespace(root=root, broken=add_broken(shelf, root))


@contextlib.contextmanager
def closed_event_loops():
    """Close event loops that Gradio leaves open, before and in the block, without the warnings about them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
        yield
        asyncio.set_event_loop(None)
        gc.collect()


@pytest.fixture
def without_open_loops():
    """`closed_event_loops` around a test that starts a server of its own."""
    with closed_event_loops():
        yield


class ErrorCollector(logging.Handler):
    """Collects warnings, errors and tracebacks of the server."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record):
        self.messages.append(self.format(record))

    def print_exc(self, *args, **kwargs):
        self.messages.append(traceback.format_exc())


@pytest.fixture(scope="package")
def app(runs):
    """The running app: its `url`, and the `errors` of its server."""
    from tfgen.app.server import private_cache, serving

    errors = ErrorCollector()
    with pytest.MonkeyPatch.context() as patch:
        # `private_cache` sets both variables for the whole process. The patch restores them at the end.
        for name in ("GRADIO_ANALYTICS_ENABLED", "GRADIO_TEMP_DIR"):
            patch.setenv(name, "")
        with private_cache(), contextlib.ExitStack() as running:
            with closed_event_loops():
                url = running.enter_context(serving(runs.root, mcp=True))
            cache = Path(os.environ["GRADIO_TEMP_DIR"])
            patch.setattr(traceback, "print_exc", errors.print_exc)
            for name in ("uvicorn", "uvicorn.error", "asyncio", "gradio"):
                logging.getLogger(name).addHandler(errors)
            yield SimpleNamespace(url=url, errors=errors, cache=cache)
            with closed_event_loops():
                running.close()


@pytest.fixture(autouse=True)
def no_server_errors(request):
    """Fail a test if the server of the app printed a warning or a traceback."""
    yield
    if "app" in request.fixturenames:
        collector = request.getfixturevalue("app").errors
        messages, collector.messages = collector.messages, []
        assert not messages, "\n".join(messages)


@pytest.fixture(scope="package")
def client(app, tmp_path_factory):
    """A program that calls the app."""
    from gradio_client import Client

    return Client(app.url, verbose=False, analytics_enabled=False, download_files=tmp_path_factory.mktemp("received"))


# One browser per file: Playwright's event loop runs until it is closed, and other tests need loops of their own.
@pytest.fixture(scope="module")
def browser():
    """A real Chromium."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


class Window:
    """The app in a window of the browser: what a user does and sees."""

    def __init__(self, page):
        self.page = page

    def choose(self, model: str) -> None:
        """Choose a model in the header and wait until the field shows its name."""
        field = self.page.locator("#model input")

        def chosen() -> bool:
            # The list opens when the field gets the focus. The list closes by itself when its choices are updated.
            field.blur()
            field.click()
            with contextlib.suppress(Exception):
                self.page.get_by_role("option", name=model, exact=True).click(timeout=5000)
            return field.input_value() == model

        self.until(chosen)

    def go(self, title: str) -> None:
        """Open a tab."""
        self.page.locator("#tabs > .tab-wrapper").get_by_role("tab", name=title, exact=True).click()
        self.page.wait_for_selector(f"#{ELEMENT_IDS[title]}[role=tabpanel]", state="visible")

    def pixels(self, selector: str) -> np.ndarray | None:
        """Return the picture that an element shows: uint8 [H, W] or [H, W, 3]. None if it shows no picture."""
        picture = self.page.locator(f"{selector} img")
        source = picture.first.get_attribute("src") if picture.count() else None
        if not source:
            return None
        content = (
            base64.b64decode(source.partition(",")[2])
            if source.startswith("data:")
            else self.page.request.get(source).body()
        )
        with Image.open(io.BytesIO(content)) as opened:
            return np.asarray(opened if opened.mode in ("L", "RGB") else opened.convert("RGB"))

    def until(self, found: Callable[[], Any], seconds: float = 60.0) -> Any:
        """Wait until a function returns neither None nor False, and return its value."""
        end = time.monotonic() + seconds
        while (value := found()) is None or value is False:
            if time.monotonic() > end:
                raise AssertionError(f"Nothing happened within {seconds} seconds.")
            self.page.wait_for_timeout(50)
        return value

    def hold(self, *parts: str, number: int = 1) -> list:
        """Hold the first requests to a handler whose body has all the parts, as a slow network would.

        Args:
            parts: texts of the body.
            number: number of requests to hold.

        Returns:
            A list that gets the held requests. `continue_()` of a request sends it.
        """
        held: list = []

        def hold(route):
            body = route.request.post_data or ""
            if len(held) < number and all(part in body for part in parts):
                held.append(route)
            else:
                route.continue_()

        self.page.route("**/queue/join*", hold)
        return held

    def idle(self) -> None:
        """Wait until no visible part of the page waits for a result."""
        self.page.wait_for_function(
            """() => ![...document.querySelectorAll('[data-testid=status-tracker] .progress-text')]
                .some((each) => each.checkVisibility())"""
        )

    def shows(self, selector: str, images: np.ndarray, target: int) -> None:
        """Wait until an element shows the images as a grid of about `target` pixels, within 1 of 255 grey levels."""
        from tfgen.app.pictures import grid_picture

        expected = np.asarray(grid_picture(images, target=target)).astype(int)

        def equal():
            found = self.pixels(selector)
            return found is not None and found.shape == expected.shape and np.abs(found - expected).max() <= 1

        self.until(equal)

    def changed(self, selector: str, before: np.ndarray | None) -> np.ndarray:
        """Wait until an element shows another picture than before, and return it."""

        def other():
            found = self.pixels(selector)
            return None if found is None or (before is not None and np.array_equal(found, before)) else found

        return self.until(other)

    def draw(self, canvas: str, *points: tuple[float, float]) -> None:
        """Draw a line on a canvas with the mouse, through points in [0, 1]²."""
        area = self.page.locator(canvas)
        area.scroll_into_view_if_needed()
        box = area.bounding_box()
        spots = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        self.page.mouse.move(*spots[0])
        self.page.mouse.down()
        for spot in spots[1:]:
            self.page.mouse.move(*spot, steps=4)
        self.page.mouse.up()

    def error_message(self) -> str:
        """Wait for an error message, close it, and return its text."""
        toast = self.page.get_by_test_id("toast-body").first
        toast.wait_for()
        sentence = toast.get_by_test_id("toast-text").first.inner_text()
        toast.get_by_test_id("toast-close").click()
        toast.wait_for(state="detached")
        return sentence


def is_warning(line) -> bool:
    """Return whether a line of the console is a warning or an error, except the line of every upload with Gradio."""
    return line.type in ("error", "warning") and line.text != "Method not implemented."


@pytest.fixture(scope="module")
def windows_of_a_file(browser):
    """A browser context for the first window of each test. Its cache lets the browser compile the scripts only once."""
    context = browser.new_context(**PLAIN)
    yield context
    context.close()


@pytest.fixture
def opened(browser, windows_of_a_file, app):
    """A function that opens the tab "Sample" of the app in a new window and waits for the first picture.

    With an address, for example "?tab=explore", the function opens the address and waits for nothing.

    The test fails if a window logs a warning or an error, or sends a request to another host.
    """
    with contextlib.ExitStack() as windows:
        logged: list[str] = []
        requested: set[str] = set()

        def open_(address="", **settings):
            if address or settings or requested:
                context = browser.new_context(**{**PLAIN, **settings})
                windows.callback(context.close)
                page = context.new_page()
            else:
                page = windows_of_a_file.new_page()
                windows.callback(page.close)
            page.set_default_timeout(60_000)
            page.on("console", lambda line: logged.append(line.text) if is_warning(line) else None)
            page.on("pageerror", lambda error: logged.append(str(error)))
            page.on("request", lambda request: requested.add(request.url))
            page.goto(app.url.rstrip("/") + f"/{address}")
            window = Window(page)
            if address:
                return window
            page.wait_for_selector("#family-vae img")
            window.go("Sample")
            page.wait_for_selector("#samples img")
            return window

        yield open_
    assert not logged
    own = (app.url, app.url.replace("http", "ws", 1), "data:", "blob:")
    assert not [address for address in requested if not address.startswith(own)]


@pytest.fixture
def window(opened) -> Window:
    """The app in a window 1280 pixels wide."""
    return opened()


@pytest.fixture(scope="package")
def model(runs):
    """A function from the name of a run or of a pretrained model to the model, loaded without the app."""
    from tfgen import pretrained
    from tfgen.runs.run import Run

    @functools.cache
    def load(name: str):
        return Run.open(name if name in pretrained.names() else runs.root / name).load_model()

    return load
