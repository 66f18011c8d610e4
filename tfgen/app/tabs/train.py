"""Part of the tab "Runs": options of a new run, and the state of the training."""

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
from tfgen.app.tabs.training_history import TITLE
from tfgen.config.families import FAMILIES

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
    printed: gr.Accordion
    log: gr.Textbox


@dataclass(frozen=True)
class Training:
    """All components that train, as `connect` takes them."""

    options: _Options
    controls: _Controls
    own: own_pictures.OwnPictures
    progress: _Progress


# -- layout -----------------------------------------------------------------------------------------------------------


def build(context: Context) -> Training:
    """Add the components."""
    with gr.Row():
        with gr.Column(scale=3, min_width=280):
            status = gr.HTML(elem_id="train-status")
            use = gr.Button("Use this model in the other tabs", size="sm", visible=False, elem_id="train-use")
        with gr.Column(scale=1, min_width=200):
            stop = gr.Button("Stop training", size="sm", interactive=False, elem_id="train-stop")
    with gr.Accordion("Train a new model", open=False, elem_id="new-run"), gr.Row():
        with gr.Column(min_width=280):
            options = _options()
            controls = _controls(stop)
        with gr.Column(min_width=280):
            own = own_pictures.build(context)
    with gr.Accordion("Output of the training", open=False, visible=False) as printed:
        log = gr.Textbox(lines=8, max_lines=16, show_label=False, container=False, interactive=False)
    return Training(options, controls, own, _Progress(status, use, printed, log))


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


def _controls(stop: gr.Button) -> _Controls:
    start = gr.Button("Start training", variant="primary", min_width=120, elem_id="train-start")
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


def connect(context: Context, header: Header, tab: gr.Tab, training: Training, run: gr.Dropdown) -> None:
    """Connect the events. A run that is started on the page becomes the value of the dropdown `run`."""
    options, controls, own, progress = training.options, training.controls, training.own, training.progress
    _connect_options(options)
    # `seen`: phase that the page shows. `ended`: the training that ended last. `awaited`: a run that was started here.
    seen, ended, awaited, timer = gr.State(""), gr.State(""), gr.State(None), gr.Timer(PERIOD, active=False)
    outputs = [
        *vars(progress).values(),
        *(controls.start, controls.stop, controls.unfinished_group, controls.unfinished),
        *(seen, ended, timer, awaited, run),
    ]
    watching: dict[str, Any] = {
        "fn": bind(_watch, context),
        "inputs": [header.active_tab, seen, controls.unfinished, awaited],
        "outputs": outputs,
        **WATCHING,
    }
    values = [component for name, component in vars(options).items() if name != "expected"]
    controls.start.click(bind(_start, context), values, awaited, **QUIET).then(**watching)
    given = [options.family, *own.options, options.seed, *own.reading, own.groups]
    own.start.click(bind(_start_on_pictures, context), given, awaited, **QUIET).then(**watching)
    controls.stop.click(bind(_stop, context), **QUIET).then(**watching)
    controls.resume.click(bind(_resume, context), controls.unfinished, awaited, **QUIET).then(**watching)
    progress.use.click(bind(_use, context), None, header.model, **QUIET)
    tab.select(bind(_open, context), [controls.unfinished, awaited], outputs, **WATCHING)
    gr.on([header.blocks.load, timer.tick], **watching)
    ended.change(bind(refresh_runs, context), header.model, [header.model, header.unusable], **QUIET)
    for handler in (start_training, resume_training, training_state, stop_training):
        gr.api(bind(handler, context), api_name=handler.__name__)
    own_pictures.connect(context, own)
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


# Gradio numbers the handlers of one name, so that the events of the page need names of their own.
def _start(context: Context, *values: Any) -> str:
    return start_training(context, *values)


def _start_on_pictures(context: Context, *values: Any) -> str:
    return train_on_pictures(context, *values)


def _stop(context: Context) -> None:
    # The handler of programs returns a state; an event of the page without outputs must return nothing.
    context.trainer.stop()


def _resume(context: Context, run: str | None) -> str:
    return resume_training(context, run or "")


def _use(context: Context):
    """Return the update of the models in the header: choose the trained run if it has a model."""
    run, names = context.trainer.state().run, context.catalogue.usable()
    return gr.update(choices=names, value=run) if run in names else gr.update(choices=names)


def _open(context: Context, unfinished: str | None, awaited: str | None) -> list[Any]:
    """Return the values of all outputs when the tab is opened. The text box of the open tab may not be updated yet."""
    return _watch(context, TITLE, "", unfinished, awaited)


def _watch(context: Context, active_tab: str, seen: str, unfinished: str | None, awaited: str | None) -> list[Any]:
    """Return the values of all outputs. If another tab is open, only `seen`, `ended` and the timer change."""
    state = context.trainer.state()
    timer = gr.update(active=state.busy or active_tab == TITLE)
    ended = "" if state.busy or not state.run else f"{state.run} {state.phase} {state.epoch}"
    if active_tab != TITLE:
        return [*[gr.skip()] * 8, "", ended, timer, *[gr.skip()] * 2]
    return [*changed(context, state, seen, unfinished), ended, timer, *_awaited(context, awaited)]


def _awaited(context: Context, awaited: str | None) -> list[Any]:
    """Return the values of `awaited` and of the dropdown of the runs: the awaited run as soon as it has a folder."""
    names = context.catalogue.trained() if awaited else []
    return [None, gr.update(choices=names, value=awaited)] if awaited in names else [gr.skip()] * 2
