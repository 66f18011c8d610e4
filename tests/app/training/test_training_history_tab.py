"""The history of a run in the tab "Runs": its handlers for programs, and the page in a browser."""

import io
import re
import shutil
import time

import numpy as np
import pytest
from gradio_client.exceptions import AppError
from PIL import Image


def level(file):
    """Return the grey level of a picture of one grey level."""
    with Image.open(file) as picture:
        values = np.unique(np.asarray(picture.convert("L")))
    assert len(values) == 1
    return int(values[0])


def shown(page, selector):
    """Return the grey level of the picture that the page shows."""
    address = page.locator(f"{selector} img").get_attribute("src", timeout=5000)
    return level(io.BytesIO(page.request.get(address).body()))


def until(page, condition, seconds=60.0):
    """Wait until a condition returns a true value without raising, and return the value."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if value := condition():
                return value
        except Exception:
            value = "nothing"
        assert time.monotonic() < deadline, value
        page.wait_for_timeout(100)


def test_a_program_gets_the_history_of_a_run(served, client):
    name = served.train("fast", epochs=12)
    known = client.predict(name, api_name="/training")
    assert (known["run"], known["epochs"], known["planned"], known["state"]) == (name, 12, 12, "finished")
    assert [row["epoch"] for row in known["metrics"]] == [*range(1, 13)]
    assert known["pictures"] == [*range(13)]
    assert known["pixels"] == []
    assert known["other_options"] == {"epochs": [12, 80]}


def test_a_program_gets_the_pictures_of_an_epoch(served, client):
    name = served.train("fast", epochs=12)
    for epoch in (0, 7, 12):
        picture, caption = client.predict(name, epoch, api_name="/epoch_samples")
        assert level(picture) == 2 * epoch
    assert "after 12 of 12 epochs" in caption
    picture, caption = client.predict(name, api_name="/epoch_samples")
    assert level(picture) in (0, 24)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("../secrets", 1), "does not exist"),
        pytest.param((None, 1), "does not exist", marks=pytest.mark.slow),
        (("digits-vae-1", -1), "epoch: expected an integer from 0"),
        pytest.param(("digits-vae-1", 1.5), "epoch: expected an integer", marks=pytest.mark.slow),
        pytest.param(("digits-vae-1", "1"), "epoch: expected an integer", marks=pytest.mark.slow),
    ],
)
def test_bad_arguments_give_a_message(served, client, arguments, sentence):
    served.train("fast", epochs=1)
    with pytest.raises(AppError, match=sentence):
        client.predict(*arguments, api_name="/epoch_samples")


def test_damaged_and_deleted_runs_give_a_message(served, client):
    name = served.train("fast", epochs=2)
    (served.root / name / "samples" / "epoch-0001.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(AppError, match=r"epoch-0001\.png"):
        client.predict(name, 1, api_name="/epoch_samples")
    (served.root / name / "config.json").write_text("{")
    with pytest.raises(AppError, match=r"config\.json"):
        client.predict(name, api_name="/training")
    shutil.rmtree(served.root / name)
    with pytest.raises(AppError, match="does not exist or was removed"):
        client.predict(name, api_name="/training")


def test_the_server_does_not_serve_files_of_a_run(served, opened):
    name = served.train("fast", epochs=1)
    page = opened()
    for file in ("config.json", "samples/epoch-0001.png"):
        answer = page.request.get(f"{served.url}gradio_api/file={served.root / name / file}")
        assert answer.status in (403, 404)


@pytest.mark.slow
def test_the_arrow_keys_on_the_slider_step_through_the_epochs(served, opened):
    name = served.train("fast", epochs=12)
    shutil.rmtree(served.root / name / "samples", ignore_errors=True)
    (served.root / name / "samples").mkdir()
    for epoch in (0, 1, 5, 12):
        Image.new("L", (90, 90), 2 * epoch).save(served.root / name / "samples" / f"epoch-{epoch:04d}.png")
        Image.new("L", (90, 90), 100 + epoch).save(served.root / name / "samples" / f"epoch-{epoch:04d}-pixels.png")
    page = opened()
    page.get_by_label("Run", exact=True).click()
    page.get_by_role("option", name=name).click()
    until(page, lambda: shown(page, "#epoch-samples") == 24)
    page.locator("#epochs").focus()
    for key, epoch in (("ArrowLeft", 5), ("ArrowLeft", 1), ("Home", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        until(page, lambda epoch=epoch: shown(page, "#epoch-samples") == 2 * epoch)
        assert page.locator("#epochs").get_attribute("aria-valuetext") == f"epoch {epoch}"
        assert page.evaluate("document.activeElement.id") == "epochs"
    page.get_by_label("Sample the pixels").check()
    until(page, lambda: shown(page, "#epoch-samples") == 101)
    assert "12 of 12" in page.locator("#facts").inner_text()
    assert page.locator("#training-curves img").count() >= 1


@pytest.mark.slow
def test_the_page_follows_a_run_in_training_and_notices_its_deletion(served, opened):
    name = served.start("slow", epochs=2000)
    page = opened()
    until(page, lambda: served.state()["epoch"] > 2)
    page.get_by_label("Run", exact=True).click()
    page.get_by_role("option", name=name).click()

    def epoch():
        return int(re.search(r"(\d+)", page.locator("#epoch b").inner_text(timeout=2000))[1])

    first = until(page, epoch)
    second = until(page, lambda: epoch() if epoch() > first else 0)

    def done():
        return int(re.search(r"Epochs\s+(\d+) of 2000", page.locator("#facts").inner_text())[1])

    until(page, lambda: done() >= second)
    # The page keeps an earlier epoch that the user chose.
    page.locator("#epochs").focus()
    page.keyboard.press("Home")
    until(page, lambda: shown(page, "#epoch-samples") == 0)
    before = done()
    until(page, lambda: done() > before + 40)
    assert page.locator("#epoch b").inner_text() == "epoch 0"
    assert shown(page, "#epoch-samples") == 0
    # Renamed and not deleted, because the stand-in program would write new files during a deletion.
    (served.root / name).rename(served.root.parent / "gone")
    until(
        page,
        lambda: "does not exist or was removed" in page.locator("#tab-runs .notice:visible").first.inner_text(),
    )
    assert page.locator("#epoch-samples img").count() == 0


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_a_packed_model_shows_its_pictures_and_a_caption(opened, width):
    page = opened(width=width)
    until(
        page,
        lambda: "A packed model has pictures of its last epoch only" in page.locator("#tab-runs").inner_text(),
    )
    chosen = [page.get_by_label(label, exact=True) for label in ("Run", "Model")]
    until(page, lambda: len({field.input_value() for field in chosen}) == 1)
    until(page, lambda: not page.locator("#epochs").is_visible())
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
