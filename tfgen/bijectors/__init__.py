"""Bijectors of normalizing flows, one a file. Forward leads from latent to data, inverse from data to latent."""

from tfgen.bijectors.actnorm import ActNorm, ScaleAndShift
from tfgen.bijectors.autoregressive import AutoregressiveSpline
from tfgen.bijectors.coupling import AffineCoupling, ChannelCoupling
from tfgen.bijectors.factor_out import FactorOut
from tfgen.bijectors.invertible_1x1 import Invertible1x1, LUMatrix
from tfgen.bijectors.logit import logit
from tfgen.bijectors.masks import alternating_mask, channel_mask, checkerboard_mask
from tfgen.bijectors.multiscale import MultiscaleAutoregressive
from tfgen.bijectors.pixel_order import coarse_first, coarse_to_fine, in_growing_parts
from tfgen.bijectors.spline import SplineCoupling, spline_parameters
from tfgen.bijectors.squeeze import Squeeze

__all__ = [
    "ActNorm",
    "AffineCoupling",
    "AutoregressiveSpline",
    "ChannelCoupling",
    "FactorOut",
    "Invertible1x1",
    "LUMatrix",
    "MultiscaleAutoregressive",
    "ScaleAndShift",
    "SplineCoupling",
    "Squeeze",
    "alternating_mask",
    "channel_mask",
    "checkerboard_mask",
    "coarse_first",
    "coarse_to_fine",
    "in_growing_parts",
    "logit",
    "spline_parameters",
]
