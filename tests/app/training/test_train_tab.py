"""Training in the tab "Runs": its handlers for programs, and the page in a browser."""

import re
import time
import zipfile
from pathlib import Path

import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError

from tfgen.app.handlers import train
from tfgen.config import run_config
from tfgen.config.families import FAMILIES
from tfgen.data import POINT_NAMES
from tfgen.errors import ConfigError
from tfgen.runs.run import Run


def until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, value
        time.sleep(0.05)
    return value


def wait_for_status(page, pattern, seconds=60.0):
    """Wait until the status matches a regular expression."""
    deadline, text = time.monotonic() + seconds, ""
    while not re.search(pattern, text):
        assert time.monotonic() < deadline, text
        page.wait_for_timeout(100)
        text = page.locator("#train-status").inner_text()
    return text


# -- offered options --------------------------------------------------------------------------------------------------


def test_only_presets_whose_data_are_on_this_machine_are_offered(monkeypatch):
    monkeypatch.delenv("TFGEN_DATA", raising=False)
    for model in FAMILIES:
        offered = train.presets_of(model)
        assert "quick" in offered, model
        for preset in offered:
            assert run_config(model, preset).data.data in ("digits", *POINT_NAMES)
    assert train.data_for("flow", "tutorial") == list(POINT_NAMES)
    assert train.data_for("vae", "quick") == ["digits"]
    with pytest.raises(ConfigError, match="TFGEN_DATA"):
        train.train_options("vae", "tutorial")
    monkeypatch.setattr(train, "has_local_files", lambda name: name == "mnist")
    for model in FAMILIES:
        assert train.presets_of(model) == list(FAMILIES[model].presets)
    assert train.data_for("vae", "quick") == ["digits", "mnist"]
    assert train.data_for("vae", "tutorial") == ["mnist"]


def test_numbers_of_the_page_become_options_of_the_configuration():
    given = train.train_options("flow", "quick", None, epochs=3.0, seed=0, learning_rate=None)
    assert given == {"data": "digits", "epochs": 3, "seed": 0}
    assert run_config("flow", **given) == run_config("flow", epochs=3)


# -- for programs ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_program_can_start_watch_stop_and_resume_a_training(served, client):
    served.behave("slow")
    assert client.predict(api_name="/training_state")["run"] in (None, "digits-vae-1")
    name = client.predict("gan", epochs=600, seed=7, learning_rate=0.001, api_name="/start_training")
    assert name == "digits-gan-1"
    config = Run.open(served.root / name).config
    assert config == run_config("gan", data="digits", epochs=600, seed=7, learning_rate=0.001)
    state = until(lambda: (found := client.predict(api_name="/training_state"))["epoch"] and found)
    assert (state["phase"], state["run"], state["epochs"]) == ("training", name, 600)
    with pytest.raises(AppError, match=f"{name} is training; stop it"):
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
def test_bad_options_give_a_message_and_start_nothing(served, client, arguments, sentence):
    with pytest.raises(AppError, match=sentence):
        client.predict(**arguments, api_name="/start_training")
    assert not served.root.exists()


@pytest.fixture
def cats(tmp_path):
    """A .zip of pictures."""
    with zipfile.ZipFile(tmp_path / "cats.zip", "w") as archive:
        archive.writestr("a.png", b"x")
    return tmp_path / "cats.zip"


def test_a_program_trains_on_pictures(served, client, cats):
    served.behave("fast")
    name = client.predict("flow", handle_file(str(cats)), minutes=2, api_name="/train_on_pictures")
    assert name == "cats-flow-1"
    state = until(lambda: (found := client.predict(api_name="/training_state"))["phase"] == "finished" and found)
    assert (state["run"], state["epoch"]) == (name, 7)
    assert Path(Run.open(served.root / name).config.data.data).read_bytes() == cats.read_bytes()
    assert client.predict(name, api_name="/training")["data"] == "cats.zip"
    with pytest.raises(AppError, match="Received: neither"):
        client.predict("flow", None, api_name="/train_on_pictures")
    with pytest.raises(AppError, match=r"folder: expected a \.zip"):
        client.predict("flow", None, "/etc", api_name="/train_on_pictures")


