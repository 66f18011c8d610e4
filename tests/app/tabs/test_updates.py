"""What the tabs update when they are opened or another model is chosen, without a browser."""

import asyncio
import gc
import warnings
from types import SimpleNamespace

import gradio as gr
import pytest

from tfgen.app import page
from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.latent_plane import ALONG, AROUND, kinds_of_maps
from tfgen.app.model_cache import ModelCache
from tfgen.app.tabs import interpolate, mix, reconstruct, train
from tfgen.app.tabs.interpolate import PICTURES
from tfgen.app.trainer import Trainer
from tfgen.errors import ConfigError

DRAWING = {"path": "a.png", "name": "the drawing"}
SEEDS = {
    **{"first_seed": 0, "last_seed": 1, "steps": 7, "path": "spherical", "temperature": 1.0},
    **{"first_label": "any class", "last_label": "any class"},
}


@pytest.fixture(scope="module")
def context(shelf) -> Context:
    catalogue = Catalogue(shelf)
    return Context(catalogue, ModelCache(catalogue), trainer=None)  # type: ignore[arg-type]


def show(context, model: str, *drawings, fit: bool = False) -> list:
    values = {"model": model, "ends": PICTURES, **SEEDS}
    return interpolate._update(context, values, {**values, "model": "another"}, *drawings, fit)[1]


def test_the_shown_box_for_cropping_is_the_one_that_is_applied(context, monkeypatch):
    """After a GAN, the box of the header's event is still unticked, and the update ticks it."""
    used = []
    monkeypatch.setattr(
        interpolate, "interpolate_pictures", lambda context, *values: used.append(values) or ["strip", "film"]
    )
    *_, strip, film, _, controls, box = show(context, "vae", DRAWING, None, DRAWING, None)
    assert (strip, film) == ("strip", "film")
    assert (controls["visible"], box["visible"], box["value"]) == (True, True, True)
    assert used[0][5] is True


@pytest.mark.parametrize("drawings", [(None,) * 4, (DRAWING, None, None, None)])
def test_without_two_pictures_no_strip_of_the_model_before_stays(context, drawings):
    assert show(context, "vae", *drawings)[3:5] == [None, None]
    assert show(context, "gan", *drawings)[3:5] == [None, None]


MIX = {
    "model": "gan",
    **{f"seed_{number}": number for number in range(1, 5)},
    **{"weight_1": 1.0, "weight_2": 0.5, "weight_3": 0.0, "weight_4": 0.0, "temperature": 1.0},
    **{f"label_{number}": "any class" for number in range(1, 5)},
}


@pytest.mark.parametrize(
    ("before", "drawn"),
    [
        (None, [1, 2, 3, 4]),
        ({}, [1, 2, 3, 4]),
        ({**MIX, "model": "vae"}, [1, 2, 3, 4]),
        # The pictures of refused values were not drawn.
        ({**MIX, "weight_1": 0.0, "weight_2": 0.0, "refused": True}, [1, 2, 3, 4]),
        ({**MIX, "temperature": 0.5}, [1, 2, 3, 4]),
        ({**MIX, "weight_1": 0.9, "weight_4": 0.2}, []),
        ({**MIX, "seed_3": 9}, [3]),
        ({**MIX, "seed_1": 9, "label_4": "cats"}, [1, 4]),
    ],
)
def test_a_mix_draws_only_the_samples_that_changed(context, monkeypatch, tmp_path, before, drawn):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    _, (_, *selectors_and_pictures, picture) = mix._update(context, MIX, before)
    pictures = selectors_and_pictures[4:]
    assert [number for number, each in enumerate(pictures, 1) if isinstance(each, str)] == drawn
    assert picture.endswith(".png")


