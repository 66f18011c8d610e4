"""The one event of a tab: what it updates, and which values the result names."""

import json
from types import SimpleNamespace

import gradio as gr
import pytest

from tfgen.app import views
from tfgen.app.views import View, updated, values_of
from tfgen.errors import ConfigError


def update(context, values, before, *extras):
    if values["seed"] == 13:
        raise ConfigError("seed: expected another. Received: <13>")
    return {"label": "kept"}, [f"picture of {values['seed']}", len(before)]


@pytest.fixture
def view() -> View:
    fields = {"seed": gr.Number(4), "label": gr.Textbox("any")}
    return View("sample", "Sample", fields, update, [gr.Image(), gr.Number()])


@pytest.fixture
def said(monkeypatch) -> list[str]:
    messages: list[str] = []
    monkeypatch.setattr(views.gr, "Warning", lambda message, title: messages.append(message))
    return messages


@pytest.fixture
def context(tmp_path):
    return SimpleNamespace(catalogue=SimpleNamespace(root=tmp_path))


def test_a_result_names_the_values_that_it_belongs_to(view, context):
    found = updated(context, view, "Sample", "", ["gan", 7, "any"])
    assert values_of(found[view.shown]) == {"model": "gan", "seed": 7, "label": "kept"}
    assert list(found.values())[1:] == ["picture of 7", 0]


def test_nothing_is_computed_twice_or_for_a_tab_that_is_not_open(view, context):
    shown = json.dumps({"model": "gan", "seed": 7, "label": "any"})
    assert updated(context, view, "Sample", shown, ["gan", 7, "any"]) == {view.shown: gr.skip()}
    assert updated(context, view, "Compare", "", ["gan", 7, "any"]) == {view.shown: gr.skip()}
    assert len(updated(context, view, "Sample", shown, ["gan", 8, "any"])) == 3


def test_refused_values_give_a_message_and_are_marked_so_that_they_do_not_enter_the_address(view, context, said):
    found = updated(context, view, "Sample", "", ["gan", 13, "any"])
    assert said == ["seed: expected another. Received: &lt;13&gt;"]
    assert set(found) == {view.shown}
    assert values_of(found[view.shown]) == {"model": "gan", "seed": 13, "label": "any", "refused": True}


def test_a_cleared_number_changes_nothing_until_another_model_is_chosen(view, context):
    shown = json.dumps({"model": "gan", "seed": 7, "label": "any"})
    found = updated(context, view, "Sample", shown, ["gan", None, "any"])
    assert set(found) == {view.shown} and values_of(found[view.shown])["seed"] is None
    assert "picture of 4" in updated(context, view, "Sample", shown, ["vae", None, "any"]).values()


@pytest.mark.parametrize("shown", ["", "no JSON", "[1]", "3"])
def test_a_text_without_values_counts_as_no_values(shown):
    assert values_of(shown) == {}