# -- in a browser -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_offered_options_follow_the_family_and_the_preset(opened):
    page = opened("Train a new model")
    assert "Expected result on digits" in expected_result(page)
    page.get_by_label("Family", exact=True).click()
    page.get_by_role("option", name="normalizing flow").click()
    until_page(page, lambda: page.get_by_label("Epochs", exact=True).input_value() == "40")
    page.get_by_label("Preset", exact=True).click()
    page.get_by_role("option", name="tutorial").click()
    until_page(page, lambda: page.get_by_label("Data", exact=True).input_value() == "bimodal")
    until_page(page, lambda: "Two round clusters" in expected_result(page))


def expected_result(page):
    page.get_by_text("Expected result on").wait_for()
    return page.get_by_text("Expected result on").inner_text()


def until_page(page, condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)


@pytest.mark.slow
def test_a_run_can_be_started_stopped_resumed_and_chosen_as_model(served, opened):
    served.behave("slow")
    page = opened("Train a new model")
    wait_for_status(page, "No training is running|digits|cats")
    page.get_by_label("Epochs", exact=True).fill("600")
    page.locator("#train-start").click()
    wait_for_status(page, r"digits-vae-1 is training: epoch \d+ of 600, about .* left")
    assert page.locator("#train-start").is_disabled()
    bar = page.get_by_role("progressbar", name="Training of digits-vae-1")
    until_page(page, lambda: int(bar.get_attribute("aria-valuenow")) >= 1)
    until_page(page, lambda: page.locator("#epoch-samples img").count() == 1)
    until_page(page, lambda: page.locator("#training-curves img").count() >= 1)
    until_page(page, lambda: "validation" in page.locator("#run-numbers").inner_text())

    other = opened("Train a new model")
    wait_for_status(other, r"digits-vae-1 is training: epoch \d+ of 600")
    other.locator("#train-stop").click()
    for each in (page, other):
        wait_for_status(each, r"stopped after \d+ of 600 epochs\. Nothing is lost\.")

    served.behave("fast")
    until_page(page, lambda: page.get_by_label("Unfinished runs", exact=True).input_value() == "digits-vae-1")
    page.locator("#train-resume").click()
    wait_for_status(page, "is trained: all 600 epochs. It is in the list of models")
    until_page(page, lambda: not page.locator("#train-resume").is_visible())
    before = page.get_by_label("Model", exact=True).input_value()
    assert before != "digits-vae-1"
    page.locator("#train-use").click()
    until_page(page, lambda: page.get_by_label("Model", exact=True).input_value() == "digits-vae-1")
    page.get_by_text("Output of the training").click()
    assert "done  " in page.locator("textarea:visible").last.input_value()


@pytest.mark.slow
def test_pictures_of_the_user_are_dropped_and_trained_on(opened, served, cats):
    served.behave("fast")
    page = opened("Train a new model")
    page.locator("#own-archive input[type=file]").set_input_files(str(cats))
    page.locator("#own-archive a[href]").first.wait_for()  # after the upload
    assert not page.locator("#own-folder").is_visible()  # the stand-in serves other machines
    page.locator("#own-start").click()
    wait_for_status(page, "cats-vae-1 is trained: all 7 epochs")


def test_training_on_a_zip_takes_four_actions_from_the_first_screen(opened, served, cats):
    served.behave("fast")
    page = opened()  # 1: the tab "Runs"
    page.get_by_role("button", name="Train a new model").click()  # 2
    page.locator("#own-archive input[type=file]").set_input_files(str(cats))  # 3
    page.locator("#own-archive a[href]").first.wait_for()
    page.locator("#own-start").click()  # 4
    wait_for_status(page, "cats-vae-1 is trained: all 7 epochs. It is in the list of models")
    page.get_by_label("Model", exact=True).click()
    page.get_by_role("option", name="cats-vae-1", exact=True).wait_for()


@pytest.mark.slow
@pytest.mark.parametrize(("how", "sentence"), [("refused", "batch size of 1 to 1297"), ("broken", "the disk is full")])
def test_the_page_shows_why_a_training_failed(served, opened, how, sentence):
    served.behave(how)
    page = opened("Train a new model", 390)
    wait_for_status(page, "No training is running|digits|cats")
    page.locator("#train-start").click()
    wait_for_status(page, rf"digits-vae-1 failed\. .*{sentence}")
    until_page(page, lambda: page.locator("#train-start").is_enabled())
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.slow
def test_bad_options_give_a_message_on_the_page(served, opened):
    page = opened("Train a new model")
    wait_for_status(page, "No training is running|digits|cats")
    page.get_by_label("Epochs", exact=True).fill("0")
    page.locator("#train-start").click()
    page.get_by_text("epochs: expected at least 1. Received: 0").wait_for()
    assert not served.root.exists()
