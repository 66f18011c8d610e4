"""The tab "Interpolate" in a browser."""

import numpy as np
import pytest
from PIL import Image

from tfgen.app.latent_paths import images_of, noise_of_seed
from tfgen.models import latent_paths as latent
from tfgen.plots.interpolation import strips

ZERO = [(0.5 + 0.2 * np.cos(a), 0.5 + 0.35 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 12)]
ONE = [(0.45, 0.2), (0.5, 0.8)]


@pytest.fixture
def window(window):
    window.choose("vae")
    window.go("Interpolate")
    return window


def strip(images: np.ndarray) -> np.ndarray:
    """Return the strip of images as the page shows it."""
    return strips(images[None], max(1, 1600 // (len(images) * images.shape[2])))[..., 0].astype(int)


def shows(window, expected: np.ndarray) -> None:
    def equal():
        found = window.pixels("#strip")
        return found is not None and found.shape == expected.shape and np.abs(found - expected).max() <= 1

    window.until(equal)


def interpolation(model, first: int, last: int, steps: int, path=latent.slerp, temperature: float = 1.0) -> np.ndarray:
    ends = (noise_of_seed(model, seed, temperature) for seed in (first, last))
    return strip(images_of(model, path(*ends, steps)[0]).numpy())


@pytest.mark.slow
def test_every_control_changes_the_interpolation_between_two_samples(window, model):
    vae, page = model("vae"), window.page
    shows(window, interpolation(vae, 0, 1, 7))
    page.get_by_label("First seed").fill("5")
    shows(window, interpolation(vae, 5, 1, 7))
    page.get_by_label("Last seed").fill("9")
    shows(window, interpolation(vae, 5, 9, 7))
    page.get_by_role("slider", name="Steps").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    shows(window, interpolation(vae, 5, 9, 5))
    page.get_by_label("linear").check()
    shows(window, interpolation(vae, 5, 9, 5, latent.lerp))
    tabs = page.locator("#tab-interpolate").get_by_role("slider", name="Temperature")
    tabs.focus()
    page.keyboard.press("Home")
    shows(window, interpolation(vae, 5, 9, 5, latent.lerp, 0.0))


@pytest.mark.slow
def test_an_inner_tab_that_is_opened_before_the_first_result_stays_open(opened):
    window = opened()
    held = window.hold('"samples",0,1,', '"Interpolate"')
    window.go("Interpolate")
    window.until(lambda: bool(held))
    inner = window.page.get_by_role("tab", name="Between two pictures of yours")
    inner.click()
    held[0].continue_()
    window.until(lambda: "ends=pictures" in window.page.url)
    assert inner.get_attribute("aria-selected") == "true"


@pytest.mark.slow
def test_the_animation_is_a_webp_file(window, model):
    window.until(lambda: window.pixels("#film") is not None)
    source = window.page.locator("#film img").get_attribute("src")
    assert source.endswith(".webp")
    assert window.page.locator("#film img").evaluate("image => image.complete && image.naturalWidth") == 280


@pytest.mark.slow
def test_another_model_gives_another_interpolation(window, model):
    for name in ("gan", "flow", "vae-flow-prior"):
        window.choose(name)
        shows(window, interpolation(model(name), 0, 1, 7))


@pytest.mark.slow
def test_a_model_of_points_gets_a_notice(window):
    window.choose("points")
    notice = window.page.locator("#tab-interpolate .notice")
    window.page.get_by_role("tab", name="Between two pictures of yours").click()
    window.until(lambda: "An interpolation needs a model of images" in notice.first.inner_text())
    window.until(lambda: window.pixels("#strip") is None)


@pytest.mark.slow
def test_two_drawings_are_interpolated(window, model):
    page = window.page
    page.get_by_role("tab", name="Between two pictures of yours").click()
    before = window.pixels("#strip")
    window.draw("#tab-interpolate canvas >> nth=0", *ZERO)
    window.draw("#tab-interpolate canvas >> nth=1", *ONE)
    window.changed("#strip", before)
    # The number of steps applies to the drawings. The strip changes its shape only when the result has arrived.
    page.get_by_role("slider", name="Steps").focus()
    page.keyboard.press("Home")
    shape = strip(np.zeros((2, 8, 8, 1), np.float32)).shape
    window.until(lambda: (found := window.pixels("#strip")) is not None and found.shape == shape)
    page.get_by_role("tab", name="Between two samples").click()
    page.get_by_role("slider", name="Steps").focus()
    page.keyboard.press("ArrowRight")
    shows(window, interpolation(model("vae"), 0, 1, 3))


@pytest.mark.slow
def test_two_uploads_are_interpolated_and_a_bad_one_gives_an_error_message(window, tmp_path):
    page = window.page
    for name, box in (("first.png", (20, 10, 40, 50)), ("last.png", (28, 10, 34, 50))):
        sheet = Image.new("L", (60, 60), 255)
        sheet.paste(0, box)
        sheet.save(tmp_path / name)
    (tmp_path / "bad.png").write_text("no picture")
    page.get_by_role("tab", name="Between two pictures of yours").click()
    page.get_by_role("button", name="Or upload two pictures").click()
    files = page.locator("#tab-interpolate input[type=file]")
    before = window.pixels("#strip")
    files.nth(0).set_input_files(str(tmp_path / "first.png"))
    files.nth(1).set_input_files(str(tmp_path / "last.png"))
    found = window.changed("#strip", before)
    files.nth(1).set_input_files(str(tmp_path / "bad.png"))
    assert "bad.png: expected a picture. Received a file that is no picture" in window.error_message()
    np.testing.assert_array_equal(window.pixels("#strip"), found)


@pytest.mark.slow
def test_a_gan_interpolates_between_two_drawings_too(window, model):
    window.choose("gan")
    shows(window, interpolation(model("gan"), 0, 1, 7))
    window.page.get_by_role("tab", name="Between two pictures of yours").click()
    canvases = window.page.locator("#tab-interpolate canvas")
    window.until(canvases.first.is_visible)
    before = window.pixels("#strip")
    window.draw("#tab-interpolate canvas >> nth=0", (0.3, 0.2), (0.6, 0.8))
    window.draw("#tab-interpolate canvas >> nth=1", (0.2, 0.5), (0.8, 0.5))
    found = window.changed("#strip", before)
    assert found.shape == before.shape
    assert not window.page.locator("#tab-interpolate .prose.notice").is_visible()
