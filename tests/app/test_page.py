"""The page around the tabs: the dropdown of models, unusable runs, keyboard, window widths, light and dark."""

import shutil

import numpy as np
import pytest

from tfgen import pretrained

TITLES = (
    "Overview",
    "Sample",
    "Interpolate",
    "Mix",
    "Explore latent space",
    "Reconstruct",
    "Compare",
    "Runs",
)
#: JavaScript that returns the role or kind of the focused element, and its label.
FOCUSED = """() => {
  const at = document.activeElement;
  const words = at.getAttribute('aria-label') || at.labels?.[0]?.innerText || at.innerText || at.title || '';
  const kind = at.tagName === 'BUTTON' ? 'button' : at.type || at.tagName.toLowerCase();
  return [at.getAttribute('role') || kind, words.split('\\n')[0].trim()];
}"""


def options(window) -> list[str]:
    """Return the names in the dropdown of models."""
    window.page.locator("#model input").click()
    names = [name.strip().removeprefix("✓").strip() for name in window.page.get_by_role("option").all_inner_texts()]
    window.page.locator("#model input").blur()
    return names


def test_the_dropdown_has_usable_models_and_the_unusable_runs_are_listed_with_the_reason(window, runs):
    names = options(window)
    assert names[: len(pretrained.names())] == pretrained.names()
    assert set(names) == {
        *pretrained.names(),
        "vae",
        "vae-classes",
        "vae-plane",
        "vae-flow-prior",
        "gan",
        "flow",
        "points",
    }
    listed = window.page.locator("#unusable")
    assert f"{len(runs.broken)} runs cannot be used" in listed.inner_text()
    assert "half-trained" not in listed.inner_text()
    listed.locator("summary").click()
    rows = {row.partition(":")[0]: row for row in listed.locator("li").all_inner_texts()}
    assert set(rows) == set(runs.broken)
    for name, reason in runs.broken.items():
        assert reason in rows[name]


@pytest.mark.slow
def test_the_line_below_the_dropdown_describes_the_model(window):
    about = window.page.locator("#about").get_by_test_id("markdown")
    assert "A variational autoencoder trained on mnist" in about.inner_text()
    window.choose("gan")
    window.until(lambda: "A generative adversarial network trained on digits" in about.inner_text())


@pytest.mark.slow
def test_new_and_removed_runs_are_found_by_the_refresh_button(window, runs, shelf):
    refresh = window.page.get_by_role("button", name="Refresh the list of runs")
    shutil.copytree(shelf / "gan", runs.root / "newcomer")
    try:
        refresh.click()
        window.until(lambda: "newcomer" in options(window))
        window.choose("newcomer")
        window.until(lambda: "newcomer" in window.page.locator("#samples img").get_attribute("src"))
    finally:
        shutil.rmtree(runs.root / "newcomer")
    # The chosen run is gone: the page reports that, and chooses the first model after a refresh.
    window.page.get_by_role("button", name="Next pictures").click()
    assert "'newcomer', which does not exist or was removed" in window.error_message()
    refresh.click()
    window.until(lambda: window.page.locator("#model input").input_value() == "mnist-vae")


SLOW = pytest.mark.slow
#: Tabs whose other tests also choose models of several families.
TESTED_ELSEWHERE = ("Sample", "Explore latent space", "Compare", "Runs", "Overview")


