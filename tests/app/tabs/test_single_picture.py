"""One picture of the grid of the tab "Sample", in a browser."""

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from tfgen.app.pictures import as_picture
from tfgen.plots.grid import to_bytes

SIDE = 480


def click(window, x: float, y: float) -> None:
    """Click a pixel of the grid."""
    picture = window.page.locator("#samples img")
    picture.scroll_into_view_if_needed()
    box, (height, width) = picture.bounding_box(), window.pixels("#samples").shape[:2]
    window.page.mouse.click(box["x"] + (x + 0.5) / width * box["width"], box["y"] + (y + 0.5) / height * box["height"])


def click_image(window, column: int, row: int, columns: int, rows: int) -> None:
    """Click the middle of an image of a grid without names."""
    height, width = window.pixels("#samples").shape[:2]
    click(window, (column + 0.5) * width / columns, (row + 0.5) * height / rows)


def shows(window, image) -> None:
    """Wait until the single picture is an image [1, H, W, C], within 1 of 255 grey levels."""
    expected = np.asarray(as_picture(to_bytes(image)[0], SIDE)).astype(int)

    def equal():
        found = window.pixels("#one-picture")
        return found is not None and found.shape == expected.shape and np.abs(found - expected).max() <= 1

    window.until(equal)


def caption(window) -> str:
    return window.page.locator("#one-caption").inner_text()


@pytest.mark.slow
def test_a_click_shows_the_picture_with_its_seed_and_a_download(window, model):
    click_image(window, 2, 1, 6, 6)
    image = model("mnist-vae").sample(1, seed=8).numpy()
    shows(window, image)
    assert caption(window).startswith("Seed 8 of mnist-vae at temperature 1.")
    assert window.page.get_by_label("Seed of one picture").input_value() == "8"
    with window.page.expect_download() as download:
        window.page.locator("#one-file").click()
    assert download.value.suggested_filename == "mnist-vae-seed-00000008.png"
    with Image.open(download.value.path()) as picture:
        assert np.abs(np.asarray(picture).astype(int) - to_bytes(image)[0, ..., 0]).max() <= 1
        assert (picture.info["Run"], picture.info["Seed"], picture.info["Temperature"]) == ("mnist-vae", "8", "1.0")


@pytest.mark.slow
def test_a_border_or_an_empty_cell_changes_nothing(window, model):
    click_image(window, 0, 0, 6, 6)
    shows(window, model("mnist-vae").sample(1, seed=0).numpy())
    before = caption(window)
    click(window, 1, 1)
    window.choose("gan")
    gan = model("gan")
    window.shows("#samples", gan.sample(36, seed=0).numpy(), 800)
    window.page.get_by_role("slider", name="Number of pictures").focus()
    window.page.keyboard.press("ArrowLeft")
    window.shows("#samples", gan.sample(35, seed=0).numpy(), 800)
    click_image(window, 5, 5, 6, 6)  # the cell without a picture
    click_image(window, 4, 5, 6, 6)
    shows(window, gan.sample(1, seed=34).numpy())
    assert before.startswith("Seed 0") and caption(window).startswith("Seed 34 of gan")


@pytest.mark.slow
def test_the_keyboard_shows_a_picture_and_a_new_grid_hides_it(window, model):
    seed = window.page.get_by_label("Seed of one picture")
    seed.fill("1234")
    seed.press("Enter")
    vae = model("mnist-vae")
    shows(window, vae.sample(1, seed=1234).numpy())
    seed.fill("12")
    seed.press("Tab")
    window.page.keyboard.press("Enter")
    shows(window, vae.sample(1, seed=12).numpy())
    window.page.get_by_role("button", name="Next pictures").click()
    window.page.locator("#one-picture").wait_for(state="hidden")
    window.shows("#samples", vae.sample(36, seed=36).numpy(), 800)
    click_image(window, 0, 0, 6, 6)
    shows(window, vae.sample(1, seed=36).numpy())


@pytest.mark.slow
def test_a_picture_of_the_grid_before_is_not_shown_below_a_new_one(window, model):
    held = window.hold('"index"')
    click_image(window, 2, 1, 6, 6)
    window.until(lambda: len(held) == 1)
    window.page.get_by_role("button", name="Next pictures").click()
    window.shows("#samples", model("mnist-vae").sample(36, seed=36).numpy(), 800)
    held[0].continue_()
    # The seed arrives together with the picture, which is then hidden.
    window.until(lambda: window.page.get_by_label("Seed of one picture").input_value() == "8")
    window.page.locator("#one-picture").wait_for(state="hidden")


@pytest.mark.slow
def test_the_class_of_a_picture_follows_from_its_place_in_a_grid_of_each_class(window, model):
    window.choose("vae-classes")
    window.page.locator("#sample-class input").click()
    window.page.get_by_role("option", name="each class in turn", exact=True).click()
    # Ten rows of names and pictures, four columns.
    window.until(lambda: (found := window.pixels("#samples")) is not None and found.shape[1] < found.shape[0])
    height, width = window.pixels("#samples").shape[:2]
    side = height / 10
    click(window, width - 3.5 * side, 1.5 * side)
    shows(window, model("vae-classes").sample(1, seed=1, label=1).numpy())
    assert "class dogs & owls" in caption(window)
    click(window, width - 2.5 * side, 2.5 * side)
    shows(window, model("vae-classes").sample(1, seed=12, label=2).numpy())
    assert "class <b>" in caption(window)
    before = caption(window)
    click(window, 5, 1.5 * side)  # a name
    seed = window.page.get_by_label("Seed of one picture")
    seed.fill("36")
    seed.press("Enter")
    assert "seed: expected a seed of the grid, 0 to 35" in window.error_message()
    assert caption(window) == before
    seed.fill("23")
    seed.press("Enter")
    shows(window, model("vae-classes").sample(1, seed=23, label=3).numpy())


@pytest.mark.slow
def test_points_have_no_single_pictures(window):
    window.page.locator("#one-seed").wait_for()
    window.choose("points")
    window.page.locator("#one-seed").wait_for(state="hidden")
    window.until(lambda: (found := window.pixels("#samples")) is not None and found.ndim == 3)
    click(window, 300, 300)
    window.choose("gan")
    window.page.locator("#one-seed").wait_for()
    assert not window.page.locator("#one-picture").is_visible()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_single_picture_violates_no_rule_of_axe_core(opened, width, scheme):
    window = opened(viewport={"width": width, "height": 900}, color_scheme=scheme)
    click_image(window, 3, 3, 6, 6)
    window.until(lambda: "Seed 21 of mnist-vae" in caption(window))
    assert window.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    violations = Axe().run(window.page).response["violations"]
    assert not [(rule["id"], node["target"]) for rule in violations for node in rule["nodes"]]


def test_a_program_gets_the_picture_the_file_and_the_caption(client, model):
    picture, file, said = client.predict("vae-classes", 3, 1.0, "cats", api_name="/sample_picture")
    with Image.open(file["path"] if isinstance(file, dict) else file) as own:
        assert own.size == (8, 8) and own.info["Label"] == "cats"
    with Image.open(picture["path"] if isinstance(picture, dict) else picture) as enlarged:
        assert enlarged.size == (SIDE, SIDE)
    assert said.startswith("Seed 3 of **vae-classes**, class cats")
