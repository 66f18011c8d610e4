"""The tab in which a run is trained."""

import dataclasses
import html
from typing import Any

import gradio as gr

from tfgen.app import components
from tfgen.app import training_history as course
from tfgen.app.about import FAMILIES
from tfgen.app.page import Page
from tfgen.app.pictures import kept
from tfgen.app.trainer import State
from tfgen.app.validation import INTERNAL, answering
from tfgen.config import MODEL_CONFIGS, TrainConfig
from tfgen.config.presets import PRESETS, run_config
from tfgen.data import POINT_NAMES
from tfgen.data.idx import is_there
from tfgen.errors import ConfigError, TfgenError

TITLE = "Train"
#: Seconds between two looks at the training.
PERIOD = 2.0
QUIET: dict[str, Any] = {"show_progress": "hidden", **INTERNAL}
#: One look after the other, so that the last one has the last word.
WATCHING: dict[str, Any] = {"concurrency_id": "watching", "concurrency_limit": 1, **QUIET}


def data_for(model: str, preset: str) -> list[str]:
    """The data sets at hand on which a preset can be trained, its own first; none where its own is not there."""
    own = PRESETS[model][preset].options.get("data", "digits")
    if own in POINT_NAMES:
        return [own, *(name for name in POINT_NAMES if name != own)]
    if own == "digits":
        return ["digits", "mnist"] if is_there("mnist") else ["digits"]
    # Presets of larger sets divide them in ways that 1,797 digits cannot be divided.
    return [own] if own in ("mnist", "stacked_mnist") and is_there("mnist") else []


def presets_of(model: str) -> list[str]:
    """The presets of a family whose data is at hand."""
    return [preset for preset in PRESETS.get(model, {}) if data_for(model, preset)]


def offer(model: str, preset: str) -> tuple[list[str], TrainConfig, str]:
    """The data sets for a preset at hand, its usual options of training, and what one should see, as Markdown."""
    sets = data_for(model, preset)
    expected = f"On {sets[0]} one should see: {course.plain(PRESETS[model][preset].see)}."
    if len(presets_of(model)) < len(PRESETS[model]):
        expected += " More presets appear where TFGEN_DATA names the folder of MNIST's files."
    return sets, run_config(model, preset).train, expected


def options_of(model: str, preset: str, data: str | None = None, **options: Any) -> dict[str, Any]:
    """The options of `run_config` that were given on the page or by a program, where None stands for the preset's.

    Raises:
        ConfigError: as `run_config` does, and for other data than what is at hand: the other files of the machine are
            none of a page's business.
    """
    for name, value in {"model": model, "preset": preset, "data": data or ""}.items():
        if not isinstance(value, str):
            raise ConfigError(f"{name}: expected a name. Received: {value!r}")
    run_config(model, preset)
    allowed = data_for(model, preset)
    if not allowed:
        raise ConfigError(
            f"preset: expected one of {', '.join(presets_of(model))}, whose data is here. Received: {preset!r}; its "
            "data is found where the environment variable TFGEN_DATA names the folder of MNIST's files"
        )
    chosen = data or allowed[0]
    if chosen not in allowed:
        raise ConfigError(f"data: expected one of {', '.join(allowed)} with the preset {preset}. Received: {data!r}")
    return {"data": chosen, **{name: _number(name, value) for name, value in options.items() if value is not None}}


def _number(name: str, value: Any) -> Any:
    # JSON, and the fields of a page, do not tell 5 from 5.0.
    whole = name != "learning_rate" and isinstance(value, float) and value.is_integer()
    return int(value) if whole else value


