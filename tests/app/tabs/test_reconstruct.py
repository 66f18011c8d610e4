"""The tab "Reconstruct" in a browser."""

import threading

import numpy as np
import pytest
from PIL import Image

from tfgen.app.encoding import search_states
from tfgen.plots.difference import signed_difference

SEVEN = [(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)]
NO_PICTURE = "Draw a picture, upload one, or use a picture of the test set."


@pytest.fixture
def window(window):
    window.choose("vae")
    window.go("Reconstruct")
    return window


def typicality(window) -> str:
    return window.page.locator("#typicality .prose >> nth=0").inner_text()


def wait_for_typicality(window) -> str:
    """Wait for a typicality and return it."""
    return window.until(lambda: "bits/dim" in (text := typicality(window)) and text)


def model_input(window) -> np.ndarray:
    """Return the preprocessed picture: [1, 8, 8, 1] in [0, 1]."""
    return window.until(lambda: window.pixels("#reconstruct-0"))[::45, ::45][None, ..., None] / np.float32(255)


def shows_reconstruction(window, model) -> None:
    """Wait until the page shows the reconstruction of the preprocessed picture, and check the difference."""
    example = model_input(window)
    again = model.decode(model.encode(example)).numpy()
    window.shows("#reconstruct-1", again, 360)
    difference = window.pixels("#reconstruct-2")[::45, ::45]
    np.testing.assert_allclose(difference, signed_difference(example[0], again[0]), atol=2)


def test_a_drawing_is_preprocessed_like_a_digit_and_compared_with_the_test_set(window, model):
    window.until(lambda: typicality(window) == NO_PICTURE)
    window.draw("#drawing canvas", *SEVEN)
    text = wait_for_typicality(window)
    assert "of the test set" in text and "mean over 16 noise samples" in text
    assert window.until(lambda: window.pixels("#likelihood")).shape[1] == 768
    shows_reconstruction(window, model("vae"))
    stroke = model_input(window)[0, ..., 0]
    # The stroke is light on dark and fills the picture.
    assert stroke[0].max() > 0.5 > stroke[4, 0]
    # A second stroke changes the picture.
    before = window.pixels("#reconstruct-0")
    window.draw("#drawing canvas", (0.3, 0.5), (0.7, 0.55))
    window.changed("#reconstruct-0", before)


@pytest.mark.slow
def test_clearing_the_drawing_clears_the_results(window):
    window.draw("#drawing canvas", *SEVEN)
    wait_for_typicality(window)
    window.page.get_by_role("button", name="Clear").click()
    window.until(lambda: typicality(window) == NO_PICTURE)
    for selector in ("#reconstruct-0", "#reconstruct-1", "#reconstruct-2", "#likelihood"):
        window.until(lambda selector=selector: window.pixels(selector) is None)
    blank = "canvas => canvas.getContext('2d').getImageData(0, 0, 280, 280).data.every(level => level === 255)"
    assert window.page.locator("#drawing canvas").evaluate(blank)


