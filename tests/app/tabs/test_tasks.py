"""Five tasks of a visitor who reads only the page, each in at most four actions from the first screen.

The fifth, training on a .zip of pictures, is in `tests/app/training/test_train_tab.py`.
"""

import zipfile

import numpy as np
import pytest

from tfgen.app.tabs import overview
from tfgen.plots.interpolation import strips

MOST_ACTIONS = 4
ZERO = [(0.5 + 0.2 * np.cos(a), 0.5 + 0.35 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 12)]
ONE = [(0.45, 0.2), (0.5, 0.8)]


@pytest.fixture
def window(opened):
    """The app at its first screen."""
    window = opened("?tab=overview")
    window.page.wait_for_selector("#family-vae img")
    return window


def perform(*actions) -> None:
    assert len(actions) <= MOST_ACTIONS
    for action in actions:
        action()


@pytest.mark.slow
def test_the_first_screen_names_the_tab_of_each_task(window):
    text = window.page.locator(f"#{overview.ELEMENT_ID}[role=tabpanel]").inner_text()
    for tab in ("Sample", "Interpolate", "Compare", "Runs"):
        assert tab in text


def test_a_class_is_sampled(window, model):
    page = window.page
    perform(
        lambda: window.choose("vae-classes"),
        lambda: window.go("Sample"),
        lambda: page.locator("#sample-class input").click(),
        lambda: page.get_by_role("option", name="dogs & owls", exact=True).click(),
    )
    window.shows("#samples", model("vae-classes").sample(36, seed=0, label=1).numpy(), 800)


@pytest.mark.slow
def test_one_drawing_is_morphed_into_another(window):
    page, before = window.page, None

    def interpolate():
        nonlocal before
        window.go("Interpolate")
        before = window.changed("#strip", None)

    perform(
        interpolate,
        lambda: page.get_by_role("tab", name="Between two pictures of yours").click(),
        lambda: window.draw("#tab-interpolate canvas >> nth=0", *ZERO),
        lambda: window.draw("#tab-interpolate canvas >> nth=1", *ONE),
    )
    found = window.changed("#strip", before)
    expected = strips(np.zeros((1, 7, 28, 28, 1), np.float32), 1600 // (7 * 28)).shape[:2]
    assert found.shape == expected


@pytest.mark.slow
def test_families_are_compared(window):
    perform(lambda: window.go("Compare"))
    window.until(lambda: window.page.locator("#side-by-side img").count() >= 3)
    tables = window.until(lambda: window.page.locator("#tables").inner_text() or None)
    for name in ("mnist-vae", "mnist-gan", "mnist-flow"):
        assert name in tables


@pytest.mark.slow
def test_a_hundred_pictures_are_downloaded(window, model, tmp_path):
    page = window.page
    perform(
        lambda: window.go("Sample"),
        lambda: page.get_by_role("button", name="Prepare the .zip").click(),
        lambda: page.locator("#zip-file").wait_for(),
    )
    with page.expect_download() as download:
        page.locator("#zip-file").click()
    file = tmp_path / "pictures.zip"
    download.value.save_as(file)
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    assert len(names) == 100 and len(set(names)) == 100
    assert "0" in names[0] and "99" in names[-1]
