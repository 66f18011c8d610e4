"""The whole page: the header, and one tab for each task."""

import gradio as gr

from tfgen.app import address, favourites_row
from tfgen.app import header as page_header
from tfgen.app.about import about
from tfgen.app.context import Context
from tfgen.app.events import FURTHER, INTERNAL
from tfgen.app.progress_marks import mark_hidden_progress_once
from tfgen.app.tabs import TABS

#: JavaScript that returns the title of the open tab as the browser shows it. The server cannot keep track itself:
#: Gradio reports the first tab as selected when the page is ready, possibly after the user opened another tab, and two
#: selections can reach the server in the wrong order.
OPEN_TAB = """async () => {
  await new Promise((drawn) => setTimeout(drawn, 50));
  return tfgen.openTab();
}"""


def build(context: Context, read_only: bool = False) -> gr.Blocks:
    """Return the page, ready to be launched.

    Args:
        context: shared objects of the app.
        read_only: leave out the controls and the handlers that train or write favourites.
    """
    with gr.Blocks(title="tfgen", analytics_enabled=False) as blocks:
        gr.Markdown("# tfgen\n\nTry, compare and train models that make pictures.", elem_id="title")
        header = page_header.build(context, blocks, TABS[0].TITLE, can_train=not read_only)
        titles = {module.ELEMENT_ID.removeprefix("tab-"): module.TITLE for module in TABS}
        place = f"(model) => tfgen.place({address.keys_of(titles)}, tfgen.openTab(), model)"
        header.model.change(None, header.model, js=place, **FURTHER, **INTERNAL)
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap"):
            for module in TABS:
                with gr.Tab(module.TITLE, id=module.TITLE, elem_id=module.ELEMENT_ID) as tab:
                    module.build(context, header, tab)
                selected = tab.select(None, js=OPEN_TAB, outputs=header.active_tab, **INTERNAL)
                selected.then(None, header.model, js=place, **INTERNAL)
        favourites_row.build(context, header, read_only)
        address.connect(context, header, titles)

        def models() -> list[dict[str, str]]:
            """List the pretrained models and the runs.

            Returns:
                For each model its name, a description, and the reason if the model cannot be used.
            """
            return [
                {"name": entry.name, "about": about(context.catalogue, entry.name), "unusable": entry.reason}
                for entry in context.catalogue.entries()
            ]

        gr.api(models, api_name="models")
        mark_hidden_progress_once(blocks)
    return blocks