@pytest.mark.slow
@pytest.mark.parametrize("title", [pytest.param(t, marks=SLOW) if t in TESTED_ELSEWHERE else t for t in TITLES])
def test_the_open_tab_shows_the_chosen_model(opened, model, title):
    """A tab opens for the chosen model and follows the dropdown, without an error for any kind of model."""
    window = opened()
    window.go(title)
    for name in ("gan", "points", "flow", "vae-plane"):
        window.choose(name)
        window.idle()
        window.until(lambda name=name: f"model={name}" in window.page.url.split("&"), 60)
    window.go("Sample")
    window.shows("#samples", model("vae-plane").sample(36, seed=0).numpy(), 800)
    assert not window.page.get_by_test_id("toast-body").count()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (390, "dark"),
        pytest.param(1280, "light", marks=SLOW),
        pytest.param(390, "light", marks=SLOW),
        pytest.param(1280, "dark", marks=SLOW),
    ],
)
def test_every_tab_fits_the_window_in_light_and_dark(opened, width, scheme):
    window = opened(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = window.page
    for title in TITLES:
        window.go(title)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") == width, title
        outside = page.evaluate(
            """() => [...document.querySelectorAll('button, input, img, canvas, .prose')]
                .filter(each => each.checkVisibility() && each.getBoundingClientRect().width > 0)
                .filter(each => !each.closest('[aria-hidden=true]'))
                .filter(each => {
                    const box = each.getBoundingClientRect();
                    return box.left < -1 || box.right > innerWidth + 1;
                }).map(each => each.outerHTML.slice(0, 120))"""
        )
        assert not outside, title
    ground, text = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('h1')).color]"
    )
    lightness = [
        np.mean([int(part) for part in colour.split("(")[1].rstrip(")").split(",")[:3]]) for colour in (ground, text)
    ]
    assert (lightness[0] > 200 > 100 > lightness[1]) if scheme == "light" else (lightness[0] < 50 < 150 < lightness[1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("title", "controls"),
    [
        ("Sample", ["slider Number of pictures", "number Seed", "button Next pictures", "slider Temperature"]),
        (
            "Interpolate",
            ["number First seed", "number Last seed", "slider Temperature", "slider Steps", "radio spherical"],
        ),
        (
            "Explore latent space",
            [
                "slider Horizontal position",
                "slider Vertical position",
                "radio around a sample",
                "number Seed of the sample",
                "number Horizontal direction",
                "number Vertical direction",
            ],
        ),
        (
            "Mix",
            [
                "slider Weight 1",
                "number Seed 4",
                "slider Temperature",
                "text Name of a favourite",
                "button Save this view",
            ],
        ),
        ("Reconstruct", ["button Clear", "button Undo", "checkbox Crop and centre"]),
    ],
)
def test_the_tab_key_reaches_every_control(window, title, controls):
    page = window.page
    window.go(title)
    page.wait_for_timeout(500)
    page.locator("#model input").focus()
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        kind, words = page.evaluate(FOCUSED)
        reached.append(f"{kind} {words}")
    assert "button Refresh the list of runs" in reached
    assert f"tab {title}" in reached
    missing = [
        control
        for control in controls
        if not any(each.startswith(control.split()[0]) and control.partition(" ")[2] in each for each in reached)
        and not any(each.startswith("range") and control.partition(" ")[2] in each for each in reached)
    ]
    assert not missing, reached


def test_all_tabs_are_shown_in_a_narrow_window_and_open_by_keyboard(opened):
    window = opened(viewport={"width": 390, "height": 900})
    page = window.page
    tabs = page.locator("#tabs > .tab-wrapper")
    shown = [tab.inner_text() for tab in tabs.get_by_role("tab").all() if tab.is_visible()]
    assert shown == list(TITLES)
    tabs.get_by_role("tab", name="Explore latent space", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#tab-explore[role=tabpanel]", state="visible")


@pytest.mark.slow
def test_the_model_can_be_chosen_by_keyboard(window, model):
    page = window.page
    window.go("Overview")
    page.locator("#model input").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("flow-pri")
    page.keyboard.press("Enter")
    window.until(lambda: page.locator("#model input").input_value() == "vae-flow-prior")
    window.go("Sample")
    window.shows("#samples", model("vae-flow-prior").sample(36, seed=0).numpy(), 800)


def test_every_picture_and_control_has_an_accessible_name(window):
    for title in TITLES:
        window.go(title)
        window.page.wait_for_timeout(300)
        nameless = window.page.evaluate(
            """() => [...document.querySelectorAll('main img, main canvas, main input, main button')]
                .filter(each => each.checkVisibility() && !each.closest('[aria-hidden=true]') && each.type !== 'file')
                .filter(each => !(each.alt || each.getAttribute('aria-label') || each.labels?.length || each.title
                                  || each.innerText?.trim() || each.getAttribute('aria-labelledby')
                                  || each.querySelector('img[alt]:not([alt=""])')))
                .map(each => each.outerHTML.slice(0, 160))"""
        )
        assert not nameless, title


@pytest.mark.slow
def test_html_in_the_name_of_a_run_is_shown_as_text(opened, runs):
    name = "<img src=x onerror=document.title='hit'>"
    (runs.root / name).mkdir()
    try:
        window = opened()
        window.page.locator("#unusable summary").click()
        assert name in window.page.locator("#unusable").inner_text()
        assert window.page.title() == "tfgen"
    finally:
        (runs.root / name).rmdir()


def test_the_first_screen_shows_the_families_at_the_same_seeds_and_chooses_their_models(window):
    window.go("Overview")
    for family in ("vae", "gan", "flow"):
        assert window.pixels(f"#family-{family}") is not None
    window.page.get_by_role("button", name="Choose mnist-conditional-gan").click()
    window.until(lambda: window.page.locator("#model input").input_value() == "mnist-conditional-gan")


@pytest.mark.slow
def test_a_cleared_number_changes_nothing_and_gives_no_error(window, model):
    window.choose("gan")
    window.shows("#samples", model("gan").sample(36, seed=0).numpy(), 800)
    seed = window.page.get_by_label("Seed", exact=True)
    seed.fill("")
    window.page.wait_for_timeout(1500)
    assert not window.page.get_by_test_id("toast-body").count()
    seed.fill("7")
    window.shows("#samples", model("gan").sample(36, seed=7).numpy(), 800)


@pytest.mark.slow
def test_two_windows_are_independent(opened, model):
    first, second = opened(), opened()
    first.choose("gan")
    second.choose("flow")
    first.page.get_by_label("Seed", exact=True).fill("3")
    second.page.get_by_label("Seed", exact=True).fill("4")
    first.shows("#samples", model("gan").sample(36, seed=3).numpy(), 800)
    second.shows("#samples", model("flow").sample(36, seed=4).numpy(), 800)
