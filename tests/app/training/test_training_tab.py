"""The tab Training: to programs that call, and in a real Chromium."""

import io
import re
import shutil
import time

import numpy as np
import pytest
from gradio_client.exceptions import AppError
from PIL import Image


def level(file):
    """The grey of a picture that has one."""
    with Image.open(file) as picture:
        values = np.unique(np.asarray(picture.convert("L")))
    assert len(values) == 1
    return int(values[0])


def shown(page, selector):
    """The grey of the picture that the page shows."""
    address = page.locator(f"{selector} img").get_attribute("src", timeout=5000)
    return level(io.BytesIO(page.request.get(address).body()))


def expect(page, claim, seconds=60.0):
    """Wait until a claim holds."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if value := claim():
                return value
        except Exception:
            value = "nothing"
        assert time.monotonic() < deadline, value
        page.wait_for_timeout(100)


def test_a_program_learns_how_a_run_was_trained(served, client):
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
        (("../secrets", 1), "not there"),
        ((None, 1), "not there"),
        (("digits-vae-1", -1), "epoch: expected an integer from 0"),
        (("digits-vae-1", 1.5), "epoch: expected an integer"),
        (("digits-vae-1", "1"), "epoch: expected an integer"),
    ],
)
def test_bad_questions_get_a_sentence(served, client, arguments, sentence):
    served.train("fast", epochs=1)
    with pytest.raises(AppError, match=sentence):
        client.predict(*arguments, api_name="/epoch_samples")


def test_damaged_and_deleted_runs_get_a_sentence(served, client):
    name = served.train("fast", epochs=2)
    (served.root / name / "samples" / "epoch-0001.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(AppError, match=r"epoch-0001\.png"):
        client.predict(name, 1, api_name="/epoch_samples")
    (served.root / name / "config.json").write_text("{")
    with pytest.raises(AppError, match=r"config\.json"):
        client.predict(name, api_name="/training")
    shutil.rmtree(served.root / name)
    with pytest.raises(AppError, match="not there any more"):
        client.predict(name, api_name="/training")


def test_files_of_a_run_are_not_served_by_their_path(served, opened):
    name = served.train("fast", epochs=1)
    page = opened("Training")
    for file in ("config.json", "samples/epoch-0001.png"):
        answer = page.request.get(f"{served.url}gradio_api/file={served.root / name / file}")
        assert answer.status in (403, 404)


def test_the_slider_steps_through_the_epochs_by_key(served, opened):
    name = served.train("fast", epochs=12)
    shutil.rmtree(served.root / name / "samples", ignore_errors=True)
    (served.root / name / "samples").mkdir()
    for epoch in (0, 1, 5, 12):
        Image.new("L", (90, 90), 2 * epoch).save(served.root / name / "samples" / f"epoch-{epoch:04d}.png")
        Image.new("L", (90, 90), 100 + epoch).save(served.root / name / "samples" / f"epoch-{epoch:04d}-pixels.png")
    page = opened("Training")
    page.get_by_label("Run", exact=True).click()
    page.get_by_role("option", name=name).click()
    expect(page, lambda: shown(page, "#epoch-samples") == 24)
    page.locator("#epochs").focus()
    for key, epoch in (("ArrowLeft", 5), ("ArrowLeft", 1), ("Home", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        expect(page, lambda epoch=epoch: shown(page, "#epoch-samples") == 2 * epoch)
        assert page.locator("#epochs").get_attribute("aria-valuetext") == f"epoch {epoch}"
        assert page.evaluate("document.activeElement.id") == "epochs"
    page.get_by_label("Draw the pixels").check()
    expect(page, lambda: shown(page, "#epoch-samples") == 101)
    assert "12 of 12" in page.locator("#facts").inner_text()
    assert page.locator("#training-curves img").count() >= 1


def test_a_run_is_followed_while_it_trains_and_a_deleted_one_is_said(served, opened):
    name = served.start("slow", epochs=2000)
    page = opened("Training")
    expect(page, lambda: served.state()["epoch"] > 2)
    page.get_by_label("Run", exact=True).click()
    page.get_by_role("option", name=name).click()

    def epoch():
        return int(re.search(r"(\d+)", page.locator("#epoch b").inner_text(timeout=2000))[1])

    first = expect(page, epoch)
    second = expect(page, lambda: epoch() if epoch() > first else 0)

    def done():
        return int(re.search(r"Epochs\s+(\d+) of 2000", page.locator("#facts").inner_text())[1])

    expect(page, lambda: done() >= second)
    # Whoever looks back is left there.
    page.locator("#epochs").focus()
    page.keyboard.press("Home")
    expect(page, lambda: shown(page, "#epoch-samples") == 0)
    before = done()
    expect(page, lambda: done() > before + 40)
    assert page.locator("#epoch b").inner_text() == "epoch 0"
    assert shown(page, "#epoch-samples") == 0
    # At once: file by file, the training would go on writing between them.
    (served.root / name).rename(served.root.parent / "gone")
    expect(page, lambda: "not there any more" in page.locator("#tab-training .notice:visible").first.inner_text())
    assert page.locator("#epoch-samples img").count() == 0


@pytest.mark.parametrize("width", [390, 1280])
def test_a_packed_model_shows_what_there_is(opened, width):
    page = opened("Training", width)
    expect(page, lambda: "packed model keeps those of its end" in page.locator("#tab-training").inner_text())
    chosen = [page.get_by_label(label, exact=True) for label in ("Run", "Model")]
    expect(page, lambda: len({field.input_value() for field in chosen}) == 1)
    expect(page, lambda: not page.locator("#epochs").is_visible())
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