@pytest.mark.slow
def test_the_checkbox_switches_the_preprocessing_of_an_upload(window, model, tmp_path):
    sheet = Image.new("L", (60, 60), 255)
    sheet.paste(0, (10, 20, 20, 50))
    sheet.save(tmp_path / "mine.png")
    window.page.get_by_role("tab", name="Upload").click()
    window.page.locator("#upload input[type=file]").set_input_files(str(tmp_path / "mine.png"))
    shows_reconstruction(window, model("vae"))
    fitted = window.pixels("#reconstruct-0")
    window.page.locator("#tab-reconstruct").get_by_label("Crop and centre the drawing").uncheck()
    as_it_is = window.changed("#reconstruct-0", fitted)
    assert as_it_is[0, 0] == 255 > fitted[0, 0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("text.png", b"hello", "text.png: expected a picture. Received a file that is no picture, or a damaged one"),
        ("empty.png", b"", "empty.png: expected a picture. Received an empty file"),
    ],
)
def test_a_bad_upload_gives_an_error_message(window, tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    window.page.get_by_role("tab", name="Upload").click()
    window.page.locator("#upload input[type=file]").set_input_files(str(tmp_path / name))
    assert window.error_message() == words
    assert typicality(window) == NO_PICTURE


def use_test_picture(window, number: int, arrived) -> None:
    """Use a picture of the test set, and wait until `arrived` returns true."""
    window.page.locator("#tab-reconstruct").get_by_label("Number of the picture").fill(str(number))

    def clicked():
        # Gradio sends a typed number after a delay, which is longer on a busy machine. A click before that has no
        # effect and is repeated.
        window.page.get_by_role("button", name="Use this picture").click()
        window.page.wait_for_timeout(500)
        return bool(arrived())

    window.until(clicked)


@pytest.mark.slow
def test_a_picture_of_the_test_set_is_not_preprocessed(window, model):
    from tfgen.data import load

    window.page.get_by_role("tab", name="Test set").click()
    digit = load("digits").test.examples[5] / 16
    use_test_picture(window, 5, lambda: np.allclose(model_input(window)[0], digit, atol=1 / 255))
    wait_for_typicality(window)
    shows_reconstruction(window, model("vae"))
    text = window.page.get_by_test_id("toast-text")
    use_test_picture(window, 300, text.count)
    assert text.first.inner_text() == "index: expected an integer from 0 to 299. Received: 300"


@pytest.mark.slow
def test_another_model_reconstructs_the_same_picture(window, model):
    window.draw("#drawing canvas", *SEVEN)
    first = wait_for_typicality(window)
    window.choose("flow")
    window.until(lambda: "bits/dim" in (text := typicality(window)) and text != first)
    shows_reconstruction(window, model("flow"))


@pytest.mark.slow
def test_the_latent_of_a_drawing_is_searched_for_a_gan_and_nothing_stays_empty(window, model):
    window.choose("gan")
    window.draw("#drawing canvas", *SEVEN)
    window.until(lambda: "The nearest picture that the search found differs by" in typicality(window))
    shown = window.until(lambda: window.pixels("#reconstruct-1"))
    assert shown.shape == (360, 360)
    error = np.sqrt(((window.pixels("#reconstruct-0") / 255 - shown / 255) ** 2).mean())
    assert f"{error:.3f}" in typicality(window)
    assert not window.page.locator("#likelihood").is_visible()
    assert not window.page.locator("#stop-search").is_visible()
    window.choose("vae")
    wait_for_typicality(window)
    window.until(window.page.locator("#likelihood").is_visible)
    window.choose("gan")
    window.until(lambda: "The nearest picture that the search found differs by" in typicality(window))
    assert not window.page.locator("#likelihood").is_visible()


@pytest.mark.slow
def test_a_search_can_be_stopped(window, monkeypatch):
    from tfgen.app.handlers import reconstruct

    # The search waits after its second state until the test ends.
    goes_on = threading.Event()

    def slow(*arguments):
        for number, state in enumerate(search_states(*arguments)):
            yield state
            if number == 1:
                goes_on.wait(60)

    monkeypatch.setattr(reconstruct, "search_states", slow)
    window.choose("gan")
    window.draw("#drawing canvas", *SEVEN)
    window.until(lambda: "step 20 of 200" in typicality(window))
    window.page.locator("#stop-search").click()
    window.until(lambda: typicality(window).startswith("Search stopped. The nearest picture so far"))
    assert not window.page.locator("#stop-search").is_visible()
    assert window.pixels("#reconstruct-1") is not None
    goes_on.set()


@pytest.mark.slow
def test_undo_takes_back_the_last_stroke_and_the_size_of_the_brush_can_be_chosen(window):
    canvas = window.page.locator("#drawing canvas")
    ink = """canvas => canvas.getContext('2d').getImageData(0, 0, 280, 280).data.filter((_, i) => i % 4 == 0)
        .filter(level => level < 128).length"""
    window.draw("#drawing canvas", *SEVEN)
    thick = canvas.evaluate(ink)
    window.page.get_by_label("size of the brush").first.fill("8")
    window.draw("#drawing canvas", (0.1, 0.9), (0.9, 0.9))
    assert thick < canvas.evaluate(ink) < thick + 0.8 * 280 * 12
    window.page.get_by_role("button", name="Undo").click()
    window.until(lambda: canvas.evaluate(ink) == thick)
    window.page.get_by_role("button", name="Undo").click()
    window.until(lambda: canvas.evaluate(ink) == 0)
    window.until(lambda: typicality(window) == NO_PICTURE)


@pytest.mark.slow
def test_a_model_of_points_gets_a_notice(window):
    window.choose("points")
    notice = window.page.locator("#tab-reconstruct .prose.notice")
    window.until(notice.is_visible)
    assert (
        notice.inner_text() == "A reconstruction needs a model of images, and this model generates points in the plane"
    )
