"""The row with the favourites of the chosen model: it saves the open view, opens a favourite and deletes one.

The row stands once on the page. The page shows the row while a tab with a view is open (`web/view.js`).
"""

import html
from typing import Any

import gradio as gr

from tfgen.app import components
from tfgen.app.context import Context
from tfgen.app.events import FURTHER, INTERNAL, bind
from tfgen.app.favourites import LONGEST_NAME
from tfgen.app.handlers.favourites import delete_favourite, favourite_view, favourites, save_favourite
from tfgen.app.header import Header
from tfgen.errors import TfgenError


def build(context: Context, header: Header, read_only: bool = False) -> None:
    """Add the row to the page and connect its events.

    Args:
        context: shared objects of the app.
        header: the header of the page.
        read_only: leave out the controls and the handlers that write.
    """
    name, save, delete = None, None, None
    with gr.Column(elem_id="favourites"):
        notice = components.notice()
        with gr.Row():
            # Two groups, so that a narrow window does not separate a button from its field.
            if not read_only:
                with gr.Column(min_width=300), gr.Row():
                    name = gr.Textbox(
                        label="Name of a favourite",
                        placeholder="Optional",
                        max_length=LONGEST_NAME,
                        max_lines=1,
                        min_width=150,
                    )
                    save = _button("Save this view", 120)
            with gr.Column(min_width=300), gr.Row():
                chosen = components.run_dropdown(
                    choices=[], value=None, label="Favourites of this model", min_width=130, elem_id="favourite"
                )
                show = _button("Open", 60)
                if not read_only:
                    delete = _button("Delete", 60)
    view = gr.Textbox(visible=False, label="View of the page")
    gr.api(bind(favourites, context), api_name="favourites")
    gr.on(
        [header.blocks.load, header.model.change],
        bind(_listed, context),
        header.model,
        [chosen, notice],
        # In the order of the changes: the list belongs to the latest model.
        concurrency_limit=1,
        show_progress="hidden",
        **FURTHER,
        **INTERNAL,
    )
    found = show.click(bind(favourite_view, context), [header.model, chosen], view, show_progress="hidden", **INTERNAL)
    found.success(None, view, js="(view) => tfgen.show(view)", **INTERNAL)
    if name is not None and save is not None and delete is not None:
        _connect_writing(context, header, name, save, chosen, delete, view)


def _button(text: str, min_width: int) -> gr.Button:
    return gr.Button(text, size="sm", scale=0, min_width=min_width, elem_classes=["quiet"])


def _connect_writing(
    context: Context, header: Header, name: gr.Textbox, save: gr.Button, chosen: Any, delete: gr.Button, view: Any
) -> None:
    """Connect the controls that write, and offer their handlers to programs."""
    for handler in (save_favourite, delete_favourite):
        gr.api(bind(handler, context), api_name=handler.__name__)
    gr.on(
        [save.click, name.submit],
        bind(_saved, context),
        [header.model, view, name],
        [name, chosen],
        js="(model, _, name) => [model, location.search, name]",
        show_progress="hidden",
        **INTERNAL,
    )
    delete.click(
        bind(_deleted, context),
        [header.model, chosen],
        chosen,
        js="(model, name) => [model, name && !confirm(`Delete the favourite “${name}”?`) ? '' : name]",
        show_progress="hidden",
        **INTERNAL,
    )


def _listed(context: Context, model: str | None) -> list[Any]:
    """Return the updates of the list and of the notice for another model. A damaged file gives a notice."""
    try:
        names = [favourite["name"] for favourite in favourites(context, model)] if model else []
    except TfgenError as error:
        return [gr.update(choices=[], value=None), components.notice_update(str(error))]
    return [gr.update(choices=names, value=None), components.notice_update("")]


def _saved(context: Context, model: str, view: str, name: str) -> list[Any]:
    """Save the view; return the updates of the field of the name and of the list."""
    kept = save_favourite(context, model, view, name)
    gr.Info(f"Saved as {html.escape(kept, quote=False)}", duration=4)
    return ["", gr.update(choices=[favourite["name"] for favourite in favourites(context, model)], value=kept)]


def _deleted(context: Context, model: str, name: str) -> Any:
    """Delete a favourite; return the update of the list. The name is "" if the visitor has not confirmed."""
    if name == "":
        return gr.skip()
    names = [favourite["name"] for favourite in delete_favourite(context, model, name)]
    return gr.update(choices=names, value=None)