def test_a_mix_of_a_link_keeps_its_classes_and_one_of_another_model_replaces_them(context, monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    values = {**MIX, "label_2": "cats"}
    changes, _ = mix._update(context, values, {**values, "model": "vae-classes"})
    assert changes["label_2"] == "any class"
    with pytest.raises(ConfigError, match="label: expected 'any class' for a model without classes"):
        mix._update(context, values, None)
    changes, _ = mix._update(context, {**values, "model": "vae-classes"}, None)
    assert changes["label_2"] == "cats"


def test_a_model_of_points_hides_controls_and_results_of_reconstruct(context):
    notice, controls, results, *_ = reconstruct._show(context, "points", None, "any class")
    assert notice["visible"] and not controls["visible"] and not results["visible"]
    notice, controls, results, *_ = reconstruct._show(context, "vae", None, "any class")
    assert not notice["visible"] and controls["visible"] and results["visible"]


@pytest.mark.parametrize(
    ("shape", "kinds"),
    [((2,), (ALONG,)), ((20,), (AROUND, ALONG)), ((28, 28, 1), (AROUND,)), ((8, 8, 1), (AROUND, ALONG))],
)
def test_a_model_offers_the_maps_that_show_something(shape, kinds):
    assert kinds_of_maps(SimpleNamespace(latent_shape=shape)) == kinds  # type: ignore[arg-type]


def test_a_run_that_was_started_here_is_shown_as_soon_as_it_has_a_folder():
    context = SimpleNamespace(catalogue=SimpleNamespace(trained=lambda: ["digits-vae-1", "mnist-vae"]))
    awaited, run = train._awaited(context, "digits-vae-1")  # type: ignore[arg-type]
    assert awaited is None
    assert run["value"] == "digits-vae-1"
    skipped = [gr.skip()] * 2
    assert train._awaited(context, "cats-vae-1") == skipped  # type: ignore[arg-type]
    assert train._awaited(context, None) == skipped  # type: ignore[arg-type]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_read_only_page_shows_runs_and_has_no_handler_and_no_control_that_writes(tmp_path, read_only):
    catalogue = Catalogue(tmp_path)
    with warnings.catch_warnings():
        # Gradio leaves an event loop open.
        warnings.simplefilter("ignore", ResourceWarning)
        blocks = page.build(Context(catalogue, ModelCache(catalogue), Trainer(tmp_path)), read_only)
        asyncio.set_event_loop(None)
        gc.collect()
    titles = [block.label for block in blocks.blocks.values() if isinstance(block, gr.Tab)]
    assert "Runs" in titles and "Overview" in titles
    offered = {function.api_name for function in blocks.fns.values()}
    assert {"training", "sample", "compare_samples", "explore", "interpolate", "mix", "favourites"} <= offered
    writing = {
        *("start_training", "resume_training", "stop_training", "train_on_pictures", "describe_pictures"),
        *("save_favourite", "delete_favourite"),
    }
    assert writing & offered == (set() if read_only else writing)
    # The events of the page have the names of their functions.
    events = {function.fn.__name__ for function in blocks.fns.values() if function.fn}
    assert {"favourite_view", "_listed"} <= events
    assert {"_saved", "_deleted"} & events == (set() if read_only else {"_saved", "_deleted"})
    buttons = {block.value for block in blocks.blocks.values() if isinstance(block, gr.Button)}
    assert "Open" in buttons
    assert {"Save this view", "Delete"} & buttons == (set() if read_only else {"Save this view", "Delete"})
    assert ("own-sheet" in {getattr(block, "elem_id", None) for block in blocks.blocks.values()}) is not read_only
    started = [block for block in blocks.blocks.values() if getattr(block, "elem_id", None) == "train-start"]
    assert bool(started) is not read_only
    overview = next(block for block in blocks.blocks.values() if getattr(block, "elem_id", None) == "what-next")
    assert "See how a model learned" in overview.value
    assert ("train one" in overview.value) is not read_only


def test_events_of_the_page_accept_a_cleared_number():
    from tfgen.app.events import unless_cleared, with_usual_numbers

    inputs = [gr.Number(3), gr.Textbox("a"), gr.Slider(0, 2, 1.0)]
    called = unless_cleared(lambda *values: list(values), inputs, [gr.Image(), gr.Image()])
    assert called(None, None, 1.0) == [gr.skip()] * 2
    assert called(4, None, 1.0) == [4, None, 1.0]
    alone = unless_cleared(lambda *values: values, inputs, [gr.Image()])
    assert alone(4, "a", None) == gr.skip()
    assert with_usual_numbers((None, None, None), inputs) == [3, None, 1.0]


def test_no_event_has_two_listeners_that_wake_each_other(tmp_path, without_open_loops):
    """Gradio sends an event to all listeners again when a listener with "always_last" was busy."""
    catalogue = Catalogue(tmp_path)
    blocks = page.build(Context(catalogue, ModelCache(catalogue), Trainer(tmp_path)))
    listeners: dict[tuple[int, str], list[str]] = {}
    for dependency in blocks.config["dependencies"]:
        if dependency["trigger_mode"] == "always_last":
            for target in dependency["targets"]:
                listeners.setdefault(tuple(target), []).append(dependency["api_name"])
    assert len(listeners) > 20
    assert {target: names for target, names in listeners.items() if len(names) > 1} == {}
