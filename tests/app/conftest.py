"""A folder of small runs, whole and broken; the app that shows it, a program that asks it, a browser that opens it."""

import argparse
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

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PLAIN: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Name of a run → its tiny model, family and preset.
FINISHED = {
    "vae": ("vae-mixture", "vae", "quick"),
    "vae-flow-prior": ("vae-flow-prior", "vae", "quick"),
    "gan": ("gan", "gan", "quick"),
    "flow": ("flow", "flow", "quick"),
    "points": ("points", "flow", "practical"),
}
# A latent of two dimensions, and pictures that differ.
PLANE = {"hidden": (32,), "latent_dim": 2, "likelihood": "logistic_mixture", "mixtures": 2}


@pytest.fixture(scope="session")
def shelf(tiny_models, digits, tmp_path_factory) -> Path:
    """A folder with a finished run of every family, to be copied from and never changed."""
    import keras

    from tfgen.models import family

    root = tmp_path_factory.mktemp("shelf")
    for name, (tiny, kind, preset) in FINISHED.items():
        finish(root / name, tiny_models(tiny), kind, preset)
    keras.utils.set_random_seed(0)
    plane = family("vae")((8, 8, 1), 17, **PLANE)
    plane.compile(keras.optimizers.Adam(3e-3))
    plane.fit(digits[:1024], batch_size=64, epochs=8, verbose=0)
    finish(root / "vae-plane", plane, "vae", "quick")
    return root


def finish(folder: Path, model, kind: str, preset: str) -> None:
    """Write a run as one that is over, with what `tfgen evaluate` finds on the test set."""
    from tfgen.config.presets import run_config
    from tfgen.evaluation.evaluate import evaluate
    from tfgen.runs.run import Run

    run = Run.create_at(folder, run_config(kind, preset, **model.config.to_dict()))
    model.save(run.model_file)
    run.add_metrics({"epoch": run.config.train.epochs})
    if model.can("log_prob"):
        evaluate(run, model=model)


def add_broken(shelf: Path, root: Path) -> dict[str, str]:
    """Put runs into a folder that cannot be used; their names, each with a part of the reason."""
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
        "no-json": "Expected a run's configuration",
        "old": "of another version",
        "empty": "Found: nothing",
    }


@pytest.fixture(scope="package")
def runs(shelf, tmp_path_factory) -> SimpleNamespace:
    """The folder that the app shows: its `root`, and the `broken` ones in it with a part of the reason."""
    root = tmp_path_factory.mktemp("app") / "runs"
    shutil.copytree(shelf, root)
    return SimpleNamespace(root=root, broken=add_broken(shelf, root))


@contextlib.contextmanager
def left_loops():
    """Gradio makes event loops, takes their locks and leaves them open: let go of them without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        asyncio.set_event_loop(None)
        gc.collect()


class Complaints(logging.Handler):
    """Collects what a server should have no reason to say."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record):
        self.said.append(self.format(record))

    def print_exc(self, *args, **kwargs):
        self.said.append(traceback.format_exc())


@pytest.fixture(scope="package")
def app(runs):
    """The running app: its `url`, and the `complaints` of its server."""
    from tfgen.app.server import LOCAL, private_cache, serving

    options = argparse.Namespace(host=LOCAL, port=0, share=False, mcp=True, open=False)
    complaints = Complaints()
    with pytest.MonkeyPatch.context() as patch:
        # Put back at the end: the command changes both for its whole process.
        for name in ("GRADIO_ANALYTICS_ENABLED", "GRADIO_TEMP_DIR"):
            patch.setenv(name, "")
        with private_cache(), contextlib.ExitStack() as running:
            with left_loops():
                url = running.enter_context(serving(runs.root, options))
            cache = Path(os.environ["GRADIO_TEMP_DIR"])
            patch.setattr(traceback, "print_exc", complaints.print_exc)
            for name in ("uvicorn", "uvicorn.error", "asyncio", "gradio"):
                logging.getLogger(name).addHandler(complaints)
            yield SimpleNamespace(url=url, complaints=complaints, cache=cache)
            with left_loops():
                running.close()


@pytest.fixture(autouse=True)
def no_complaints(request):
    """Whatever a test does to the app, its server prints no traceback."""
    yield
    if "app" in request.fixturenames:
        said, request.getfixturevalue("app").complaints.said[:] = [*request.getfixturevalue("app").complaints.said], []
        assert not said, "\n".join(said)


@pytest.fixture(scope="package")
def client(app, tmp_path_factory):
    """A program that asks the app."""
    from gradio_client import Client

    return Client(app.url, verbose=False, analytics_enabled=False, download_files=tmp_path_factory.mktemp("received"))


