"""The signature of a model class, with every hyperparameter by its name, type and default."""

import inspect
import typing
from collections.abc import Sequence

from tfgen.config.schema import Options


def signature_of(constructor, options: Sequence[type[Options]]) -> inspect.Signature:
    """Return the signature of a constructor whose `**hyperparameters` are options of a configuration.

    `inspect.signature`, `help` and the completion of notebooks then show every option.

    Args:
        constructor: the function `__init__`, with a last parameter `**hyperparameters`.
        options: the configuration classes. An option that several have gets the type and default of the first.
    """
    _, *parameters, _ = inspect.signature(constructor).parameters.values()
    named: dict[str, inspect.Parameter] = {}
    for kind in options:
        hints = typing.get_type_hints(kind)
        for option in kind.options().values():
            annotation = hints[option.name]
            named.setdefault(
                option.name,
                inspect.Parameter(
                    option.name, inspect.Parameter.KEYWORD_ONLY, default=option.default, annotation=annotation
                ),
            )
    return inspect.Signature([*parameters, *named.values()])
