"""Pictures of the user in the tab "Runs", in a browser: what was understood is shown before the training."""

import io
import zipfile

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from gradio_client import handle_file
from gradio_client.exceptions import AppError
from PIL import Image

CLASSES = ("cats", "dogs <b>")


@pytest.fixture
def archive(tmp_path):
    """A function that writes a .zip of two classes of squares with the given sides, and other files."""

    def write(name, *sides, **others: bytes):
        with zipfile.ZipFile(tmp_path / name, "w") as made:
            for i in range(14):
                file, side = io.BytesIO(), sides[i % len(sides)]
                Image.fromarray(np.full((side, side), 9 * i, np.uint8)).save(file, "png")
                made.writestr(f"{CLASSES[i % 2]}/{i:02d}.png", file.getvalue())
            for other, content in others.items():
                made.writestr(f"cats/{other}.png", content)
        return tmp_path / name

    return write


def drop(page, path) -> None:
    """Drop a .zip on the page, in place of an earlier one."""
    if page.locator("#own-archive a[href]").count():
        page.locator("#own-archive").get_by_label("Clear").click()
    page.locator("#own-archive input[type=file]").set_input_files(str(path))


def text(page, part: str) -> str:
    """Wait until the description has a part, and return it."""
    page.locator("#own-description").filter(has_text=part).wait_for()
    return page.locator("#own-description").inner_text()


def size(page) -> str:
    return page.get_by_label("Image size", exact=True).input_value()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_shows_what_training_would_see(opened, archive, width, scheme):
    page = opened("Train a new model", width)
    page.emulate_media(color_scheme=scheme)
    drop(page, archive("two sizes.zip", 10, 10, 20, broken=b"x"))
    found = text(page, "Training needs an image size")
    assert "Training refuses 1 broken file" in found and "cats/broken.png" in found
    assert "2: cats (7), dogs <b> (7)" in found
    page.wait_for_function("document.querySelector('#own-size input').value === '10'")
    # The browser loads the picture when it comes into view.
    page.locator("#own-sheet").scroll_into_view_if_needed()
    page.locator("#own-sheet img").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    violations = Axe().run(page).response["violations"]
    assert not [(rule["id"], node["target"]) for rule in violations for node in rule["nodes"]]
    page.get_by_label("Leave out broken files").check()
    page.locator("#own-description").filter(has_not_text="Training refuses").wait_for()
    drop(page, archive("one size.zip", 10))
    assert "12 training, 1 validation, 1 test" in text(page, "10×10 (14)")
    page.wait_for_function("document.querySelector('#own-size input').value === '0'")


@pytest.mark.slow
def test_a_typed_size_stays_and_changes_the_description(opened, archive):
    page = opened("Train a new model")
    field = page.get_by_label("Image size", exact=True)
    field.fill("16")
    field.blur()
    drop(page, archive("two sizes.zip", 10, 10, 20))
    assert "Training needs" not in text(page, "16×16 pixels")
    assert size(page) == "16"
    field.fill("8")
    field.press("Enter")
    text(page, "8×8 pixels, grey")
    assert size(page) == "8"


@pytest.mark.slow
def test_a_bad_archive_or_size_gives_a_sentence_and_hides_the_sheet(opened, archive, tmp_path):
    page = opened("Train a new model")
    drop(page, archive("good.zip", 10))
    page.locator("#own-sheet img").wait_for()
    (tmp_path / "damaged.zip").write_bytes((tmp_path / "good.zip").read_bytes()[:200])
    drop(page, tmp_path / "damaged.zip")
    assert "/" not in text(page, "Not possible. damaged.zip: expected a .zip")
    page.locator("#own-sheet").wait_for(state="hidden")
    drop(page, tmp_path / "good.zip")
    page.locator("#own-sheet img").wait_for()
    page.get_by_label("Image size", exact=True).fill("2")
    page.get_by_label("Image size", exact=True).blur()
    text(page, "image_size: expected an integer from 4 to 1024. Received: 2")
    page.locator("#own-sheet").wait_for(state="hidden")


def test_a_program_gets_the_description_and_the_sheet(served, client, archive):
    described, sheet = client.predict(
        handle_file(str(archive("two sizes.zip", 10, 10, 20))), api_name="/describe_pictures"
    )
    assert "Proposed: **10**" in described
    with Image.open(sheet["path"] if isinstance(sheet, dict) else sheet) as picture:
        assert picture.width > picture.height
    with pytest.raises(AppError, match="fit: expected one of crop, pad"):
        client.predict(handle_file(str(archive("a.zip", 9))), "", 0, "stretch", api_name="/describe_pictures")
    with pytest.raises(AppError, match=r"folder: expected a \.zip"):
        client.predict(None, "/etc", api_name="/describe_pictures")
