"""The tab Reconstruct, as its user sees it."""

import numpy as np
import pytest
from PIL import Image

from tfgen.plots.difference import signed_difference

SEVEN = [(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)]
NOTHING = "Draw something, upload a picture, or take one of the test set."
NO_ENCODER = "A GAN has no encoder: nothing in it maps an image to its latent"


@pytest.fixture
def window(window):
    window.choose("vae")
    window.go("Reconstruct")
    return window


def verdict(window) -> str:
    return window.page.locator("#verdict .prose >> nth=0").inner_text()


def judged(window) -> str:
    """Wait for a verdict, and give it."""
    return window.until(lambda: "bits/dim" in (said := verdict(window)) and said)


def seen(window) -> np.ndarray:
    """The picture as the model sees it: [1, 8, 8, 1] in [0, 1]."""
    return window.until(lambda: window.pixels("#reconstruct-0"))[::45, ::45][None, ..., None] / np.float32(255)


def is_answered(window, model) -> None:
    """The page shows what the model makes of what it sees, and the difference of both."""
    example = seen(window)
    again = model.decode(model.encode(example)).numpy()
    window.shows("#reconstruct-1", again, 360)
    difference = window.pixels("#reconstruct-2")[::45, ::45]
    np.testing.assert_allclose(difference, signed_difference(example[0], again[0]), atol=2)


def test_a_drawing_is_seen_as_a_digit_of_the_data_and_told_how_usual_it_is(window, model):
    window.until(lambda: verdict(window) == NOTHING)
    window.draw("#drawing canvas", *SEVEN)
    said = judged(window)
    assert "of the test set" in said and "here the mean of 16 draws" in said
    assert window.until(lambda: window.pixels("#place")).shape[1] == 768
    is_answered(window, model("vae"))
    stroke = seen(window)[0, ..., 0]
    # Light on dark, and as large as the picture.
    assert stroke[0].max() > 0.5 > stroke[4, 0]
    # A second stroke is another picture.
    before = window.pixels("#reconstruct-0")
    window.draw("#drawing canvas", (0.3, 0.5), (0.7, 0.55))
    window.changed("#reconstruct-0", before)


def test_a_cleared_page_is_empty_again(window):
    window.draw("#drawing canvas", *SEVEN)
    judged(window)
    window.page.get_by_role("button", name="Clear").click()
    window.until(lambda: verdict(window) == NOTHING)
    for selector in ("#reconstruct-0", "#reconstruct-1", "#reconstruct-2", "#place"):
        window.until(lambda selector=selector: window.pixels(selector) is None)
    blank = "canvas => canvas.getContext('2d').getImageData(0, 0, 280, 280).data.every(level => level === 255)"
    assert window.page.locator("#drawing canvas").evaluate(blank)


def test_an_upload_is_fitted_or_not_as_is_chosen(window, model, tmp_path):
    sheet = Image.new("L", (60, 60), 255)
    sheet.paste(0, (10, 20, 20, 50))
    sheet.save(tmp_path / "mine.png")
    window.page.get_by_role("tab", name="Upload").click()
    window.page.locator("#sent input[type=file]").set_input_files(str(tmp_path / "mine.png"))
    is_answered(window, model("vae"))
    fitted = window.pixels("#reconstruct-0")
    window.page.locator("#tab-reconstruct").get_by_label("Make it like the data").uncheck()
    as_it_is = window.changed("#reconstruct-0", fitted)
    assert as_it_is[0, 0] == 255 > fitted[0, 0]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("text.png", b"hello", "text.png: expected a picture. Received a file that is no picture, or a damaged one"),
        ("empty.png", b"", "empty.png: expected a picture. Received an empty file"),
    ],
)
def test_a_bad_upload_is_a_sentence(window, tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    window.page.get_by_role("tab", name="Upload").click()
    window.page.locator("#sent input[type=file]").set_input_files(str(tmp_path / name))
    assert window.refusal() == words
    assert verdict(window) == NOTHING


def take(window, number: int, arrived) -> None:
    """Take a picture of the test set, and wait until something has come of it."""
    window.page.locator("#tab-reconstruct").get_by_label("Number").fill(str(number))

    def clicked():
        # Gradio passes on what is typed a moment later, and on a busy machine still later: whoever was too quick for it
        # clicks again.
        window.page.get_by_role("button", name="Take it").click()
        window.page.wait_for_timeout(500)
        return bool(arrived())

    window.until(clicked)


def test_a_picture_of_the_test_set_is_taken_as_it_is(window, model):
    from tfgen.data import load

    window.page.get_by_role("tab", name="Test set").click()
    digit = load("digits").test.examples[5] / 16
    take(window, 5, lambda: np.allclose(seen(window)[0], digit, atol=1 / 255))
    judged(window)
    is_answered(window, model("vae"))
    said = window.page.get_by_test_id("toast-text")
    take(window, 300, said.count)
    assert said.first.inner_text() == "index: expected an integer from 0 to 299. Received: 300"


def test_another_model_is_asked_about_the_same_picture(window, model):
    window.draw("#drawing canvas", *SEVEN)
    first = judged(window)
    window.choose("flow")
    window.until(lambda: "bits/dim" in (said := verdict(window)) and said != first)
    is_answered(window, model("flow"))


def test_a_gan_says_that_it_has_no_encoder_where_the_page_to_draw_on_would_be(window):
    window.choose("gan")
    notice = window.page.locator("#tab-reconstruct .prose.notice")
    window.until(notice.is_visible)
    assert notice.inner_text() == NO_ENCODER
    assert not window.page.locator("#drawing canvas").is_visible()
    window.choose("vae")
    window.until(window.page.locator("#drawing canvas").is_visible)
    assert not notice.is_visible()


def test_points_have_no_reconstruction_and_it_is_said(window):
    window.choose("points")
    notice = window.page.locator("#tab-reconstruct .prose.notice")
    window.until(notice.is_visible)
    assert notice.inner_text() == "A reconstruction needs images, and this is a model of points of the plane"
