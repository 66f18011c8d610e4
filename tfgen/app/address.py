"""The address of the page: it names the open tab and the values of its controls, and a link opens the same view.

Example: `?tab=sample&model=mnist-vae&count=36&seed=7&temperature=0.8&label=3`. The names are those of the handlers'
arguments. Values that are left out keep the usual value.
"""

import json
from collections.abc import Mapping
from typing import Any

import gradio as gr

from tfgen.app import validation
from tfgen.app.context import Context
from tfgen.app.events import COMPUTING, INTERNAL, error_text
from tfgen.app.header import Header, refresh_runs
from tfgen.app.query import parsed
from tfgen.app.views import View
from tfgen.errors import TfgenError


def connect(context: Context, header: Header, titles: Mapping[str, str]) -> None:
    """Restore the view that the address names, when the page opens and when the browser goes back or forward.

    Args:
        context: shared objects of the app.
        header: the header of the page, with the views of all tabs.
        titles: name of a tab in the address → its title.
    """
    address = gr.Textbox(visible=False, label="Address")
    outputs = [header.model, header.unusable, header.named_tab]
    for view in header.views:
        outputs += [each for each in (view.shown, *view.fields.values(), *view.outputs) if each not in outputs]

    def restore(query: str) -> dict[Any, Any]:
        return restored(context, header, titles, query)

    def open_page(query: str, model: str | None) -> dict[Any, Any]:
        return opened(context, header, titles, query, model)

    settings: dict[str, Any] = {**COMPUTING, **INTERNAL, "show_progress": "hidden"}
    search = "() => [location.search]"
    back = header.restore.click(restore, address, outputs, js=search, **settings)
    loaded = header.blocks.load(
        open_page, [address, header.model], outputs, js="(_, model) => [tfgen.opened, model]", **settings
    )
    # The browser opens the tab: an update of the tabs is lost while the page is not drawn yet.
    keys = keys_of(titles)
    back.then(None, header.named_tab, js=f"(title) => tfgen.open({keys}, title)", **INTERNAL)
    start = f"(title, model) => tfgen.start({keys}, title, model)"
    loaded.then(None, [header.named_tab, header.model], js=start, **INTERNAL)


def keys_of(titles: Mapping[str, str]) -> str:
    """Return the object of JavaScript from the title of a tab to its name in the address."""
    return json.dumps({title: key for key, title in titles.items()})


def opened(
    context: Context, header: Header, titles: Mapping[str, str], query: str, model: str | None
) -> dict[Any, Any]:
    """Return the updates of the page when it opens: the list of models, the view of the address, else the first view.

    The first samples are drawn while the visitor reads the first tab, which also loads the model.
    """
    names, unusable = refresh_runs(context, model)
    found = {header.model: names, header.unusable: unusable}
    if "tab" in parsed(query):
        view_updates = restored(context, header, titles, query)
        if header.model in view_updates:
            view_updates[header.model] = {**names, "value": view_updates[header.model]}
        return found | view_updates
    view = header.views[0]
    first = {"model": names.get("value", model), **{name: view.default(name) for name in view.fields}}
    try:
        return found | view.result(context, first, {})
    except TfgenError:
        return found


def restored(context: Context, header: Header, titles: Mapping[str, str], query: str) -> dict[Any, Any]:
    """Return the updates that show the view of an address. An address with a bad value gives a message.

    Without a tab, the first tab is opened.
    """
    try:
        values = parsed(query)
        tab = validation.one_of("tab", values.get("tab", next(iter(titles))), titles)
    except TfgenError as error:
        _say(context, error)
        return {header.named_tab: ""}
    found: dict[Any, Any] = {header.named_tab: titles[tab]}
    try:
        view = next((view for view in header.views if view.key == tab), None)
        if view is not None:
            found |= _view_updates(context, header, view, values)
        elif "model" in values:
            context.catalogue.model_run(values["model"])
            found[header.model] = values["model"]
    except TfgenError as error:
        _say(context, error)
    return found


def _number(text: str) -> int | float | str:
    """Return the number that a text is, or the text: the handlers say which numbers they expect."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _view_updates(context: Context, header: Header, view: View, given: dict[str, str]) -> dict[Any, Any]:
    values = {name: view.default(name) for name in view.fields}
    for name in view.fields.keys() & given.keys():
        values[name] = _number(given[name]) if view.is_number(name) else given[name]
    model = given.get("model", header.model.value)
    updates = view.result(context, {"model": model, **values}, None)
    return {header.model: model, **{view.fields[name]: value for name, value in values.items()}, **updates}


def _say(context: Context, error: TfgenError) -> None:
    gr.Warning(f"This link is not valid. {error_text(error, context.catalogue.root)}", title="Not possible")