# Of a file: Playwright's event loop runs as long as it is open, and no other could in the tests of another file.
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
    """The app in a window of the browser, by what its user does and sees."""

    def __init__(self, page):
        self.page = page

    def choose(self, model: str) -> None:
        """Choose a model in the header, and wait until the page tells of it."""
        field = self.page.locator("#model input")

        def chosen() -> bool:
            # The list opens when the field gets the focus, and closes by itself when it gets other choices.
            field.blur()
            field.click()
            with contextlib.suppress(Exception):
                self.page.get_by_role("option", name=model, exact=True).click(timeout=5000)
            return field.input_value() == model

        self.until(chosen)

    def go(self, title: str) -> None:
        """Open a tab, from the menu of those for which the window is too narrow if it is there."""
        tabs = self.page.locator("#tabs > .tab-wrapper")
        tab = tabs.get_by_role("tab", name=title, exact=True)
        if not tab.count():
            tabs.get_by_label("More tabs").click()
            tabs.locator(".overflow-dropdown button").get_by_text(title, exact=True).click()
        else:
            tab.click()
        self.page.wait_for_selector(f"#tab-{title.lower()}[role=tabpanel]", state="visible")

    def pixels(self, selector: str) -> np.ndarray | None:
        """The picture that an element shows, or that it draws: uint8 [H, W] or [H, W, 3]; None where there is none."""
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
        """Wait until a function gives something true, and that."""
        end = time.monotonic() + seconds
        while (value := found()) is None or value is False:
            if time.monotonic() > end:
                raise AssertionError(f"Waited {seconds} seconds in vain.")
            self.page.wait_for_timeout(50)
        return value

    def shows(self, selector: str, images: np.ndarray, target: int) -> None:
        """Wait until an element shows images as a grid of about so many pixels, to a byte's last place."""
        from tfgen.app.pictures import grid_picture

        expected = np.asarray(grid_picture(images, target=target)).astype(int)

        def equal():
            found = self.pixels(selector)
            return found is not None and found.shape == expected.shape and np.abs(found - expected).max() <= 1

        self.until(equal)

    def changed(self, selector: str, before: np.ndarray | None) -> np.ndarray:
        """Wait until an element shows another picture than before, and that."""

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

    def refusal(self) -> str:
        """Wait for the sentence by which something was refused, close it, and give it."""
        toast = self.page.get_by_test_id("toast-body").first
        toast.wait_for()
        sentence = toast.get_by_test_id("toast-text").inner_text()
        toast.get_by_test_id("toast-close").click()
        toast.wait_for(state="detached")
        return sentence


def is_complaint(said) -> bool:
    """Whether a line of the console is one that the page should not cause; Gradio's own upload writes one always."""
    return said.type in ("error", "warning") and said.text != "Method not implemented."


@pytest.fixture(scope="module")
def windows_of_a_file(browser):
    """Where the first window of each test is opened: with a cache in common, the page's programs are compiled once."""
    context = browser.new_context(**PLAIN)
    yield context
    context.close()


@pytest.fixture
def opened(browser, windows_of_a_file, app):
    """A function that opens the app in a window of its own, and waits for the first picture.

    At the end of the test nothing may have been logged in any of them, nor asked of another host.
    """
    with contextlib.ExitStack() as windows:
        logged: list[str] = []
        asked: set[str] = set()

        def open_(**settings):
            if settings or asked:
                context = browser.new_context(**{**PLAIN, **settings})
                windows.callback(context.close)
                page = context.new_page()
            else:
                page = windows_of_a_file.new_page()
                windows.callback(page.close)
            page.set_default_timeout(60_000)
            page.on("console", lambda said: logged.append(said.text) if is_complaint(said) else None)
            page.on("pageerror", lambda error: logged.append(str(error)))
            page.on("request", lambda request: asked.add(request.url))
            page.goto(app.url)
            page.wait_for_selector("#samples img")
            return Window(page)

        yield open_
    assert not logged
    own = (app.url, app.url.replace("http", "ws", 1), "data:", "blob:")
    assert not [address for address in asked if not address.startswith(own)]


@pytest.fixture
def window(opened) -> Window:
    """The app in a window 1280 pixels wide."""
    return opened()


@pytest.fixture(scope="package")
def model(runs):
    """A function from the name of a run, or a pretrained model's, to its model, loaded without the app."""
    from tfgen import pretrained
    from tfgen.runs.run import Run

    @functools.cache
    def load(name: str):
        return Run.open(name if name in pretrained.names() else runs.root / name).load_model()

    return load
