"""One option of a configuration: its type, bounds, default and help text.

`option` declares an option in a class of `schema.Options`. `Option` describes a declared option to the generators of
the command line and of the documentation.
"""

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import annotated_types
from pydantic import Field
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Bounds(annotated_types.GroupedMetadata):
    """The bounds of a number, as metadata of its type: `Annotated[int, Bounds(low=1)]`.

    Attributes:
        low, high: smallest and largest allowed value.
        above: largest value that is too small, where a bound itself is excluded.
        limit, smallest: largest and smallest value that the program can handle. Help texts do not state them.
    """

    low: float | None = None
    high: float | None = None
    above: float | None = None
    limit: float | None = None
    smallest: float | None = None

    def __iter__(self) -> Iterator[annotated_types.BaseMetadata]:
        if self.low is not None:
            yield annotated_types.Ge(self.low)
        if self.above is not None:
            yield annotated_types.Gt(self.above)
        if self.smallest is not None:
            yield annotated_types.Ge(self.smallest)
        if (largest := self.limit if self.high is None else self.high) is not None:
            yield annotated_types.Le(largest)

    def __str__(self) -> str:
        """The bounds in words, without `limit`: "at least 1", "0.0 to 0.95"."""
        if self.above is not None:
            return f"more than {self.above:g}" + (f", at most {self.high:g}" if self.high is not None else "")
        if self.low is None:
            return "" if self.high is None else f"at most {self.high}"
        return f"at least {self.low}" if self.high is None else f"{self.low} to {self.high}"

    def expected(self, value: float) -> str:
        """The expected range in words, for the error about a `value` out of bounds."""
        if self.limit is not None and value > self.limit:
            return f"at most {self.limit:g}" if isinstance(self.limit, float) else f"at most {self.limit}"
        if self.smallest is not None and 0.0 < value < self.smallest:
            return f"at least {self.smallest:g}"
        return str(self)


#: Bounds of numbers that a model computes with: float32 holds them, and does not round them to infinity or 0.
LARGEST_FLOAT, SMALLEST_FLOAT = 1e30, 1e-30

Size = Annotated[int, Bounds(low=1, limit=65_536)]
Filters = Annotated[int, Bounds(low=1, limit=4_096)]
Layers = Annotated[int, Bounds(low=0, limit=256)]
OneOrMoreLayers = Annotated[int, Bounds(low=1, limit=256)]
Steps = Annotated[int, Bounds(low=0, limit=2**31 - 1)]
NonNegative = Annotated[float, Bounds(low=0.0, limit=LARGEST_FLOAT)]
Positive = Annotated[float, Bounds(above=0.0, limit=LARGEST_FLOAT, smallest=SMALLEST_FLOAT)]
DropoutRate = Annotated[float, Bounds(low=0.0, high=0.95)]
Activation = Literal["relu", "gelu", "silu", "leaky_relu", "elu", "tanh"]


def option(default: Any, help: str, *, default_text: str | None = None, metavar: str | None = None) -> Any:
    """Declare an option.

    Args:
        default: the default value.
        help: what the option sets, with its unit, as a sentence without a full stop.
        default_text: what help texts show in place of the default value, for example what None stands for.
        metavar: what help texts show in place of the value, for example SIZE; None for a word for its type.
    """
    extra: dict[str, Any] = {"default_text": default_text or "", "metavar": metavar or ""}
    return Field(default=default, description=help, json_schema_extra=extra)


@dataclass(frozen=True)
class Option:
    """The description of an option.

    Attributes:
        name: name of the field.
        help: what it sets, as a sentence without a full stop.
        kind: type of one value: bool, int, float or str.
        is_list: whether the value is a tuple of such values.
        is_optional: whether None is allowed.
        choices: the allowed values, or None for all values of the type.
        bounds: bounds of one value.
        default: the default value.
        default_text: what help texts show in place of the default value, or "".
        metavar: what help texts show in place of the value, or "".
    """

    name: str
    help: str
    kind: type
    is_list: bool
    is_optional: bool
    choices: tuple[Any, ...] | None
    bounds: Bounds
    default: Any
    default_text: str
    metavar: str = ""

    @property
    def flag(self) -> str:
        """The flag of the command line."""
        return "--" + self.name.replace("_", "-")


def describe(name: str, annotation: Any, field: FieldInfo) -> Option:
    """The description of a field with that annotation, which includes its metadata."""
    extra = field.json_schema_extra
    annotation, is_optional = _without_none(annotation)
    # Where a number or a text is allowed, the command line passes the text on.
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        annotation = str
    is_list = typing.get_origin(annotation) is tuple
    if is_list:
        annotation = typing.get_args(annotation)[0]
    bounds = Bounds()
    if typing.get_origin(annotation) is Annotated:
        annotation, *metadata = typing.get_args(annotation)
        bounds = next((entry for entry in metadata if isinstance(entry, Bounds)), bounds)
    choices = typing.get_args(annotation) if typing.get_origin(annotation) is Literal else None
    return Option(
        name=name,
        help=field.description or "",
        kind=type(choices[0]) if choices else annotation,
        is_list=is_list,
        is_optional=is_optional,
        choices=choices,
        bounds=bounds,
        default=field.default,
        default_text=str(extra.get("default_text", "")) if isinstance(extra, dict) else "",
        metavar=str(extra.get("metavar", "")) if isinstance(extra, dict) else "",
    )


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """(the annotation without its `| None`, whether it had one)."""
    # `int | None` is a types.UnionType, but Python 3.11 makes `Literal[...] | None` a typing.Union.
    if typing.get_origin(annotation) not in (types.UnionType, typing.Union):
        return annotation, False
    members = tuple(member for member in typing.get_args(annotation) if member is not type(None))
    return typing.Union[members], len(members) < len(typing.get_args(annotation))  # noqa: UP007
