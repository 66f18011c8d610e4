"""The base class of all configurations: frozen options with checked types and bounds, read from and written to JSON.

The checks are pydantic's. A configuration file, the command line and a call from Python accept the same values, and
refuse the others with the same sentence, "NAME: expected …. Received: …", as a `ConfigError`.
"""

import functools
import typing
from typing import Any, NoReturn, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails

from tfgen.config.option import Option, describe
from tfgen.errors import ConfigError, did_you_mean


class Options(BaseModel):
    """A group of options, which cannot be changed after it was made.

    Types are strict, with two conveniences: a list is accepted for a tuple, and an integer for a float.

    Raises:
        ConfigError: on an unknown option, a wrong type, a value out of bounds, or options that contradict each other.
    """

    # Attributes may not be shadowed by options, but "model_" is no reserved beginning of a name here.
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True, protected_namespaces=()
    )

    @classmethod
    def option_names(cls) -> tuple[str, ...]:
        """The names of all options, in the order in which they are declared."""
        return tuple(cls.model_fields)

    @classmethod
    @functools.cache
    def options(cls) -> dict[str, Option]:
        """The descriptions of all options, by name."""
        hints = typing.get_type_hints(cls, include_extras=True)
        return {name: describe(name, hints[name], field) for name, field in cls.model_fields.items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build from a mapping of option names to values. Raises `ConfigError` as the constructor does."""
        return cls.model_validate(values)

    def to_dict(self) -> dict[str, Any]:
        """The options as values that JSON can hold; `from_dict` reads them back to an equal object."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self}

    def replace(self, **changes: Any) -> Self:
        """A copy with some options replaced. Raises `ConfigError` as the constructor does."""
        return type(self).from_dict({**dict(self), **changes})

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed. Use replace({name}=…), which returns a copy")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    @model_validator(mode="wrap")
    @classmethod
    def _checked(cls, values: Any, handler: Any) -> Any:
        """Check the values, with errors in the wording of this project in place of pydantic's."""
        if isinstance(values, cls):
            return values
        if not isinstance(values, dict):
            raise ConfigError(f"{cls.__name__}: expected a mapping of options. Received: {values!r}")
        for name in values:
            if name not in cls.model_fields:
                raise ConfigError(
                    f"{cls.__name__}: expected options among {', '.join(sorted(cls.model_fields))}. "
                    f"Received: {name!r}.{did_you_mean(name, cls.model_fields)}"
                )
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        try:
            return handler(values)
        except ValidationError as error:
            raise ConfigError(_sentence(cls, error.errors(include_url=False)[0])) from None


def _sentence(cls: type[Options], error: ErrorDetails) -> str:
    """The message of a value that pydantic refused."""
    option, received, kind = cls.options()[str(error["loc"][0])], error["input"], error["type"]
    if kind == "tuple_type":
        expected = f"a list of {option.kind.__name__}"
    elif kind == "finite_number":
        expected = "a finite number"
    elif kind == "literal_error" and option.choices:
        expected = f"one of {', '.join(map(str, option.choices))}"
    elif kind in ("greater_than", "greater_than_equal", "less_than_equal"):
        expected = option.bounds.expected(received)
    else:
        expected = option.kind.__name__
    hint = did_you_mean(received, option.choices) if option.choices else ""
    return f"{option.name}: expected {expected}. Received: {received!r}{'.' + hint if hint else ''}"
