"""The tab in which one picture turns into another."""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from tfgen.app import components
from tfgen.app.latent_paths import PATHS, images_of, noise_of_example, noise_of_seed
from tfgen.app.page import Page
from tfgen.app.pictures import animation, as_picture, kept
from tfgen.app.preprocessing import as_example, looks_like_digits
from tfgen.app.validation import COMPUTING, INTERNAL, answering, number, one_of, whole
from tfgen.errors import TfgenError, UndefinedError
from tfgen.plots.interpolation import strips

TITLE = "Interpolate"
#: Images of an animation from one end to the other.
FRAMES = 24
MOST = 15


def build(page: Page, tab: gr.Tab) -> None:
    """Fill the tab."""

    def between(model, name: str, ends: Sequence, steps: int, path: str) -> tuple[str, str]:
        along: Callable = PATHS[one_of("path", path, PATHS)]
        strip = images_of(model, along(*ends, steps)[0]).numpy()
        frames = images_of(model, along(*ends, FRAMES)[0]).numpy()
        scale = max(1, 1600 // (steps * strip.shape[2]))
        return kept(as_picture(strips(strip[None], scale), 1), name), animation(frames, name)

    @answering
    def interpolate(
        model: str,
        first_seed: int = 0,
        last_seed: int = 1,
        steps: int = 7,
        path: str = "spherical",
        temperature: float = 1.0,
    ) -> tuple[str, str]:
        """Go from one sample of a model to another through its latent space.

        Args:
            model: name of a pretrained model or a run, as `models` lists them.
            first_seed: seed of the picture at one end.
            last_seed: seed of the picture at the other end.
            steps: pictures in the strip, the two ends included, 2 to 15.
            path: spherical, along the shell on which a normal prior has its mass, or linear, straight through it.
            temperature: factor on the standard deviation of the ends' latent noise, 0 to 2.

        Returns:
            The strip as a PNG, and an animation of the way there and back.
        """
        steps = whole("steps", steps, 2, MOST)
        seeds = [whole("seed", value, -(2**31), 2**31 - 1) for value in (first_seed, last_seed)]
        temperature = number("temperature", temperature, 0.0, 2.0)
        with page.engine.using(model) as loaded:
            _images_only(loaded)
            ends = [noise_of_seed(loaded, seed, temperature) for seed in seeds]
            return between(loaded, f"{model}-{seeds[0]}-to-{seeds[1]}", ends, steps, path)

    @answering
    def interpolate_pictures(
        model: str, first: Any, last: Any, steps: int = 7, path: str = "spherical", fit: bool = True
    ) -> tuple[str, str]:
        """Go from one picture of yours to another through a model's latent space; for models that can encode.

        Args:
            model: name of a pretrained model or a run, as `models` lists them.
            first: the picture at one end.
            last: the picture at the other end.
            steps: pictures in the strip, the two ends included, 2 to 15.
            path: spherical or linear.
            fit: cut out, centre and invert the pictures as MNIST's digits are (models of grey images).

        Returns:
            The strip as a PNG, whose ends are the model's reconstructions, and an animation of the way there and back.
        """
        steps = whole("steps", steps, 2, MOST)
        with page.engine.using(model) as loaded:
            _images_only(loaded)
            if not loaded.can("encode"):
                raise UndefinedError(loaded.undefined["encode"])
            ends = [noise_of_example(loaded, as_example(end, loaded, fit)) for end in (first, last)]
            return between(loaded, f"{model}-between", ends, steps, path)

    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            with gr.Tabs():
                with gr.Tab("Two samples") as of_samples:
                    with gr.Row():
                        first_seed = components.seed(0, "First seed", "The picture at one end", min_width=120)
                        last_seed = components.seed(1, "Last seed", "The one at the other end", min_width=120)
                    temperature = components.temperature()
                with gr.Tab("Two pictures of yours") as of_pictures:
                    notice = components.notice()
                    with gr.Column() as asked:
                        with gr.Row():
                            drawn = [components.pad(f"Draw the {end} one", min_width=130) for end in ("first", "last")]
                        with gr.Accordion("Or upload them", open=False), gr.Row():
                            sent = [components.upload(f"{end} picture", height=170) for end in ("First", "Last")]
                        fit = components.fit()
            steps = components.slider(2, MOST, 7, step=1, label="Steps", info="Pictures in the strip, ends included")
            path = components.options(
                list(PATHS),
                value="spherical",
                label="Path",
                info="Spherical: along the shell where the latents are; linear: straight through",
            )
        with gr.Column(scale=3, min_width=300, elem_classes=["result"]):
            strip = components.picture("From one to the other", elem_id="strip")
            film = components.picture("There and back", elem_id="film", format="webp", buttons=["download"])

    outputs = [strip, film]
    of_seeds = [page.model, first_seed, last_seed, steps, path, temperature]
    of_yours = [page.model, drawn[0], sent[0], drawn[1], sent[1], steps, path, fit]
    gr.on(
        [first_seed.input, last_seed.input, temperature.input],
        interpolate,
        of_seeds,
        outputs,
        api_name="interpolate",
        **COMPUTING,
    )
    components.for_programs(
        interpolate_pictures,
        [page.model, *(components.upload("Picture", visible=False) for _ in range(2)), steps, path, fit],
        outputs,
        "interpolate_pictures",
        **COMPUTING,
    )

    def from_yours(model, first, first_sent, last, last_sent, steps, path, fit):
        ends = first or first_sent, last or last_sent
        # Nothing to say yet while one of them is missing.
        return interpolate_pictures(model, *ends, steps, path, fit) if all(ends) else [gr.skip()] * 2

    def again(kind, *values):
        seeds, yours = values[: len(of_seeds)], values[len(of_seeds) :]
        return interpolate(*seeds) if kind == "samples" else from_yours(*yours)

    kind = gr.State("samples")
    everything = [kind, *of_seeds, *of_yours]
    changes = [one.input for one in drawn] + [one.clear for one in drawn] + [one.upload for one in sent] + [fit.input]
    gr.on(changes, from_yours, of_yours, outputs, **COMPUTING, **INTERNAL)
    gr.on([steps.input, path.input], again, everything, outputs, **COMPUTING, **INTERNAL)
    of_samples.select(lambda: "samples", outputs=kind, queue=False, **INTERNAL)
    of_pictures.select(lambda: "pictures", outputs=kind, queue=False, **INTERNAL)

    def show(kind, model, *values):
        try:
            with page.engine.using(model) as loaded:
                _images_only(loaded)
                reason = "" if loaded.can("encode") else loaded.undefined["encode"]
                drawable = not reason and loaded.event_shape[-1] == 1
            pictures = [None, None] if reason and kind == "pictures" else again(kind, model, *values)
            digits = looks_like_digits(page.catalogue.run(model))
            fitting = gr.update(visible=drawable, value=drawable and digits)
            return [*pictures, components.said(reason), gr.update(visible=not reason), fitting]
        except TfgenError as error:
            return [None, None, components.said(str(error)), gr.update(visible=False), gr.skip()]

    page.when_shown(tab, show, everything, [*outputs, notice, asked, fit])


def _images_only(model) -> None:
    if not model.is_image:
        raise UndefinedError("An interpolation needs images, and this is a model of points of the plane")
