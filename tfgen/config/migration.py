"""Reads the names of earlier versions: options, presets and entries of `config.json`.

Version 1 of `config.json` had one class of options for flows of images and flows of points. A run of version 1
therefore stores options that its model does not have. They are dropped; they had no effect on the model.
"""

from typing import Any

from tfgen.config.data import is_point_data
from tfgen.config.flow import FlowConfig
from tfgen.errors import ConfigError

#: The version of `config.json`, and of the options in a `.keras` file, that this package writes. It changes with the
#: format, not with the package.
VERSION = 2
#: Old name → new name of the options of flows.
RENAMED_OPTIONS = {
    "wavefront": "autoregressive",
    "sweeps": "multiscale_passes",
    "at_once": "group_size",
    "point_couplings": "couplings",
}
#: Family → old name → new name of its presets.
RENAMED_PRESETS = {
    "vae": {"practical": "tutorial", "better": "convolutional"},
    "gan": {"practical": "tutorial", "better": "dcgan"},
    "flow": {
        "practical": "tutorial",
        "better": "glow",
        "small": "autoregressive-small",
        "best": "autoregressive",
        "sweeps": "multiscale",
    },
}
_OF_POINTS_ONLY = ("hidden", "point_couplings")
_OF_IMAGES_ONLY = (set(FlowConfig.option_names()) | {"wavefront", "sweeps", "at_once"}) - {
    "activation",
    "actnorm",
    "prior_scale",
}


def current_preset(model: str, preset: str) -> str:
    """The present name of a preset: `preset` itself unless the name is an old one."""
    return RENAMED_PRESETS.get(model, {}).get(preset, preset)


def migrate_run(values: dict[str, Any]) -> dict[str, Any]:
    """The entries of a `config.json` of version 1 as those of the present version.

    Entries that are missing or of a wrong type stay as they are: `RunConfig.from_dict` refuses them.
    """
    values = {**values, "version": VERSION}
    model, data = values.get("model"), values.get("data")
    if model == "flow" and isinstance(values.get("architecture"), dict):
        points = isinstance(data, dict) and is_point_data(str(data.get("data", "digits")))
        values["architecture"] = _flow_of_version_1(values["architecture"], points)
    if isinstance(model, str) and isinstance(values.get("preset"), str):
        values["preset"] = current_preset(model, values["preset"])
    return values


def migrate_hyperparameters(family: str, values: dict[str, Any], points: bool = False) -> dict[str, Any]:
    """A family's options with their present names, whichever version named them.

    Args:
        family: name of the family.
        values: options by name, complete as a `.keras` file has them, or some of them. Entries that are no options
            are kept.
        points: whether the model is one of points.

    Raises:
        ConfigError: if both the old and the new name of an option are given.
    """
    if family != "flow":
        return dict(values)
    # Every flow that version 1 saved has this option, and none of a later version has.
    if "point_couplings" in values:
        return _flow_of_version_1(values, points)
    return _renamed(values)


def without_format(values: dict[str, Any]) -> dict[str, Any]:
    """The options of a `.keras` file without the version of their format. Files of version 1 do not state it.

    Raises:
        ConfigError: if the version is a later one.
    """
    found = values.get("format", 1)
    if type(found) is not int or not 1 <= found <= VERSION:
        raise ConfigError(f"format: expected 1 to {VERSION}; later versions of tfgen write others. Received: {found!r}")
    return {name: value for name, value in values.items() if name != "format"}


def _flow_of_version_1(values: dict[str, Any], points: bool) -> dict[str, Any]:
    """The options of a flow of version 1, without those that the model does not have."""
    unused = _OF_IMAGES_ONLY if points else _OF_POINTS_ONLY
    return _renamed({name: value for name, value in values.items() if name not in unused})


def _renamed(values: dict[str, Any]) -> dict[str, Any]:
    if both := [old for old, new in RENAMED_OPTIONS.items() if old in values and new in values]:
        raise ConfigError(f"{RENAMED_OPTIONS[both[0]]}: expected once. Received: also under its old name, {both[0]!r}")
    return {RENAMED_OPTIONS.get(name, name): value for name, value in values.items()}
