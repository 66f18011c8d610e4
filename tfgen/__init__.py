"""Variational autoencoders, generative adversarial networks and normalizing flows of images, behind one contract.

    >>> import tfgen
    >>> model = tfgen.load("runs/digits-flow-1")
    >>> images = model.sample(64, seed=7, temperature=0.8)          # [64, 8, 8, 1] in [0, 1]

TensorFlow is imported with the first name that needs it, so that `import tfgen` costs nothing.
"""

import importlib

_HOMES = {
    "VAE": "tfgen.models.vae.model",
    "GAN": "tfgen.models.gan.model",
    "DropoutGAN": "tfgen.models.gan.dropout_gan",
    "MADGAN": "tfgen.models.gan.mad_gan",
    "Flow": "tfgen.models.flow.model",
    "load": "tfgen.runs",
    "Run": "tfgen.runs",
    "load_data": "tfgen.data",
}

__all__ = sorted(_HOMES)  # pyright: ignore


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'tfgen' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), "load" if name == "load_data" else name)


def __dir__():
    return sorted([*globals(), *_HOMES])
