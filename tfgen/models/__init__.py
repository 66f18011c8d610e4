"""The model families, behind the one contract of `contract.GenerativeModel`."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgen.config import RunConfig
    from tfgen.models.contract import GenerativeModel


_HOMES = {
    "vae": ("tfgen.models.vae.model", "VAE"),
    "gan": ("tfgen.models.gan.model", "GAN"),
    "dropout_gan": ("tfgen.models.gan.dropout_gan", "DropoutGAN"),
    "mad_gan": ("tfgen.models.gan.mad_gan", "MADGAN"),
    "flow": ("tfgen.models.flow.model", "Flow"),
}


def family(name: str) -> type["GenerativeModel"]:
    """The class of a family, by its name in `tfgen.config.MODEL_CONFIGS`."""
    module, attribute = _HOMES[name]
    return getattr(importlib.import_module(module), attribute)


def build(config: "RunConfig", event_shape: tuple[int, ...], levels: int | None) -> "GenerativeModel":
    """A fresh model of a run's configuration for examples of that shape and number of levels.

    The configuration's precision is that of training: a model that is loaded computes in float32.
    """
    import keras

    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.train.precision)
    try:
        return family(config.model)(
            event_shape, levels, ema=config.train.ema, seed=config.train.seed, **config.architecture.to_dict()
        )
    finally:
        keras.config.set_dtype_policy(usual)
