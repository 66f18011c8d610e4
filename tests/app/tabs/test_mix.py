"""The tab "Mix" in a browser."""

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from tfgen.app.handlers.mix import SMALL
from tfgen.app.labels import weights_of_mix
from tfgen.app.latent_paths import images_of, noise_of_seed
from tfgen.models.latent_paths import weighted_sum

NAME = "vae-classes"


def mixed(model, seeds, weights, temperature: float = 1.0, labels=None) -> np.ndarray:
    noise = weighted_sum([noise_of_seed(model, seed, temperature) for seed in seeds], weights)
    return images_of(model, noise, labels and weights_of_mix(model, labels, weights)).numpy()


def query(window) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(window.page.url).query).items()}


def weight(window, number: int, value: str) -> None:
    window.page.locator(f"#mix-weight-{number} input[type=number]").fill(value)
    window.page.locator(f"#mix-weight-{number} input[type=number]").blur()


def seed(window, number: int, value: str) -> None:
    window.page.locator(f"#mix-seed-{number} input").fill(value)


@pytest.fixture
def window(opened):
    """The tab "Mix" of the run "vae"."""
    return opened("?tab=mix&model=vae")


@pytest.mark.slow
def test_every_control_changes_the_mix_and_the_small_pictures(window, model):
    vae = model("vae")
    window.shows("#mix", mixed(vae, (0, 1), (1, 1)), 800)
    for number in range(1, 5):
        window.shows(f"#mixed-{number}", vae.sample(1, seed=number - 1).numpy(), SMALL)
    seed(window, 1, "7")
    window.shows("#mix", mixed(vae, (7, 1), (1, 1)), 800)
    window.shows("#mixed-1", vae.sample(1, seed=7).numpy(), SMALL)
    weight(window, 3, "0.5")
    window.shows("#mix", mixed(vae, (7, 1, 2), (1, 1, 0.5)), 800)
    weight(window, 1, "0")
    weight(window, 2, "0")
    window.shows("#mix", vae.sample(1, seed=2).numpy(), 800)
    window.page.locator("#tab-mix").get_by_role("slider", name="Temperature").focus()
    window.page.keyboard.press("Home")
    window.shows("#mix", vae.sample(1, seed=2, temperature=0.0).numpy(), 800)
    window.shows("#mixed-4", vae.sample(1, seed=3, temperature=0.0).numpy(), SMALL)


@pytest.mark.slow
def test_the_mix_follows_the_classes_which_models_without_classes_do_not_offer(window, model):
    page = window.page
    window.shows("#mix", mixed(model("vae"), (0, 1), (1, 1)), 800)
    assert not page.locator("#mix-class-1").is_visible()
    window.choose(NAME)
    for number, name in ((1, "<b>"), (2, "cats")):
        field = page.locator(f"#mix-class-{number} input")
        window.until(field.is_visible)
        field.click()
        page.get_by_role("option", name=name, exact=True).click()
    window.shows("#mix", mixed(model(NAME), (0, 1), (1, 1), labels=[2, 0]), 800)
    window.shows("#mixed-1", model(NAME).sample(1, seed=0, label=2).numpy(), SMALL)
    # A class of the model before stands for any class.
    window.choose("gan")
    window.shows("#mix", mixed(model("gan"), (0, 1), (1, 1)), 800)
    window.until(lambda: query(window).get("label_1") == "any class")


@pytest.mark.slow
def test_weights_that_are_all_0_give_a_sentence_and_the_next_weight_a_mix(window, model):
    window.until(lambda: query(window).get("weight_1") == "1")
    weight(window, 1, "0")
    window.shows("#mix", model("vae").sample(1, seed=1).numpy(), 800)
    weight(window, 2, "0")
    assert "weights: expected at least one above 0. Received: 0 for all samples" in window.error_message()
    window.choose("gan")
    assert "weights: expected at least one above 0" in window.error_message()
    weight(window, 4, "1")
    window.shows("#mix", model("gan").sample(1, seed=3).numpy(), 800)
    # The model was refused before: all small pictures are drawn now.
    window.shows("#mixed-1", model("gan").sample(1, seed=0).numpy(), SMALL)


@pytest.mark.slow
def test_a_model_of_points_gets_a_notice_and_no_error(window, model):
    window.shows("#mix", mixed(model("vae"), (0, 1), (1, 1)), 800)
    window.choose("points")
    notice = window.page.locator("#tab-mix .prose.notice")
    window.until(lambda: "A mix needs a model of images" in notice.inner_text())
    window.until(lambda: window.pixels("#mix") is None and window.pixels("#mixed-1") is None)
    assert not window.page.get_by_test_id("toast-body").count()
    window.choose("gan")
    window.shows("#mix", mixed(model("gan"), (0, 1), (1, 1)), 800)
    window.until(lambda: not notice.is_visible())


@pytest.mark.slow
def test_a_link_restores_a_mix_and_back_undoes_a_change(opened, model):
    window = opened("?tab=mix&model=gan&seed_1=5&seed_3=9&weight_1=0.25&weight_2=0&weight_3=0.75")
    before = mixed(model("gan"), (5, 9), (0.25, 0.75))
    window.shows("#mix", before, 800)
    window.until(lambda: query(window).get("weight_3") == "0.75")
    window.page.wait_for_timeout(1100)
    seed(window, 3, "8")
    window.shows("#mix", mixed(model("gan"), (5, 8), (0.25, 0.75)), 800)
    window.until(lambda: query(window).get("seed_3") == "8")
    window.page.go_back()
    window.shows("#mix", before, 800)
    window.until(lambda: window.page.locator("#mix-seed-3 input").input_value() == "9")
