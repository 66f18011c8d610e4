"""The address of the page in a browser: a link opens the same view, Back undoes a change, results are never stale."""

import json
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from tfgen.app.latent_paths import images_of, noise_of_seed
from tfgen.app.latent_plane import AROUND, LatentPlane
from tfgen.app.query import parsed
from tfgen.models import latent_paths as latent
from tfgen.plots.interpolation import strips

SLOW = pytest.mark.slow


def query(window) -> dict[str, str]:
    """Return the values in the address of a window."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(window.page.url).query).items()}


def sample_fields(window) -> tuple[str, str]:
    page = window.page
    slider = page.locator("#tab-sample").get_by_role("slider", name="Temperature")
    return page.get_by_label("Seed", exact=True).input_value(), slider.input_value()


def test_numbers_stay_texts_until_their_control_is_known():
    assert parsed("?tab=sample&label=03&seed=7&seed=8&__theme=dark") == {
        **{"tab": "sample", "label": "03", "seed": "8", "__theme": "dark"}
    }
    assert parsed("") == {}


@pytest.mark.slow
def test_the_copied_link_restores_tab_controls_and_pictures_in_a_fresh_window(window, opened, model):
    window.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    window.choose("vae-classes")
    window.page.get_by_label("Seed", exact=True).fill("7")
    slider = window.page.get_by_role("slider", name="Temperature")
    slider.focus()
    for _ in range(4):
        window.page.keyboard.press("ArrowLeft")
    window.page.locator("#sample-class input").click()
    window.page.get_by_role("option", name="dogs & owls", exact=True).click()
    expected = model("vae-classes").sample(36, seed=7, temperature=0.8, label=1).numpy()
    window.shows("#samples", expected, 800)
    window.until(lambda: query(window).get("label") == "dogs & owls")
    window.page.get_by_role("button", name="Copy link to this view").locator("visible=true").click()
    window.page.get_by_role("button", name="Link copied").wait_for()
    link = window.page.evaluate("navigator.clipboard.readText()")
    assert parse_qs(urlsplit(link).query)["model"] == ["vae-classes"]

    other = opened(f"?{urlsplit(link).query}")
    other.page.wait_for_selector("#tab-sample[role=tabpanel]", state="visible")
    other.shows("#samples", expected, 800)
    other.until(lambda: sample_fields(other) == ("7", "0.8"))
    other.until(lambda: other.page.locator("#model input").input_value() == "vae-classes")
    other.until(lambda: other.page.locator("#sample-class input").input_value() == "dogs & owls")


def test_a_link_restores_the_point_on_the_map(opened, model):
    window = opened("?tab=explore&model=vae&right=0.5&up=-0.25&seed=4&first=8&second=9")
    plane = LatentPlane(AROUND, 4, 8, 9)
    images = images_of(model("vae"), plane.noise_at(model("vae"), [(0.5, -0.25)])).numpy()
    window.shows("#picture-at-point", images, 480)
    style = window.until(lambda: window.page.locator("#map i").get_attribute("style"))
    assert "left: 75%; top: 62.5%" in style
    assert window.page.locator("#move-right input[type=number]").input_value() == "0.5"
    assert window.page.get_by_label("Seed of the sample").input_value() == "4"
    assert window.pixels("#map") is not None


@pytest.mark.slow
def test_a_link_restores_an_interpolation(opened, model):
    window = opened("?tab=interpolate&model=gan&first_seed=3&last_seed=5&steps=4&path=linear")
    ends = (noise_of_seed(model("gan"), seed) for seed in (3, 5))
    images = images_of(model("gan"), latent.lerp(*ends, 4)[0]).numpy()
    expected = strips(images[None], max(1, 1600 // (4 * images.shape[2])))[..., 0].astype(int)

    def equal():
        found = window.pixels("#strip")
        return found is not None and found.shape == expected.shape and np.abs(found - expected).max() <= 1

    window.until(equal)
    assert window.page.get_by_label("First seed").input_value() == "3"
    assert window.page.get_by_label("linear").is_checked()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        pytest.param(
            "tab=sample&seed=abc",
            "seed: expected an integer from -2147483648 to 2147483647. Received: 'abc'",
            marks=SLOW,
        ),
        pytest.param("tab=sample&temperature=9", "temperature: expected a number from 0 to 2. Received: 9", marks=SLOW),
        ("tab=sample&model=<b>nope", "Received: '<b>nope', which does not exist or was removed"),
        pytest.param(
            "tab=sample&model=gan&label=3",
            "label: expected 'any class' for a model without classes. Received: '3'",
            marks=SLOW,
        ),
        pytest.param("tab=explore&model=vae&right=7", "right: expected a number from -1 to 1. Received: 7", marks=SLOW),
        pytest.param(
            "tab=mix&model=vae&weight_1=2", "weight_1: expected a number from 0 to 1. Received: 2", marks=SLOW
        ),
        pytest.param("tab=nowhere", "tab: expected one of overview, sample, interpolate", marks=SLOW),
    ],
)
def test_a_bad_value_in_the_address_gives_a_sentence_and_the_page_works(opened, model, address, sentence):
    window = opened(f"?{address}")
    assert sentence in window.error_message()
    window.go("Sample")
    window.choose("gan")
    window.shows("#samples", model("gan").sample(36, seed=0).numpy(), 800)
    window.page.get_by_label("Seed", exact=True).fill("5")
    window.shows("#samples", model("gan").sample(36, seed=5).numpy(), 800)


@pytest.mark.slow
def test_back_and_the_button_undo_the_last_change(window, model):
    gan = model("gan")
    window.choose("gan")
    window.shows("#samples", gan.sample(36, seed=0).numpy(), 800)
    for seed in ("5", "6"):
        # Changes within a second are one step.
        window.page.wait_for_timeout(1100)
        window.page.get_by_label("Seed", exact=True).fill(seed)
        window.until(lambda seed=seed: query(window).get("seed") == seed)
    window.page.get_by_role("button", name="Undo last change").locator("visible=true").click()
    window.shows("#samples", gan.sample(36, seed=5).numpy(), 800)
    window.until(lambda: sample_fields(window)[0] == "5")
    window.page.go_back()
    window.shows("#samples", gan.sample(36, seed=0).numpy(), 800)
    window.page.go_forward()
    window.shows("#samples", gan.sample(36, seed=5).numpy(), 800)


@pytest.mark.slow
@pytest.mark.parametrize("address", ["", "?tab=explore&model=vae"])
def test_a_tab_that_the_visitor_opens_while_the_page_loads_stays_open(window, address):
    page = window.page.context.new_page()
    other = type(window)(page)
    held = other.hold(f'"data":["{address}"')  # the request of the load event
    page.goto(window.page.url.partition("?")[0] + address)
    other.until(lambda: bool(held))
    other.go("Compare")
    held[0].continue_()
    other.until(lambda: query(other).get("tab") == "compare")
    assert page.get_by_role("tab", name="Compare").get_attribute("aria-selected") == "true"
    page.close()


# -- results of earlier values ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_late_sample_of_the_model_before_does_not_stay(window, model):
    """The request for the model before stands in for a slow one: it reaches the server only after the next choice."""
    held = window.hold('"Sample"', '"gan"')
    window.choose("gan")
    window.until(lambda: bool(held))
    window.choose("vae")
    held[0].continue_()
    window.until(lambda: query(window).get("model") == "vae")
    window.shows("#samples", model("vae").sample(36, seed=0).numpy(), 800)


@pytest.mark.slow
def test_a_result_of_other_values_than_those_of_the_controls_is_replaced(window, model):
    """Two requests may overtake each other on the way. A changed request stands in for the one that comes last."""
    changed: list[str] = []

    def change(route):
        data = route.request.post_data or ""
        body = json.loads(data) if '"Sample"' in data else {"data": []}
        if 7 in body["data"] and not changed:
            changed.append(data)
            body["data"][body["data"].index(7)] = 5
            return route.continue_(post_data=json.dumps(body))
        return route.continue_()

    window.choose("gan")
    window.shows("#samples", model("gan").sample(36, seed=0).numpy(), 800)
    window.page.route("**/queue/join*", change)
    window.page.get_by_label("Seed", exact=True).fill("7")
    window.until(lambda: bool(changed))
    window.shows("#samples", model("gan").sample(36, seed=7).numpy(), 800)


def test_two_moves_of_a_slider_are_two_requests(opened, model):
    """The second move comes while the first is computed: the first result belongs to other values than the slider's.

    The page asks for other values again, but not while the request of the second move is on its way.
    """
    window = opened("?tab=explore&model=gan")
    window.until(lambda: "plane=" in window.page.url)
    asked: list[str] = []
    # The position after a move. While the page opens, it asks for the position 0, also after the address is set.
    of_a_move = '"gan",0.0'
    window.page.on("request", lambda sent: asked.append(sent.url) if of_a_move in (sent.post_data or "") else None)
    held = window.hold(of_a_move, number=2)
    window.page.locator("#move-right input[type=range]").focus()
    window.page.keyboard.press("ArrowRight")
    window.until(lambda: bool(held))
    window.page.keyboard.press("ArrowRight")
    held[0].continue_()
    window.until(lambda: len(held) == 2)
    window.page.wait_for_timeout(3000)
    held[1].continue_()
    plane = LatentPlane(AROUND, 0, 101, 102)
    window.shows("#picture-at-point", images_of(model("gan"), plane.noise_at(model("gan"), [(0.02, 0)])).numpy(), 480)
    window.page.wait_for_timeout(2000)
    assert len(asked) == 2
