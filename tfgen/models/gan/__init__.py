"""Generative adversarial networks: the GAN, Dropout-GAN and MAD-GAN."""

from tfgen.models.gan.dropout_gan import DropoutGAN
from tfgen.models.gan.mad_gan import MADGAN
from tfgen.models.gan.model import GAN

__all__ = ["GAN", "MADGAN", "DropoutGAN"]
