"""The tab "Sample" in a browser."""

import shutil

import numpy as np
import pytest
from PIL import Image

from tests.app.conftest import finish


def caption(window) -> str:
    return window.page.locator("#tab-sample .prose.caption").inner_text()


@pytest.mark.slow
def test_the_tab_opens_with_samples_of_the_first_model(window, model):
    assert window.page.locator("#model input").input_value() == "mnist-vae"
    window.shows("#samples", model("mnist-vae").sample(36, seed=0).numpy(), 800)
    assert "Seeds 0 to 35 of mnist-vae at temperature 1." in caption(window)


def test_every_control_changes_the_pictures(window, model):
    window.choose("gan")
    gan = model("gan")
    window.shows("#samples", gan.sample(36, seed=0).numpy(), 800)
    window.page.get_by_label("Seed", exact=True).fill("7")
    window.shows("#samples", gan.sample(36, seed=7).numpy(), 800)
    window.page.get_by_role("button", name="Next pictures").click()
    window.shows("#samples", gan.sample(36, seed=43).numpy(), 800)
    count = window.page.get_by_role("slider", name="Number of pictures")
    count.focus()
    window.page.keyboard.press("Home")
    window.shows("#samples", gan.sample(1, seed=43).numpy(), 800)
    for _ in range(3):
        window.page.keyboard.press("ArrowRight")
    window.shows("#samples", gan.sample(4, seed=43).numpy(), 800)
    window.page.get_by_role("slider", name="Temperature").focus()
    window.page.keyboard.press("Home")
    window.shows("#samples", gan.sample(4, seed=43, temperature=0.0).numpy(), 800)
    window.until(lambda: "Seeds 43 to 46 of gan at temperature 0." in caption(window))


@pytest.mark.slow
def test_points_are_drawn_as_a_scatter_plot(window):
    window.choose("points")
    found = window.until(lambda: (pixels := window.pixels("#samples")) is not None and pixels.ndim == 3 and pixels)
    assert found.shape == (672, 672, 3)


@pytest.mark.slow
def test_a_seed_out_of_range_gives_an_error_message_and_the_pictures_stay(window):
    before = window.pixels("#samples")
    seed = window.page.get_by_label("Seed", exact=True)
    seed.fill("99999999999")
    assert "seed: expected an integer from -2147483648 to 2147483647. Received: 99999999999" in window.error_message()
    np.testing.assert_array_equal(window.pixels("#samples"), before)


@pytest.mark.slow
def test_the_downloaded_file_is_the_shown_picture_with_a_descriptive_name(window):
    shown = window.pixels("#samples")
    with window.page.expect_download() as download:
        window.page.locator("#samples").get_by_label("Download").click()
    assert download.value.suggested_filename == "mnist-vae-seed-0.png"
    with Image.open(download.value.path()) as picture:
        np.testing.assert_array_equal(np.asarray(picture), shown)


@pytest.fixture
def transformer(runs, tiny_models):
    """A run of a flow of transformers in the folder of the app, for one test."""
    finish(runs.root / "transformers", tiny_models("flow-transformers"), "flow", "quick")
    yield tiny_models("flow-transformers")
    shutil.rmtree(runs.root / "transformers")


@pytest.mark.slow
def test_a_flow_of_transformers_has_guidance_and_shows_its_pictures_with_their_noise(transformer, opened):
    window = opened()
    guidance, noise = window.page.locator("#guidance"), window.page.locator("#noise")
    assert not guidance.is_visible() and not noise.is_visible()
    window.choose("transformers")
    window.shows("#samples", transformer.sample(36, seed=0).numpy(), 800)
    slider = guidance.get_by_role("slider")
    slider.focus()
    for _ in range(4):
        window.page.keyboard.press("ArrowRight")
    with transformer.decoding(1.0):
        window.shows("#samples", transformer.sample(36, seed=0).numpy(), 800)
    noise.get_by_label("both").click()
    with transformer.decoding(1.0, False):
        window.shows("#noisy-samples", transformer.sample(36, seed=0).numpy(), 800)
    assert "guidance 1, noise removed" in caption(window)
    assert "guidance=1&noise=both" in window.page.url
    window.choose("gan")
    window.until(lambda: "of gan" in caption(window))
    assert not guidance.is_visible() and not noise.is_visible()
    assert not window.page.locator("#noisy-samples").is_visible()
