"""The registry of model families: the one place that names the parts of a family.

A new family needs a configuration class, presets, a model class and an entry of `FAMILIES`. Model classes are imported
on demand, since they need TensorFlow.
"""

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfgen.config import flow_presets, gan_presets, vae_presets
from tfgen.config.flow import FlowConfig, PointFlowConfig
from tfgen.config.gan import DropoutGANConfig, GANConfig, MADGANConfig
from tfgen.config.preset import Preset
from tfgen.config.schema import Options
from tfgen.config.vae import VAEConfig
from tfgen.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel


#: The preset that every family has, whose options `tfgen.config.auto` chooses from the data.
AUTO = "auto"
_AUTO_PRESET = Preset(
    expected_result="The options are chosen from the size, the colours and the number of the pictures, the device and "
    "the time. The training prints them, with the reason for each.",
    options={},
)


@dataclass(frozen=True)
class Family:
    """A family of models.

    Attributes:
        title: the family in words.
        config: class of the options.
        presets: the presets, by name.
        model_module, model_class: where the model is defined. `tfgen` exports the class under this name.
        point_config: class of the options for data sets of points, where they differ from those for images.
    """

    title: str
    config: type[Options]
    presets: dict[str, Preset]
    model_module: str
    model_class: str
    point_config: type[Options] | None = None


FAMILIES: dict[str, Family] = {
    "vae": Family("variational autoencoder", VAEConfig, vae_presets.PRESETS, "tfgen.models.vae.model", "VAE"),
    "gan": Family(
        "generative adversarial network", GANConfig, gan_presets.GAN_PRESETS, "tfgen.models.gan.model", "GAN"
    ),
    "dropout_gan": Family(
        "Dropout-GAN",
        DropoutGANConfig,
        gan_presets.DROPOUT_GAN_PRESETS,
        "tfgen.models.gan.dropout_gan",
        "DropoutGAN",
    ),
    "mad_gan": Family("MAD-GAN", MADGANConfig, gan_presets.MAD_GAN_PRESETS, "tfgen.models.gan.mad_gan", "MADGAN"),
    "flow": Family(
        "normalizing flow",
        FlowConfig,
        flow_presets.PRESETS,
        "tfgen.models.flow.model",
        "Flow",
        point_config=PointFlowConfig,
    ),
}


def find_family(name: Any) -> Family:
    """The family of that name. Raises `ConfigError` if there is none."""
    # A JSON file may hold a list, which is no key of a dictionary.
    if not isinstance(name, str) or name not in FAMILIES:
        raise ConfigError(f"model: expected one of {', '.join(FAMILIES)}. Received: {name!r}{_hint(name, FAMILIES)}")
    return FAMILIES[name]


def find_preset(model: str, name: str) -> Preset:
    """The preset of that name. Raises `ConfigError` if the family has none."""
    presets = {AUTO: _AUTO_PRESET, **find_family(model).presets}
    if name not in presets:
        raise ConfigError(
            f"preset: expected one of {', '.join(presets)} for a {model}. Received: {name!r}{_hint(name, presets)}"
        )
    return presets[name]


def config_class(name: str, points: bool = False) -> type[Options]:
    """The class of a family's options, for images or for points. Raises `ConfigError` on an unknown family."""
    family = find_family(name)
    return family.point_config if points and family.point_config is not None else family.config


def model_class(name: str) -> "type[GenerativeModel]":
    """The class of a family's models, imported with TensorFlow. Raises `ConfigError` on an unknown family."""
    family = find_family(name)
    return getattr(importlib.import_module(family.model_module), family.model_class)


def _hint(word: Any, names: dict[str, Any]) -> str:
    hint = did_you_mean(word, names)
    return "." + hint if hint else ""
