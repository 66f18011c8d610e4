"""Views: everything that a tab shows, as values of its controls.

One event updates a tab, whatever changed. Gradio runs the events of one function one after the other and reads the
controls when it sends them, so a result of earlier values never replaces that of later ones. Each result also names the
values that it belongs to: if two requests overtook each other on the way, the browser asks again
(`web/view.js`). The address of the page holds the same values (`tfgen.app.address`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gradio as gr

from tfgen.app.context import Context
from tfgen.app.events import COMPUTING, INTERNAL, error_text
from tfgen.errors import TfgenError

if TYPE_CHECKING:
    from tfgen.app.header import Header

#: Function from the values of a view and those before the change to the values that the change replaces, and the
#: updates of the view's outputs. Values before are {} when the tab was not open yet, and None for values of an address.
Update = Callable[..., tuple[dict[str, Any], Sequence[Any]]]

#: Name in the values of `View.shown` that marks values which the handler refused. They do not enter the address.
REFUSED = "refused"


@dataclass(frozen=True)
class View:
    """What a tab shows.

    Attributes:
        key: name of the tab in the address of the page.
        title: title of the tab.
        fields: name of a value in the address → its control. The chosen model is a further value of every view,
            `model`.
        update: see `Update`. The function takes the context, the values and the values before, and the values of
            `extras`. It raises a `TfgenError` for values that it cannot use.
        outputs: components that `update` updates.
        extras: controls whose values are not in the address: pictures of the user.
        shown: invisible text, the values that the outputs belong to, as JSON.
    """

    key: str
    title: str
    fields: Mapping[str, Any]
    update: Update
    outputs: Sequence[Any]
    extras: Sequence[Any] = ()
    shown: gr.Textbox = field(default_factory=lambda: gr.Textbox(visible=False, label="Shown values"))

    @property
    def names(self) -> list[str]:
        """Names of the values, the model first."""
        return ["model", *self.fields]

    def default(self, name: str) -> Any:
        """Return the first value of a control."""
        return self.fields[name].value

    def is_number(self, name: str) -> bool:
        """Return whether a control holds a number."""
        return isinstance(self.fields[name], gr.Number | gr.Slider)

    def result(
        self, context: Context, values: dict[str, Any], before: dict[str, Any] | None, extras: Sequence = ()
    ) -> dict:
        """Return the updates of the outputs, and of `shown`, for values of the view.

        Raises:
            TfgenError: if the model or the values cannot be used.
        """
        changes, updates = self.update(context, values, before, *(extras or [None] * len(self.extras)))
        return {self.shown: json.dumps(values | changes), **dict(zip(self.outputs, updates, strict=True))}


def connect(context: Context, header: "Header", view: View, triggers: Sequence[Any]) -> None:
    """Update a tab when it is opened, another model is chosen while it is open, or one of its controls changes.

    The page presses the button of `Header.again` for the open tab only (`tfgen.app.page`): Gradio shows the progress of
    an event in a hidden tab, and does not always remove it there.

    Args:
        context: shared objects of the app.
        header: the header of the page, which gets to know the view.
        view: the view of the tab.
        triggers: events of the controls.
    """

    def update(open_tab: str, shown: str, *values):
        return updated(context, view, open_tab, shown, values)

    controls = [header.model, *view.fields.values()]
    pictures = [each for each in view.outputs if isinstance(each, gr.Image)]
    event = gr.on(
        [header.again[view.key].click, *triggers],
        update,
        [header.active_tab, view.shown, *controls, *view.extras],
        [view.shown, *view.outputs],
        show_progress_on=pictures or None,
        **COMPUTING,
        **INTERNAL,
    )
    settle = f"(...values) => tfgen.settle({json.dumps(view.key)}, {json.dumps(view.names)}, ...values)"
    event.then(None, [header.active_tab, view.shown, *controls], js=settle, **INTERNAL)
    header.views.append(view)


def updated(context: Context, view: View, open_tab: str, shown: str, received: Sequence[Any]) -> dict[Any, Any]:
    """Return the updates of a view for the values of its controls. A value that cannot be used gives a message.

    Args:
        context: shared objects of the app.
        view: the view.
        open_tab: title of the open tab.
        shown: what `View.shown` holds.
        received: values of the model, of the fields and of the extras.
    """
    if open_tab != view.title:
        return {view.shown: gr.skip()}
    values = dict(zip(view.names, received, strict=False))
    extras, before = received[len(values) :], values_of(shown)
    if values == before and not any(isinstance(each, dict) for each in extras):
        return {view.shown: gr.skip()}
    cleared = [name for name in view.fields if values[name] is None and view.is_number(name)]
    if cleared and before.get("model") == values["model"]:
        # The user has cleared a number to type another one.
        return {view.shown: json.dumps(values)}
    usual = {name: view.default(name) for name in cleared}
    try:
        return view.result(context, values | usual, before, extras)
    except TfgenError as error:
        # An event that fails would lose a change that was made meanwhile, so the event ends with a message.
        gr.Warning(error_text(error, context.catalogue.root), title="Not possible")
        return {view.shown: json.dumps({**values, REFUSED: True})}


def values_of(shown: str) -> dict[str, Any]:
    """Return the values that `View.shown` holds, {} if it holds none."""
    try:
        values = json.loads(shown or "{}")
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
