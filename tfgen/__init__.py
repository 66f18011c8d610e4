"""Variational autoencoders, generative adversarial networks and normalizing flows of images, behind one contract.

    >>> import tfgen
    >>> model = tfgen.load("runs/digits-flow-1")
    >>> images = model.sample(64, seed=7, temperature=0.8)          # [64, 8, 8, 1] in [0, 1]

TensorFlow is imported with the first name that needs it, so that `import tfgen` costs nothing.
"""

import importlib

from tfgen.keras_classes import register_when_keras_is_imported

__version__ = "0.2.0"

#: Public name → (module that defines it, its name there). The model classes come from the registry of families.
_EXPORTS = {
    "Run": ("tfgen.runs", "Run"),
    "load": ("tfgen.runs", "load"),
    "load_data": ("tfgen.data", "load"),
    "show": ("tfgen.plots.show", "show"),
}

register_when_keras_is_imported()


def _exports() -> dict[str, tuple[str, str]]:
    """Every public name → (module that defines it, its name there)."""
    from tfgen.config.families import FAMILIES

    models = {family.model_class: (family.model_module, family.model_class) for family in FAMILIES.values()}
    return {**_EXPORTS, **models}


def __getattr__(name: str):
    if name == "__all__":
        return sorted(_exports())
    # Python asks every module for names with two underscores; they need no registry.
    if name.startswith("__") or name not in (exports := _exports()):
        raise AttributeError(f"module 'tfgen' has no attribute {name!r}")
    module, attribute = exports[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__():
    return sorted([*globals(), *_exports()])
