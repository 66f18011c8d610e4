"""The favourites of a model in a browser: a saved view is opened again, exactly, and deleted."""

import json
import shutil
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest


def query(window) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(window.page.url).query).items()}


def complete(window, last: str) -> dict[str, str]:
    """Wait until the address has all values of the view, up to the value `last`, and return them."""
    window.until(lambda: last in query(window))
    return query(window)


@pytest.fixture(autouse=True)
def no_favourites(runs):
    """Remove the favourites that a test saves."""
    yield
    shutil.rmtree(runs.root / ".favourites", ignore_errors=True)
    for file in runs.root.glob("*/favourites.json"):
        file.unlink()


def chosen(window) -> str:
    return window.page.locator("#favourite input").input_value()


def save(window, name: str = "") -> None:
    window.page.get_by_label("Name of a favourite").fill(name)
    window.page.get_by_role("button", name="Save this view").click()


def listed(window) -> list[str]:
    """Return the names in the list of the favourites."""
    field = window.page.locator("#favourite input")
    field.blur()
    field.click()
    names = [name.strip().removeprefix("✓").strip() for name in window.page.get_by_role("option").all_inner_texts()]
    field.blur()
    return names


@pytest.mark.slow
def test_a_saved_view_is_changed_opened_and_shows_the_same_picture(opened, runs, model):
    window = opened("?tab=mix&model=vae&seed_1=4&seed_2=6&weight_1=0.5&weight_3=0.25&temperature=0.8")
    before = window.changed("#mix", None)
    values = complete(window, "label_4")
    save(window, "My <b>mix</b>")
    window.until(lambda: chosen(window) == "My <b>mix</b>")
    assert window.page.get_by_label("Name of a favourite").input_value() == ""
    assert (runs.root / "vae" / "favourites.json").is_file()
    window.page.locator("#mix-seed-2 input").fill("7")
    window.changed("#mix", before)
    window.go("Sample")
    window.page.get_by_label("Seed", exact=True).fill("3")
    window.shows("#samples", model("vae").sample(36, seed=3).numpy(), 800)
    window.until(lambda: query(window).get("seed") == "3")
    window.page.get_by_role("button", name="Open", exact=True).click()
    window.page.wait_for_selector("#tab-mix[role=tabpanel]", state="visible")
    window.until(lambda: np.array_equal(window.pixels("#mix"), before))
    window.until(lambda: query(window) == values)
    window.until(lambda: window.page.locator("#mix-seed-2 input").input_value() == "6")
    # The view before is one step back.
    window.page.go_back()
    window.page.wait_for_selector("#tab-sample[role=tabpanel]", state="visible")
    window.shows("#samples", model("vae").sample(36, seed=3).numpy(), 800)
    assert not [text for text in window.page.get_by_test_id("toast-text").all_inner_texts() if "Saved" not in text]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tab", "picture", "values", "last"),
    [
        ("sample", "#samples", "count=4&seed=7", "label"),
        ("interpolate", "#strip", "first_seed=3&steps=4", "last_label"),
        ("explore", "#picture-at-point", "right=0.5&seed=4", "label"),
    ],
)
def test_a_favourite_of_every_view_is_opened_in_a_fresh_window(opened, tab, picture, values, last):
    window = opened(f"?tab={tab}&model=gan&{values}")
    before = window.changed(picture, None)
    shown = complete(window, last)
    save(window)
    window.until(lambda: chosen(window) == f"{tab} 1")
    other = opened("?tab=sample&model=gan")
    other.until(lambda: listed(other) == [f"{tab} 1"])
    other.page.locator("#favourite input").click()
    other.page.get_by_role("option", name=f"{tab} 1", exact=True).click()
    other.page.get_by_role("button", name="Open", exact=True).click()
    other.until(lambda: np.array_equal(other.pixels(picture), before))
    other.until(lambda: query(other) == shown)


@pytest.mark.slow
def test_the_list_follows_the_model_and_a_deleted_favourite_leaves_it(opened, runs):
    window = opened("?tab=sample&model=gan")
    window.until(lambda: query(window).get("count") == "36")
    for name in ("one", "two"):
        save(window, name)
        window.until(lambda name=name: chosen(window) == name)
    save(window, "two")
    window.until(
        lambda: (
            "no favourite of gan has. Received: 'two'"
            in "".join(window.page.get_by_test_id("toast-text").all_inner_texts())
        )
    )
    window.choose("vae")
    window.until(lambda: chosen(window) == "")
    window.until(lambda: query(window).get("model") == "vae")
    save(window, "of the vae")
    window.until(lambda: chosen(window) == "of the vae")
    window.choose("gan")
    window.until(lambda: chosen(window) == "" and listed(window) == ["one", "two"])
    window.page.locator("#favourite input").click()
    window.page.get_by_role("option", name="one", exact=True).click()
    questions = []
    for answer in ("dismiss", "accept"):
        # Playwright clicks on, and the page waits until the question is answered.
        def answered(dialog, answer=answer):
            questions.append(dialog.message)
            getattr(dialog, answer)()

        window.page.once("dialog", answered)
        kept = chosen(window)
        window.page.get_by_role("button", name="Delete", exact=True).click()
        if answer == "dismiss":
            window.page.wait_for_timeout(500)
            assert chosen(window) == kept
    assert questions == [f"Delete the favourite “{kept}”?"] * 2
    window.until(lambda: chosen(window) == "" and listed(window) == ["two"])
    content = json.loads((runs.root / "gan" / "favourites.json").read_text())
    assert [favourite["name"] for favourite in content["favourites"]] == ["two"]


@pytest.mark.slow
def test_the_row_is_shown_on_tabs_with_a_view_only(window):
    row = window.page.locator("#favourites")
    for title, shown in (
        *(("Sample", True), ("Overview", False), ("Interpolate", True), ("Mix", True)),
        *(("Explore latent space", True), ("Compare", False), ("Reconstruct", False), ("Runs", False)),
    ):
        window.go(title)
        window.until(lambda shown=shown: row.is_visible() == shown)


@pytest.mark.slow
def test_a_damaged_file_gives_a_notice_without_folders_and_stays(opened, runs):
    file = runs.root / "flow" / "favourites.json"
    file.write_text('{"favourites": 3}')
    window = opened("?tab=sample&model=flow")
    notice = window.page.locator("#favourites .prose.notice")
    window.until(lambda: "Expected favourites as tfgen writes them in favourites.json" in notice.inner_text())
    window.until(lambda: query(window).get("model") == "flow")
    save(window, "new")
    message = window.error_message()
    assert "Expected favourites as tfgen writes them in flow/favourites.json. Received for favourites: 3" in message
    assert file.read_text() == '{"favourites": 3}'
    window.choose("gan")
    window.until(lambda: not notice.is_visible())
