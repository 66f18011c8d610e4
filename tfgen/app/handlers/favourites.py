"""Favourites of a model: the handlers that list, save and delete them."""

import itertools
from collections.abc import Sequence
from urllib.parse import urlencode

from pydantic import ValidationError

from tfgen.app import validation
from tfgen.app.context import Context
from tfgen.app.favourites import LONGEST_NAME, LONGEST_VIEW, MOST, Favourite, changing_favourites, read_favourites
from tfgen.app.query import VIEWS, parsed
from tfgen.errors import ConfigError


def favourites(context: Context, model: str) -> list[dict[str, str]]:
    """List the favourites of a model: views of the page that were saved with a name.

    Args:
        model: name of a pretrained model or a run, as `models` lists them.

    Returns:
        For each favourite its name, and its view as the query of a link: the address of the page with this query opens
        the view.
    """
    return _links(model, read_favourites(context.catalogue, model))


def save_favourite(context: Context, model: str, view: str, name: str = "") -> str:
    """Save a view of the page as a favourite of a model. A model has up to 200 favourites.

    Args:
        model: name of a pretrained model or a run, as `models` lists them.
        view: query of a link to the view, for example "?tab=sample&seed=7". What is left out has its usual value.
        name: name of the favourite, up to 80 characters, which no other favourite of the model has. Empty: the name of
            the tab and a number.

    Returns:
        The name of the favourite.
    """
    context.catalogue.run(model)
    values = _values(model, view)
    with changing_favourites(context.catalogue, model) as kept:
        names = {favourite.name for favourite in kept}
        if name is None or (isinstance(name, str) and not name.strip()):
            name = next(free for i in itertools.count(1) if (free := f"{values['tab']} {i}") not in names)
        favourite = _favourite(name, values)
        if favourite.name in names:
            raise ConfigError(f"name: expected a name that no favourite of {model} has. Received: {favourite.name!r}")
        if len(kept) >= MOST:
            raise ConfigError(f"Expected at most {MOST} favourites of a model. Received: one more for {model}")
        kept.append(favourite)
    return favourite.name


def delete_favourite(context: Context, model: str, name: str) -> list[dict[str, str]]:
    """Delete a favourite of a model.

    Args:
        model: name of a pretrained model or a run, as `models` lists them.
        name: name of the favourite, as `favourites` lists it.

    Returns:
        The favourites that remain, as `favourites` lists them.
    """
    with changing_favourites(context.catalogue, model) as kept:
        kept.remove(_named(model, kept, name))
    return _links(model, kept)


def favourite_view(context: Context, model: str, name: str) -> str:
    """Return the view of a favourite as the query of a link. Arguments: see `delete_favourite`."""
    return _link(model, _named(model, read_favourites(context.catalogue, model), name))


def _values(model: str, view: str) -> dict[str, str]:
    """Return the values of a view, without those of the model and of Gradio.

    Raises:
        ConfigError: if the view is no query of a view of the model.
    """
    if not isinstance(view, str) or len(view) > LONGEST_VIEW:
        received = f"{len(view)} characters" if isinstance(view, str) else repr(view)[:80]
        raise ConfigError(f"view: expected the query of a link, up to {LONGEST_VIEW} characters. Received: {received}")
    values = parsed(view)
    validation.one_of("tab in view", values.get("tab"), VIEWS)
    if (other := values.pop("model", model)) != model:
        raise ConfigError(f"view: expected a view of {model}. Received: a view of {ascii(other)[:80]}")
    return {name: value for name, value in values.items() if not name.startswith("__")}


def _favourite(name: str, values: dict[str, str]) -> Favourite:
    """Return the favourite. Raises `ConfigError` if the name or the view cannot be kept."""
    try:
        return Favourite(name=name, view=urlencode(values, errors="replace"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        expected = {
            "name": f"one line of 1 to {LONGEST_NAME} characters",
            "view": f"values whose query has up to {LONGEST_VIEW} characters",
        }
        field = str(first["loc"][0])
        raise ConfigError(f"{field}: expected {expected[field]}. Received: {ascii(first['input'])[:80]}") from None


def _named(model: str, kept: Sequence[Favourite], name: str) -> Favourite:
    """Return the favourite of a name. Raises `ConfigError` if there is none."""
    found = next((favourite for favourite in kept if favourite.name == name), None)
    if found is None:
        raise ConfigError(f"name: expected the name of a favourite of {model}. Received: {ascii(name)[:80]}")
    return found


def _links(model: str, kept: Sequence[Favourite]) -> list[dict[str, str]]:
    return [{"name": favourite.name, "view": _link(model, favourite)} for favourite in kept]


def _link(model: str, favourite: Favourite) -> str:
    """Return the query of a link to the view of a favourite."""
    # A name of a model that a user wrote into the file is replaced.
    return "?" + urlencode(parsed(favourite.view) | {"model": model})
