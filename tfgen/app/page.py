"""The page: a header in which a model is chosen, and a tab for each way to look at it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from tfgen.app import components
from tfgen.app.about import about, unusable
from tfgen.app.catalogue import Catalogue
from tfgen.app.model_cache import Engine
from tfgen.app.trainer import Trainer
from tfgen.app.validation import COMPUTING, INTERNAL

STYLE = Path(__file__).with_name("style.css")
#: The model that is shown first, where it is there: legible pictures, and it can do everything.
FIRST = "mnist-vae"
#: The title of the tab that is open, as the browser has drawn it. Gradio reports the first tab as selected once it is
#: ready, which can be after another was; and on the server one selection can overtake another.
OPEN_TAB = """async () => {
  await new Promise((drawn) => setTimeout(drawn, 50));
  return document.querySelector('#tabs [role=tab][aria-selected=true]').textContent.trim();
}"""


@dataclass(frozen=True)
class Page:
    """What the tabs are built with.

    Attributes:
        catalogue: the names of models and runs.
        engine: computes with models.
        trainer: trains, one run at a time.
        blocks: the page itself.
        model: the component in which a model is chosen.
        broken: where the runs that cannot be used are listed.
        active: holds the title of the tab that is open.
    """

    catalogue: Catalogue
    engine: Engine
    trainer: Trainer
    blocks: gr.Blocks
    model: gr.Dropdown
    broken: gr.Markdown
    active: gr.Textbox

    def look(self, name: str | None) -> tuple[Any, str]:
        """Look for runs that came or went: what `model`, with that name chosen, and `broken` then show."""
        names = self.catalogue.usable()
        chosen = name if name in names else _first(names)
        return gr.update(choices=names, value=chosen), unusable(self.catalogue)

    def when_shown(self, tab: gr.Tab, show: Callable, inputs: Sequence, outputs: Sequence) -> None:
        """Call `show` when the tab is opened, and when another model is chosen while it is open.

        Args:
            tab: the tab; its label is its title.
            show: from the values of `inputs` to those of `outputs`; it says what a model cannot do and raises nothing.
            inputs, outputs: components.
        """

        def show_if_open(active, *values):
            return show(*values) if active == tab.label else [gr.skip()] * len(outputs)

        settings: dict[str, Any] = {"outputs": list(outputs), **COMPUTING, **INTERNAL}
        tab.select(show, list(inputs), **settings)
        self.model.change(show_if_open, [self.active, *inputs], **settings)


def build(catalogue: Catalogue, engine: Engine, trainer: Trainer) -> gr.Blocks:
    """The whole page, to be launched."""
    from tfgen.app.tabs import TABS

    with gr.Blocks(title="tfgen", analytics_enabled=False) as blocks:
        gr.Markdown("# tfgen\n\nLook inside generative models of images.", elem_id="title")
        names = catalogue.usable()
        with gr.Row(elem_id="chooser"):
            model = components.run_choice(
                choices=names,
                value=_first(names),
                label="Model",
                info="A pretrained model, or a run of yours",
                scale=4,
                elem_id="model",
            )
            refresh = gr.Button("Look for new runs", size="sm", scale=0, min_width=160, elem_classes=["quiet"])
        description = gr.Markdown(elem_id="about")
        broken = gr.Markdown(elem_id="unusable")
        active = gr.Textbox(TABS[0].TITLE, visible=False)
        page = Page(catalogue, engine, trainer, blocks, model, broken, active)
        with gr.Tabs(elem_id="tabs"):
            for module in TABS:
                with gr.Tab(module.TITLE, id=module.TITLE, elem_id=f"tab-{module.TITLE.lower()}") as tab:
                    module.build(page, tab)
                tab.select(None, js=OPEN_TAB, outputs=active, **INTERNAL)

        def describe(name: str | None) -> str:
            return about(catalogue, name)

        refresh.click(page.look, model, [model, broken], **INTERNAL)
        gr.on([blocks.load, model.change], describe, model, description, show_progress="hidden", **INTERNAL)
        blocks.load(page.look, model, [model, broken], **INTERNAL)

        def models() -> list[dict[str, str]]:
            """List the pretrained models and the runs.

            Returns:
                For each its name, what it is, and, if it cannot be used, why not.
            """
            return [
                {"name": entry.name, "about": about(catalogue, entry.name), "unusable": entry.reason}
                for entry in catalogue.entries()
            ]

        gr.api(models, api_name="models")
    return blocks


def _first(names: list[str]) -> str | None:
    return FIRST if FIRST in names else next(iter(names), None)
