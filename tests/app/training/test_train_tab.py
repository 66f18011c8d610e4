"""The tab Train: to programs that call, and in a real Chromium."""

import re
import time

import pytest
from gradio_client.exceptions import AppError

from tfgen.app.tabs import train
from tfgen.config import MODEL_CONFIGS
from tfgen.config.presets import PRESETS, run_config
from tfgen.data import POINT_NAMES
from tfgen.errors import ConfigError
from tfgen.runs.run import Run


def until(claim, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not (value := claim()):
        assert time.monotonic() < deadline, value
        time.sleep(0.05)
    return value


def says(page, pattern, seconds=60.0):
    """Wait until the status matches."""
    deadline, said = time.monotonic() + seconds, ""
    while not re.search(pattern, said):
        assert time.monotonic() < deadline, said
        page.wait_for_timeout(100)
        said = page.locator("#train-status").inner_text()
    return said


# -- what is offered --------------------------------------------------------------------------------------------------


def test_only_presets_whose_data_is_here_are_offered(monkeypatch):
    monkeypatch.delenv("TFGEN_DATA", raising=False)
    for model in MODEL_CONFIGS:
        offered = train.presets_of(model)
        assert "quick" in offered, model
        for preset in offered:
            assert run_config(model, preset).data.data in ("digits", *POINT_NAMES)
    assert train.data_for("flow", "practical") == list(POINT_NAMES)
    assert train.data_for("vae", "quick") == ["digits"]
    with pytest.raises(ConfigError, match="TFGEN_DATA"):
        train.options_of("vae", "practical")
    monkeypatch.setattr(train, "is_there", lambda name: name == "mnist")
    for model in MODEL_CONFIGS:
        assert train.presets_of(model) == list(PRESETS[model])
    assert train.data_for("vae", "quick") == ["digits", "mnist"]
    assert train.data_for("vae", "practical") == ["mnist"]


def test_numbers_of_the_page_are_the_options_of_the_command_line():
    given = train.options_of("flow", "quick", None, epochs=3.0, seed=0, learning_rate=None)
    assert given == {"data": "digits", "epochs": 3, "seed": 0}
    assert run_config("flow", **given) == run_config("flow", epochs=3)


# -- to programs ------------------------------------------------------------------------------------------------------


def test_a_program_starts_watches_stops_and_goes_on(served, client):
    served.behave("slow")
    assert client.predict(api_name="/training_state")["run"] in (None, "digits-vae-1")
    name = client.predict("gan", epochs=600, seed=7, learning_rate=0.001, api_name="/start_training")
    assert name == "digits-gan-1"
    config = Run.open(served.root / name).config
    assert config == run_config("gan", data="digits", epochs=600, seed=7, learning_rate=0.001)
    state = until(lambda: (found := client.predict(api_name="/training_state"))["epoch"] and found)
    assert (state["phase"], state["run"], state["epochs"]) == ("training", name, 600)
    with pytest.raises(AppError, match=f"{name} does; stop it first"):
        client.predict("vae", api_name="/start_training")
    assert client.predict(api_name="/stop_training")["phase"] in ("stopping", "stopped")
    until(lambda: client.predict(api_name="/training_state")["phase"] == "stopped")
    served.behave("fast")
    assert client.predict(name, api_name="/resume_training") == name
    state = until(lambda: (found := client.predict(api_name="/training_state"))["phase"] == "finished" and found)
    assert (state["epoch"], state["share"]) == (600, 1.0)
    with pytest.raises(AppError, match="which is finished"):
        client.predict(name, api_name="/resume_training")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"model": "diffusion"}, "model: expected one of"),
        ({"model": ["vae"]}, "model: expected a name"),
        ({"model": "vae", "preset": "slow"}, "preset: expected one of"),
        ({"model": "vae", "data": "/etc"}, "data: expected one of digits"),
        ({"model": "vae", "data": "moons"}, "data: expected one of digits"),
        ({"model": "vae", "epochs": 0}, "epochs: expected at least 1"),
        ({"model": "vae", "epochs": 1.5}, "epochs: expected int"),
        ({"model": "vae", "seed": -1}, "seed: expected"),
        ({"model": "vae", "learning_rate": "fast"}, "learning_rate: expected float"),
    ],
)
def test_bad_options_get_the_sentence_of_the_command_line_and_start_nothing(served, client, arguments, sentence):
    with pytest.raises(AppError, match=sentence):
        client.predict(**arguments, api_name="/start_training")
    assert not served.root.exists()


