"""The variational autoencoder."""

from tfgen.models.vae.model import VAE

__all__ = ["VAE"]
