"""The tab in which models stand side by side."""

import html

import gradio as gr

from tfgen.app import components
from tfgen.app.page import Page
from tfgen.app.pictures import grid_picture, kept
from tfgen.app.validation import COMPUTING, INTERNAL, answering, number, whole
from tfgen.comparison import figure, recorded, table
from tfgen.errors import ConfigError, TfgenError
from tfgen.plots import style
from tfgen.plots.points import draw_points

TITLE = "Compare"
#: Models side by side, and pictures of each.
MOST, PICTURES = 6, 36


def build(page: Page, tab: gr.Tab) -> None:
    """Fill the tab."""

    @answering
    def compare_samples(models: list[str], count: int = 16, seed: int = 0, temperature: float = 1.0) -> list:
        """Draw pictures of several models from the same seeds.

        Args:
            models: names of pretrained models or runs, 1 to 6, as `models` lists them.
            count: pictures of each, 1 to 36.
            seed: of the first picture; the others have the following seeds.
            temperature: factor on the standard deviation of the latent noise, 0 to 2.

        Returns:
            For each model a grid of its pictures, with its name.
        """
        names = _checked(models)
        count = whole("count", count, 1, PICTURES)
        seed = whole("seed", seed, -(2**31), 2**31 - 1)
        temperature = number("temperature", temperature, 0.0, 2.0)
        shown = []
        for name in names:
            with page.engine.using(name) as loaded:
                drawn = loaded.sample(count, seed=seed, temperature=temperature).numpy()
                one = grid_picture(drawn) if loaded.is_image else style.picture(draw_points(drawn, loaded))
            shown.append((kept(one, f"{name}-seed-{seed}"), name))
        return shown

    @answering
    def compare(models: list[str]) -> tuple[str, str]:
        """Compare models by what is recorded of them: likelihood, sample quality, cost, memorization.

        Args:
            models: names of pretrained models or runs on the same data, 1 to 6, as `models` lists them.

        Returns:
            The comparison as a figure and as tables in Markdown. `tfgen compare` measures what is missing.
        """
        found = recorded([page.catalogue.run(name) for name in _checked(models)])
        text = table(found).partition("\n\n")[2]
        return kept(style.picture(figure(found)), "comparison"), text

    notice = components.notice()
    models = components.run_choice(
        choices=page.catalogue.usable(),
        multiselect=True,
        max_choices=MOST,
        label="Models",
        info="On the same data; likelihoods are ranked only where they measure the same thing",
        elem_id="models",
    )
    with gr.Row():
        count = components.slider(1, PICTURES, 16, step=1, label="Pictures", info="Of each model", min_width=160)
        seed = components.seed(info="Of the first picture, for all models", min_width=160)
        temperature = components.temperature(min_width=160)
    pictures = gr.Gallery(
        label="The same seeds",
        columns=3,
        object_fit="contain",
        height="auto",
        format="png",
        interactive=False,
        buttons=["download", "fullscreen"],
        elem_id="side-by-side",
        elem_classes=["pixels"],
    )
    with gr.Accordion("Measured", open=True):
        drawing = components.picture("Comparison", elem_id="comparison", elem_classes=["named"])
        tables = gr.Markdown(elem_id="tables", elem_classes=["tables"])

    inputs = [models, count, seed, temperature]
    gr.on(
        [count.input, seed.input, seed.submit, temperature.input],
        compare_samples,
        inputs,
        pictures,
        api_name="compare_samples",
        **COMPUTING,
    )
    components.for_programs(compare, [models], [drawing, tables], "compare")

    def both(names, count, seed, temperature):
        """Both parts, each with its own sentence where it cannot be."""
        if not names:
            return [components.said("Choose at least one model"), None, None, ""]
        reason, shown, measured = "", None, (None, "")
        try:
            shown = compare_samples(names, count, seed, temperature)
            measured = compare(names)
        except gr.Error as error:
            reason = html.unescape(error.message)
        return [components.said(reason), shown, *measured]

    everything = [notice, pictures, drawing, tables]
    models.input(both, inputs, everything, **COMPUTING, **INTERNAL)

    def show(name, *values):
        """The models on the data of the one that is chosen in the header."""
        try:
            data = page.catalogue.run(name).config.data
        except TfgenError as error:
            return [gr.skip(), components.said(str(error)), None, None, ""]
        runs = {entry.name: entry.run for entry in page.catalogue.entries() if entry.run and not entry.reason}
        alike = [other for other, run in runs.items() if run.config.data.data == data.data]
        names = [name, *(other for other in alike if other != name)][:MOST]
        return [gr.update(choices=list(runs), value=names), *both(names, *values)]

    page.when_shown(tab, show, [page.model, count, seed, temperature], [models, *everything])


def _checked(names) -> list[str]:
    if not isinstance(names, list) or not 1 <= len(names) <= MOST or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"models: expected a list of 1 to {MOST} names. Received: {names!r}")
    return names