# -- in a browser -----------------------------------------------------------------------------------------------------


def test_what_is_offered_follows_the_family_and_the_preset(opened):
    page = opened("Train")
    assert "one should see" in says_see(page)
    page.get_by_label("Family", exact=True).click()
    page.get_by_role("option", name="normalizing flow").click()
    until_page(page, lambda: page.get_by_label("Epochs", exact=True).input_value() == "40")
    page.get_by_label("Preset", exact=True).click()
    page.get_by_role("option", name="practical").click()
    until_page(page, lambda: page.get_by_label("Data", exact=True).input_value() == "bimodal")
    until_page(page, lambda: "two round clusters" in says_see(page))


def says_see(page):
    page.get_by_text("one should see").wait_for()
    return page.get_by_text("one should see").inner_text()


def until_page(page, claim, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)


def test_a_run_is_started_stopped_gone_on_with_and_chosen(served, opened):
    served.behave("slow")
    page = opened("Train")
    says(page, "Nothing trains|digits")
    page.get_by_label("Epochs", exact=True).fill("600")
    page.locator("#train-start").click()
    says(page, r"digits-vae-1 epoch \d+ of 600, about .* left")
    assert page.locator("#train-start").is_disabled()
    bar = page.get_by_role("progressbar", name="Training of digits-vae-1")
    until_page(page, lambda: int(bar.get_attribute("aria-valuenow")) >= 1)
    until_page(page, lambda: page.locator("#train-samples img").count() == 1)
    until_page(page, lambda: page.locator("#train-curves img").count() >= 1)
    assert "validation" in page.locator("#train-numbers").inner_text()

    other = opened("Train")
    says(other, r"digits-vae-1 epoch \d+ of 600")
    other.locator("#train-stop").click()
    for each in (page, other):
        says(each, r"stopped after \d+ of 600 epochs\. Nothing is lost\.")

    served.behave("fast")
    until_page(page, lambda: page.get_by_label("Unfinished", exact=True).input_value() == "digits-vae-1")
    page.locator("#train-go-on").click()
    says(page, "is trained, all 600 epochs. It is in the list of models")
    until_page(page, lambda: not page.locator("#train-go-on").is_visible())
    before = page.get_by_label("Model", exact=True).input_value()
    assert before != "digits-vae-1"
    page.locator("#train-open").click()
    until_page(page, lambda: page.get_by_label("Model", exact=True).input_value() == "digits-vae-1")
    page.get_by_text("What the training prints").click()
    assert "done  " in page.locator("textarea:visible").last.input_value()


@pytest.mark.parametrize(("how", "sentence"), [("refused", "batch size of 1 to 1297"), ("broken", "the disk is full")])
def test_a_training_that_fails_says_why(served, opened, how, sentence):
    served.behave(how)
    page = opened("Train", 390)
    says(page, "Nothing trains|digits")
    page.locator("#train-start").click()
    says(page, rf"digits-vae-1 failed\. .*{sentence}")
    until_page(page, lambda: page.locator("#train-start").is_enabled())
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_options_that_cannot_be_are_a_message_on_the_page(served, opened):
    page = opened("Train")
    says(page, "Nothing trains|digits")
    page.get_by_label("Epochs", exact=True).fill("0")
    page.locator("#train-start").click()
    page.get_by_text("epochs: expected at least 1. Received: 0").wait_for()
    assert not served.root.exists()
