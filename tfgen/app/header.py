"""The header of the page: the dropdown of the models, a description of the chosen model, the runs without a model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from tfgen.app import components
from tfgen.app.about import about, unusable
from tfgen.app.context import Context
from tfgen.app.events import COMPUTING, FURTHER, INTERNAL, with_usual_numbers
from tfgen.app.query import VIEWS
from tfgen.app.views import View

#: The model that is chosen when the page opens, if the catalogue has it: it is small, and every tab works with it.
FIRST_MODEL = "mnist-vae"
#: Names, in the address, of the other tabs that show the chosen model.
OTHER_TABS = ("reconstruct", "compare")
#: JavaScript that returns the description of a model whose description is on its way.
DESCRIBED_SOON = "(name) => name ? `**${name}** …` : ''"


@dataclass(frozen=True)
class Header:
    """Components that the tabs need.

    Attributes:
        blocks: the whole page.
        model: the dropdown in which the model is chosen.
        unusable: the list of the runs that cannot be used.
        active_tab: an invisible text box that holds the title of the open tab. Only the selection of a tab sets the
            text, so that no late result of another event names a tab that the visitor has left.
        named_tab: an invisible text box that holds the title of the tab that the address names.
        again: name of a tab → an invisible button that updates the tab. The page presses the button of the open tab
            when the tab is opened and when another model is chosen.
        restore: an invisible button that shows the view of the address.
        can_train: whether the page has the controls that train.
        views: the views of the tabs that have been built.
    """

    blocks: gr.Blocks
    model: gr.Dropdown
    unusable: gr.Markdown
    active_tab: gr.Textbox
    named_tab: gr.Textbox
    again: Mapping[str, gr.Button]
    restore: gr.Button
    can_train: bool = True
    views: list[View] = field(default_factory=list)

    def update_when_shown(self, tab: gr.Tab, show: Callable, inputs: Sequence, outputs: Sequence) -> None:
        """Call `show` when the tab is opened, and when another model is chosen while the tab is open.

        Args:
            tab: the tab. Its element has the name of the tab in the address, after "tab-".
            show: function from the values of `inputs` to the values of `outputs`. For a model that cannot do what the
                tab shows, the function returns a notice and raises no error.
            inputs: components.
            outputs: components.
        """

        def show_complete(*values):
            return show(*with_usual_numbers(values, inputs))

        # The progress covers the pictures only, and no control.
        pictures = [each for each in outputs if isinstance(each, gr.Image | gr.Gallery)]
        button = self.again[str(tab.elem_id).removeprefix("tab-")]
        button.click(
            show_complete, list(inputs), list(outputs), show_progress_on=pictures or None, **COMPUTING, **INTERNAL
        )


def build(context: Context, blocks: gr.Blocks, first_tab: str, can_train: bool = True) -> Header:
    """Add the header to the page.

    Args:
        context: shared objects of the app.
        blocks: the page, open as a `with` block.
        first_tab: title of the tab that is open at first.
        can_train: see `Header`.
    """
    names = context.catalogue.usable()
    with gr.Row(elem_id="chooser"):
        model = components.run_dropdown(
            choices=names,
            value=_first(names),
            label="Model",
            info="A pretrained model or one of your runs. All tabs use it",
            scale=4,
            elem_id="model",
        )
        refresh = gr.Button("Refresh the list of runs", size="sm", scale=0, min_width=190, elem_classes=["quiet"])
    description = gr.Markdown(elem_id="about")
    active_tab = gr.Textbox(first_tab, visible=False, label="Open tab")
    named_tab = gr.Textbox(visible=False, label="Tab of the address")
    # Hidden, not left out: scripts of the page click these buttons.
    again = {key: gr.Button(visible="hidden", elem_id=f"again-{key}") for key in (*VIEWS, *OTHER_TABS)}
    restore = gr.Button(visible="hidden", elem_id="restore-view")
    unusable_runs = gr.Markdown(elem_id="unusable")
    header = Header(blocks, model, unusable_runs, active_tab, named_tab, again, restore, can_train)

    def describe(name: str | None) -> str:
        return about(context.catalogue, name)

    def update_runs(name: str | None) -> tuple[Any, str]:
        return refresh_runs(context, name)

    outputs = [model, header.unusable]
    refresh.click(update_runs, model, outputs, **INTERNAL)
    # The description of the model before must not stand under the name of the new one. Loading a model may keep the
    # server busy, so the browser itself replaces the description until the server's arrives.
    model.change(None, model, description, js=DESCRIBED_SOON, **FURTHER, **INTERNAL)
    settings: dict[str, Any] = {"show_progress": "hidden", "queue": False, **INTERNAL}
    gr.on([blocks.load, model.change], describe, model, description, **settings)
    return header


def refresh_runs(context: Context, name: str | None) -> tuple[Any, str]:
    """Return the updates of `Header.model`, which keeps its value if `name` still exists, and of `Header.unusable`."""
    names = context.catalogue.usable()
    # The visitor may choose another model until the update arrives, so that a value which exists is not sent back.
    value: dict[str, Any] = {} if name in names else {"value": _first(names)}
    return gr.update(choices=names, **value), unusable(context.catalogue)


def _first(names: list[str]) -> str | None:
    return FIRST_MODEL if FIRST_MODEL in names else next(iter(names), None)
