"""The tab "Train a model": options of a new run, and the state of the training."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from tfgen.app import components
from tfgen.app.context import Context
from tfgen.app.events import INTERNAL, bind
from tfgen.app.handlers.own_pictures import train_on_pictures
from tfgen.app.handlers.train import (
    has_labels,
    offered_options,
    presets_of,
    resume_training,
    start_training,
    stop_training,
    training_state,
)
from tfgen.app.header import Header, refresh_runs
from tfgen.app.tabs import own_pictures
from tfgen.app.tabs.train_results import changed
from tfgen.config.families import FAMILIES

TITLE, ELEMENT_ID = "Train a model", "tab-train"
#: Seconds between two updates while a run trains.
PERIOD = 2.0
QUIET: dict[str, Any] = {"show_progress": "hidden", **INTERNAL}
#: Settings of the events that show the state of the training. They run one after the other, so that the latest result
#: is shown.
WATCHING: dict[str, Any] = {"concurrency_id": "watching", "concurrency_limit": 1, **QUIET}


@dataclass(frozen=True)
class _Options:
    """Components of the options of a new run, and `expected`, a text with the expected result."""

    family: gr.Dropdown
    preset: gr.Dropdown
    expected: gr.Markdown
    data: gr.Dropdown
    epochs: gr.Number
    seed: gr.Number
    learning_rate: gr.Number
    conditional: gr.Checkbox


@dataclass(frozen=True)
class _Controls:
    """Buttons of the training, and the group with the dropdown of the unfinished runs."""

    start: gr.Button
    stop: gr.Button
    unfinished_group: gr.Group
    unfinished: gr.Dropdown
    resume: gr.Button


@dataclass(frozen=True)
class _Progress:
    """Components that show the training; `printed` is the accordion around `log`, the output of the training."""

    status: gr.HTML
    use: gr.Button
    numbers: gr.Markdown
    picture: gr.Image
    curves: gr.Gallery
    printed: gr.Accordion
    log: gr.Textbox


# -- layout -----------------------------------------------------------------------------------------------------------


def build(context: Context, header: Header, tab: gr.Tab) -> None:
    """Add the components of the tab and connect their events."""
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            options, controls = _options(), _controls()
            own = own_pictures.build(context)
        with gr.Column(scale=3, min_width=300):
            status = gr.HTML(elem_id="train-status")
            use = gr.Button("Use this model in the other tabs", size="sm", visible=False, elem_id="train-use")
            numbers = gr.Markdown(elem_id="train-numbers", elem_classes=["numbers"])
            picture = components.picture("Latest samples", elem_id="train-samples", visible=False)
    curves = components.curve_gallery(elem_id="train-curves")
    with gr.Accordion("Output of the training", open=False, visible=False) as printed:
        log = gr.Textbox(lines=8, max_lines=16, show_label=False, container=False, interactive=False)
    progress = _Progress(status, use, numbers, picture, curves, printed, log)
    _connect_options(options)
    _connect_training(context, header, tab, options, controls, own, progress)


def _options() -> _Options:
    first_family = next(iter(FAMILIES))
    presets = presets_of(first_family)
    sets, usual, expected = offered_options(first_family, presets[0])
    family = gr.Dropdown(
        [(each.title, name) for name, each in FAMILIES.items()],
        value=first_family,
        label="Family",
        info="Kind of model",
        elem_id="train-family",
    )
    preset = components.run_dropdown(
        choices=presets,
        value=presets[0],
        label="Preset",
        info="Predefined options of the model and the training",
        elem_id="train-preset",
    )
    text = gr.Markdown(expected, elem_classes=["caption"])
    data = components.run_dropdown(choices=sets, value=sets[0], label="Data", info="Data set to train on")
    with gr.Row():
        epochs = components.integer(usual.epochs, label="Epochs", info="Number of passes over the data", min_width=120)
        seed = components.seed(info="Seed of all random numbers", min_width=120)
        rate = gr.Number(usual.learning_rate, label="Learning rate", info="Step size of the optimizer", min_width=120)
    conditional = gr.Checkbox(
        False,
        label="Learn the labels of the data",
        info="A conditional model draws pictures of a class that you choose",
        visible=has_labels(sets[0]),
    )
    return _Options(family, preset, text, data, epochs, seed, rate, conditional)


def _controls() -> _Controls:
    with gr.Row():
        start = gr.Button("Start training", variant="primary", min_width=120, elem_id="train-start")
        stop = gr.Button("Stop training", interactive=False, min_width=120, elem_id="train-stop")
    with gr.Group(visible=False) as group:
        unfinished = components.run_dropdown(
            label="Unfinished runs", info="The training of the run continues exactly where it stopped"
        )
        resume = gr.Button("Resume training", elem_id="train-resume")
    return _Controls(start, stop, group, unfinished, resume)


# -- events -----------------------------------------------------------------------------------------------------------


def _connect_options(options: _Options) -> None:
    """Let the preset follow the family, and the other options follow the preset."""
    inputs = [options.family, options.preset]
    outputs = [options.data, options.epochs, options.learning_rate, options.expected, options.conditional]
    options.family.input(_presets, options.family, options.preset, **QUIET).then(
        _options_of_preset, inputs, outputs, **QUIET
    )
    options.preset.input(_options_of_preset, inputs, outputs, **QUIET)
    options.data.input(_conditional_of_data, options.data, options.conditional, **QUIET)


def _connect_training(
    context: Context,
    header: Header,
    tab: gr.Tab,
    options: _Options,
    controls: _Controls,
    own: own_pictures.OwnPictures,
    progress: _Progress,
) -> None:
    # `seen`: phase and stamp of what the page shows. `ended`: the training that ended last.
    seen, ended, timer = gr.State(""), gr.State(""), gr.Timer(PERIOD, active=False)
    outputs = [
        *vars(progress).values(),
        controls.start,
        controls.stop,
        controls.unfinished_group,
        controls.unfinished,
        seen,
        ended,
        timer,
    ]
    watching: dict[str, Any] = {
        "fn": bind(_watch, context),
        "inputs": [header.active_tab, seen, controls.unfinished],
        "outputs": outputs,
        **WATCHING,
    }
    values = [component for name, component in vars(options).items() if name != "expected"]
    controls.start.click(bind(_start, context), values, **QUIET).then(**watching)
    given = [options.family, *own.options, options.seed]
    own.start.click(bind(_start_on_pictures, context), given, **QUIET).then(**watching)
    controls.stop.click(bind(_stop, context), **QUIET).then(**watching)
    controls.resume.click(bind(_resume, context), controls.unfinished, **QUIET).then(**watching)
    progress.use.click(bind(_use, context), header.model, header.model, **QUIET)
    tab.select(bind(_open, context), controls.unfinished, outputs, **WATCHING)
    gr.on([header.blocks.load, timer.tick], **watching)
    ended.change(bind(refresh_runs, context), header.model, [header.model, header.unusable], **QUIET)
    for handler in (start_training, resume_training, training_state, stop_training):
        gr.api(bind(handler, context), api_name=handler.__name__)
    own_pictures.add_api(context)


def _presets(family: str):
    names = presets_of(family)
    return gr.update(choices=names, value=names[0] if names else None)


def _options_of_preset(family: str, preset: str | None) -> list[Any]:
    if preset not in presets_of(family):
        return [*[gr.skip()] * 5]
    sets, usual, expected = offered_options(family, preset)
    data = gr.update(choices=sets, value=sets[0])
    return [data, usual.epochs, usual.learning_rate, expected, _conditional_of_data(sets[0])]


def _conditional_of_data(data: str | None):
    """Return the update of the checkbox for a conditional model: data without labels have none."""
    return gr.update(visible=True) if has_labels(data) else gr.update(visible=False, value=False)


# Handlers of programs return a name or a state; events of the page without outputs must return nothing.
def _start(context: Context, *values: Any) -> None:
    start_training(context, *values)


def _start_on_pictures(context: Context, *values: Any) -> None:
    train_on_pictures(context, *values)


def _stop(context: Context) -> None:
    context.trainer.stop()


def _resume(context: Context, run: str | None) -> None:
    resume_training(context, run or "")


def _use(context: Context, model: str | None):
    """Return the update of the models in the header: choose the trained run if it has a model."""
    run, names = context.trainer.state().run, context.catalogue.usable()
    return gr.update(choices=names, value=run if run in names else model)


def _open(context: Context, unfinished: str | None) -> list[Any]:
    """Return the values of all outputs when the tab is opened. The text box of the open tab may not be updated yet."""
    return _watch(context, TITLE, "", unfinished)


def _watch(context: Context, active_tab: str, seen: str, unfinished: str | None) -> list[Any]:
    """Return the values of all outputs. If another tab is open, only `seen`, `ended` and the timer change."""
    state = context.trainer.state()
    timer = gr.update(active=state.busy or active_tab == TITLE)
    ended = "" if state.busy or not state.run else f"{state.run} {state.phase} {state.epoch}"
    if active_tab != TITLE:
        return [*[gr.skip()] * 11, "", ended, timer]
    return [*changed(context, state, seen, unfinished), ended, timer]