def build(page: Page, tab: gr.Tab) -> None:
    """Fill the tab."""

    @answering
    def start_training(
        model: str,
        preset: str = "quick",
        data: str | None = None,
        epochs: int | None = None,
        seed: int = 0,
        learning_rate: float | None = None,
    ) -> str:
        """Start to train a new run, in the background. One run trains at a time.

        Args:
            model: the family: vae, gan, flow, …
            preset: where its options come from: quick, practical, …
            data: digits, mnist or, for a flow, a density of the plane; None for the preset's.
            epochs: passes over the data; None for the preset's.
            seed: of weights, batches and noise.
            learning_rate: step size; None for the preset's.

        Returns:
            The name of the run, for `training_state`, `training` and, once it has a model, all others.
        """
        given = options_of(model, preset, data, epochs=epochs, seed=seed, learning_rate=learning_rate)
        return page.trainer.start(model, preset, **given)

    @answering
    def resume_training(run: str) -> str:
        """Go on with a run that has epochs left, exactly where it stopped.

        Args:
            run: its name.

        Returns:
            Its name.
        """
        return page.trainer.resume(run)

    def training_state() -> dict:
        """Tell how the training stands that was started last.

        Returns:
            "phase": idle, starting, training, finishing, stopping, finished, stopped or failed; "run", its name;
            "epoch" of "epochs"; "share" that is done; "seconds_left", an estimate; "sentence", why it failed.
        """
        return dataclasses.asdict(page.trainer.state())

    def stop_training() -> dict:
        """Ask the training to save and end, which takes a moment; `resume_training` goes on later.

        Returns:
            What `training_state` does.
        """
        page.trainer.stop()
        return training_state()

    family = next(iter(MODEL_CONFIGS))
    names = presets_of(family)
    sets, usual, expected = offer(family, names[0])
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            model = gr.Dropdown(
                [(FAMILIES.get(name, name), name) for name in MODEL_CONFIGS],
                value=family,
                label="Family",
                info="What kind of model",
                elem_id="train-family",
            )
            preset = components.run_choice(
                choices=names,
                value=names[0],
                label="Preset",
                info="Where its options come from",
                elem_id="train-preset",
            )
            see = gr.Markdown(expected, elem_classes=["caption"])
            data = components.run_choice(choices=sets, value=sets[0], label="Data", info="What it learns to draw")
            with gr.Row():
                epochs = components.whole_number(usual.epochs, label="Epochs", info="How long", min_width=120)
                seed = components.seed(info="Of the noise", min_width=120)
                rate = gr.Number(usual.learning_rate, label="Learning rate", info="Step size", min_width=120)
            with gr.Row():
                start = gr.Button("Start", variant="primary", min_width=120, elem_id="train-start")
                stop = gr.Button("Stop", interactive=False, min_width=120, elem_id="train-stop")
            with gr.Group(visible=False) as unfinished:
                left = components.run_choice(label="Unfinished", info="Goes on exactly where it stopped")
                go_on = gr.Button("Go on", elem_id="train-go-on")
        with gr.Column(scale=3, min_width=300):
            status = gr.HTML(elem_id="train-status")
            open_run = gr.Button("Choose it as the model", size="sm", visible=False, elem_id="train-open")
            numbers = gr.Markdown(elem_id="train-numbers", elem_classes=["numbers"])
            picture = components.picture("Its latest samples", elem_id="train-samples", visible=False)
    curves = components.curves(elem_id="train-curves")
    with gr.Accordion("What the training prints", open=False, visible=False) as printed:
        log = gr.Textbox(lines=8, max_lines=16, show_label=False, container=False, interactive=False)
    timer = gr.Timer(PERIOD, active=False)
    seen, ended = gr.State(""), gr.State("")

    visuals = [status, open_run, numbers, picture, curves, printed, log, start, stop, unfinished, left]
    outputs = [*visuals, seen, ended, timer]

    def watch(active: str, seen: str, left: str | None) -> list[Any]:
        state = page.trainer.state()
        timer = gr.update(active=state.busy or active == TITLE)
        ended = "" if state.busy or not state.run else f"{state.run} {state.phase} {state.epoch}"
        if active != TITLE:
            return [*[gr.skip()] * len(visuals), "", ended, timer]
        return [*_shown(page, state, seen, left), ended, timer]

    def opened(*values) -> list[Any]:
        # Gradio may not have noted yet that it is. Whatever came or went meanwhile is looked for.
        return watch(TITLE, "", *values)

    def presets(model: str):
        names = presets_of(model)
        return gr.update(choices=names, value=names[0] if names else None)

    def options(model: str, preset: str | None) -> list[Any]:
        if preset not in presets_of(model):
            return [*[gr.skip()] * 4]
        sets, usual, expected = offer(model, preset)
        return [gr.update(choices=sets, value=sets[0]), usual.epochs, usual.learning_rate, expected]

    def begin(*values) -> None:
        start_training(*values)

    def go_on_with(name: str | None) -> None:
        resume_training(name or "")

    def open_trained(model: str | None):
        state, names = page.trainer.state(), page.catalogue.usable()
        return gr.update(choices=names, value=state.run if state.run in names else model)

    looked, watched = [page.active, seen, left], {"fn": watch, "outputs": outputs, **WATCHING}
    presets_events = [model, preset], [data, epochs, rate, see]
    model.input(presets, model, preset, **QUIET).then(options, *presets_events, **QUIET)
    preset.input(options, *presets_events, **QUIET)
    start.click(begin, [model, preset, data, epochs, seed, rate], **QUIET).then(inputs=looked, **watched)
    stop.click(page.trainer.stop, **QUIET).then(inputs=looked, **watched)
    go_on.click(go_on_with, left, **QUIET).then(inputs=looked, **watched)
    open_run.click(open_trained, page.model, page.model, **QUIET)
    tab.select(opened, left, outputs, **WATCHING)
    gr.on([page.blocks.load, timer.tick], inputs=looked, **watched)
    ended.change(page.look, page.model, [page.model, page.broken], **QUIET)
    for handler in (start_training, resume_training, training_state, stop_training):
        gr.api(handler, api_name=handler.__name__)


