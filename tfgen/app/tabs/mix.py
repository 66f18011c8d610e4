"""The tab "Mix": one picture between up to four samples, each with a weight."""

import inspect
from dataclasses import dataclass
from typing import Any

import gradio as gr

from tfgen.app import components, views
from tfgen.app.context import Context
from tfgen.app.events import COMPUTING, bind
from tfgen.app.handlers.mix import NUMBERS, mix, small_samples
from tfgen.app.header import Header
from tfgen.app.labels import kept
from tfgen.app.validation import expect_images
from tfgen.errors import UndefinedError

TITLE, ELEMENT_ID = "Mix", "tab-mix"
#: First weight of each sample.
WEIGHTS = (1.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True)
class _Sample:
    """Components of a sample of the mix: its small picture, its seed, its class and its weight."""

    picture: gr.Image
    seed: gr.Number
    label: gr.Dropdown
    weight: gr.Slider


def build(context: Context, header: Header, tab: gr.Tab) -> None:
    """Add the components of the tab and connect their events."""
    notice = components.notice()
    with gr.Row():
        with gr.Column(scale=3, min_width=300):
            samples = []
            for row in (NUMBERS[:2], NUMBERS[2:]):
                with gr.Row():
                    samples += [_sample(number) for number in row]
            temperature = components.temperature()
        with gr.Column(scale=3, min_width=300, elem_classes=["result"]):
            picture = components.picture("Mix of the samples", elem_id="mix")
            gr.Markdown(
                "The latent noise of the mix is the weighted sum of the noise of the samples, divided by the norm of "
                "the weights. It has the distribution of the noise of one sample.",
                elem_classes=["caption"],
            )
    components.view_buttons()
    _connect(context, header, notice, samples, temperature, picture)


def _sample(number: int) -> _Sample:
    with gr.Column(min_width=140):
        picture = components.picture(f"Sample {number}", elem_id=f"mixed-{number}", buttons=[], height=150)
        weight = components.slider(
            0.0, 1.0, WEIGHTS[number - 1], step=0.01, label=f"Weight {number}", elem_id=f"mix-weight-{number}"
        )
        seed = components.seed(number - 1, f"Seed {number}", "", min_width=120, elem_id=f"mix-seed-{number}")
        label = components.class_dropdown(f"Class {number}", "", min_width=120, elem_id=f"mix-class-{number}")
    return _Sample(picture, seed, label, weight)


def _connect(
    context: Context, header: Header, notice: gr.Markdown, samples: list[_Sample], temperature: gr.Slider, picture
) -> None:
    controls: list[Any] = [
        *(sample.seed for sample in samples),
        *(sample.weight for sample in samples),
        temperature,
        *(sample.label for sample in samples),
    ]
    components.add_api(bind(mix, context), [header.model, *controls], [picture], "mix", **COMPUTING)
    names = [name for name in inspect.signature(mix).parameters if name not in ("context", "model")]
    outputs = [notice, *(sample.label for sample in samples), *(sample.picture for sample in samples), picture]
    view = views.View("mix", TITLE, dict(zip(names, controls, strict=True)), _update, outputs)
    views.connect(context, header, view, [control.input for control in controls])


def _update(
    context: Context, values: dict[str, Any], before: dict[str, Any] | None
) -> tuple[dict[str, Any], list[Any]]:
    """Return what `tfgen.app.views.Update` says. Only the samples that changed are drawn again."""
    labels = [f"label_{number}" for number in NUMBERS]
    before, selectors = before or {}, [gr.skip()] * len(NUMBERS)
    # The pictures of refused values were not drawn.
    is_new = not before or before.get("model") != values["model"] or views.REFUSED in before
    if is_new:
        try:
            with context.models.using(values["model"]) as loaded:
                expect_images(loaded, "A mix")
                classes = loaded.classes
        except UndefinedError as error:
            hidden = [components.class_update(None, ())] * len(NUMBERS)
            return {}, [components.notice_update(str(error)), *hidden, *[None] * (len(NUMBERS) + 1)]
        if before:
            values = values | {name: kept(values[name], classes) for name in labels}
        selectors = [components.class_update(values[name], classes) for name in labels]
    picture = mix(context, **values)
    changed = {name for name in values if is_new or before.get(name) != values[name]}
    drawn = [n for n in NUMBERS if changed & {f"seed_{n}", f"label_{n}", "temperature"}]
    pictures: list[Any] = [gr.skip()] * len(NUMBERS)
    seeds, chosen = ([values[f"{name}_{n}"] for n in drawn] for name in ("seed", "label"))
    for n, path in zip(
        drawn, small_samples(context, values["model"], seeds, values["temperature"], chosen), strict=True
    ):
        pictures[n - 1] = path
    return values, [components.notice_update(""), *selectors, *pictures, picture]
