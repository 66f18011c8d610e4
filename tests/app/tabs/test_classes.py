"""The class selectors of the tabs in a browser: shown for models with classes only, and followed by the pictures."""

import numpy as np
import pytest
from PIL import Image

NAME = "vae-classes"


def pick(window, selector: str, name: str) -> None:
    """Choose a class in a dropdown."""
    field = window.page.locator(f"{selector} input")
    window.until(field.is_visible)
    field.click()
    window.page.get_by_role("option", name=name, exact=True).click()


@pytest.mark.slow
def test_samples_follow_the_class_which_models_without_classes_do_not_offer(window, model):
    selector = window.page.locator("#sample-class")
    assert not selector.is_visible()
    window.choose(NAME)
    window.shows("#samples", model(NAME).sample(36, seed=0).numpy(), 800)
    pick(window, "#sample-class", "dogs & owls")
    window.shows("#samples", model(NAME).sample(36, seed=0, label=1).numpy(), 800)
    window.choose("gan")
    window.shows("#samples", model("gan").sample(36, seed=0).numpy(), 800)
    window.until(lambda: not selector.is_visible())


@pytest.mark.slow
def test_the_picture_at_a_point_follows_the_class(window, model):
    window.choose(NAME)
    window.go("Explore latent space")
    pick(window, "#explore-class", "<b>")
    window.shows("#picture-at-point", model(NAME).sample(1, seed=0, label=2).numpy(), 480)


@pytest.mark.slow
def test_an_interpolation_and_a_reconstruction_follow_the_class(window, model, digits, tmp_path):
    window.choose(NAME)
    window.go("Interpolate")
    before = window.changed("#strip", None)
    drawn = int(model(NAME).labels_from_seeds([1])[0])
    pick(window, "#last-class", model(NAME).classes[drawn - 1])
    window.changed("#strip", before)
    window.go("Reconstruct")
    Image.fromarray(np.uint8(digits[0, ..., 0] * 15)).save(tmp_path / "digit.png")
    window.page.get_by_role("tab", name="Upload", exact=True).click()
    window.page.locator("#upload input[type=file]").set_input_files(str(tmp_path / "digit.png"))
    text = window.page.locator("#typicality")
    window.until(lambda: "whose probability is" in text.inner_text())
    pick(window, "#reconstruct-class", "<b>")
    window.until(lambda: "Reconstructed as <b>, whose probability" in text.inner_text())
