"""The tab in which pictures are drawn."""

import gradio as gr

from tfgen.app import components
from tfgen.app.page import Page
from tfgen.app.pictures import grid_picture, kept
from tfgen.app.validation import COMPUTING, INTERNAL, answering, number, whole
from tfgen.plots import style
from tfgen.plots.points import draw_points

TITLE = "Sample"
MOST = 144


def build(page: Page, tab: gr.Tab) -> None:
    """Fill the tab."""

    @answering
    def sample(model: str, count: int = 36, seed: int = 0, temperature: float = 1.0) -> tuple[str, str]:
        """Draw pictures from a model. The same seed gives the same picture, whatever the count.

        Args:
            model: name of a pretrained model or a run, as `models` lists them.
            count: how many pictures, 1 to 144.
            seed: of the first picture; the others have the following seeds.
            temperature: factor on the standard deviation of the latent noise, 0 to 2.

        Returns:
            The pictures in a grid as one PNG, and a caption.
        """
        count = whole("count", count, 1, MOST)
        seed = whole("seed", seed, -(2**31), 2**31 - 1)
        temperature = number("temperature", temperature, 0.0, 2.0)
        with page.engine.using(model) as loaded:
            drawn = loaded.sample(count, seed=seed, temperature=temperature).numpy()
            picture = grid_picture(drawn) if loaded.is_image else style.picture(draw_points(drawn, loaded))
        return kept(picture, f"{model}-seed-{seed}"), _caption(model, count, seed, temperature)

    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            count = components.slider(1, MOST, 36, step=1, label="Pictures", info="How many to draw")
            with gr.Row():
                seed = components.seed(info="Of the first picture; the others follow", min_width=140)
                more = gr.Button("Next ones", size="sm", scale=0, min_width=110, elem_classes=["quiet"])
            temperature = components.temperature()
            caption = gr.Markdown(elem_classes=["caption"])
        with gr.Column(scale=3, min_width=300, elem_classes=["result"]):
            picture = components.picture("Samples", elem_id="samples")

    inputs, outputs = [page.model, count, seed, temperature], [picture, caption]
    gr.on(
        [count.input, seed.input, seed.submit, temperature.input],
        sample,
        inputs,
        outputs,
        api_name="sample",
        **COMPUTING,
    )
    more.click(lambda seed, count: int(seed or 0) + int(count), [seed, count], seed, queue=False, **INTERNAL).then(
        sample, inputs, outputs, **COMPUTING, **INTERNAL
    )
    page.when_shown(tab, sample, inputs, outputs)
    page.blocks.load(sample, inputs, outputs, **COMPUTING, **INTERNAL)


def _caption(model: str, count: int, seed: int, temperature: float) -> str:
    seeds = f"Seed {seed}" if count == 1 else f"Seeds {seed} to {seed + count - 1}"
    return (
        f"{seeds} of **{model}** at temperature {temperature:g}. A seed is the same picture here, in an export and on "
        "any machine."
    )