def _shown(page: Page, state: State, seen: str, left: str | None) -> list[Any]:
    """Values of the visuals and of `seen`, their phase and stamp; what has not changed since is left alone."""
    phase, _, stamp = seen.partition(" ")
    ready = state.phase in ("finished", "stopped") and _has_model(page, state.run)
    numbers, picture, curves, stamp = _drawn(page, state, stamp)
    said = page.trainer.said()
    return [
        _status(state, ready),
        gr.update(visible=ready),
        numbers,
        picture,
        curves,
        gr.update(visible=bool(said)),
        said,
        gr.update(interactive=not state.busy),
        gr.update(interactive=state.busy and state.phase != "stopping"),
        *([gr.skip()] * 2 if phase == state.phase else _unfinished(page, state, left)),
        f"{state.phase} {stamp}",
    ]


def _has_model(page: Page, name: str | None) -> bool:
    try:
        return bool(page.catalogue.model_run(name or ""))
    except TfgenError:
        return False


def _unfinished(page: Page, state: State, left: str | None) -> list[Any]:
    """Whether there are unfinished runs, and which; the one that was just stopped is chosen."""
    names = page.trainer.unfinished()
    chosen = next((name for name in (state.run, left, *names) if name in names), None)
    return [gr.update(visible=bool(names)), gr.update(choices=names, value=chosen)]


def _drawn(page: Page, state: State, seen: str) -> tuple[Any, Any, Any, str]:
    """Numbers, samples and curves of the run in training, and their stamp."""
    empty = "", gr.update(value=None, visible=False), gr.update(value=None, visible=False), ""
    if state.run is None:
        return empty
    try:
        run = page.catalogue.run(state.run)
        stamp = course.stamp(run)
        if stamp == seen:
            return gr.skip(), gr.skip(), gr.skip(), seen
        panels = [(kept(panel, f"{state.run}-{title}"), title) for title, panel in course.curves(run)]
        samples = course.samples(run) if course.epochs(run) else None
        numbers = course.latest(run)
    except TfgenError:
        return empty  # the status says what became of it
    picture: dict[str, Any] = gr.update(value=None, visible=False)
    if samples:
        picture = gr.update(
            value=kept(samples[0], f"{state.run}-epoch-{samples[1]}"),
            label=f"Its samples after {samples[1]} epochs" if samples[1] else "Its samples before the first step",
            elem_classes=components.look_of(course.is_plot(run)),
            visible=True,
        )
    return numbers, picture, gr.update(value=panels, visible=bool(panels)), stamp


def _status(state: State, ready: bool) -> str:
    if state.run is None:
        return "<p>Nothing trains at the moment. With the preset quick it takes a minute or two.</p>"
    name, sentence = html.escape(state.run), html.escape(state.sentence, quote=False)
    left = f", about {course.duration(state.seconds_left)} left" if state.seconds_left is not None else ""
    line = {
        "starting": "starts; that takes some seconds.",
        "training": f"epoch {min(state.epoch + 1, state.epochs)} of {state.epochs}{left}.",
        "finishing": f"all {state.epochs} epochs are done; now come the test set and the last pictures.",
        "stopping": "saves and stops.",
        "finished": f"is trained, all {state.epochs} epochs." + " It is in the list of models at the top." * ready,
        "stopped": f"stopped after {state.epoch} of {state.epochs} epochs. {sentence}",
        "failed": f"failed. {sentence}",
    }[state.phase]
    percent = round(100 * state.share)
    bar = (
        f'<div class="progress" role="progressbar" aria-label="Training of {name}" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{percent}"><div style="width: {percent}%"></div></div>'
    )
    return f'<div class="{state.phase}"><p><b>{name}</b> {line}</p>{bar}</div>'
