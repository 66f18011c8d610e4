"""Bijectors of normalizing flows. Forward maps a latent to data, inverse maps data to a latent."""

from tfgen.bijectors.actnorm import ActNorm, ScaleAndShift
from tfgen.bijectors.autoregressive import AutoregressiveSpline
from tfgen.bijectors.autoregressive_affine import AutoregressiveAffine
from tfgen.bijectors.coupling import AffineCoupling, ChannelCoupling, split_sizes
from tfgen.bijectors.elementwise_spline import spline_parameters
from tfgen.bijectors.factor_out import FactorOut
from tfgen.bijectors.invertible_1x1 import Invertible1x1, LUMatrix
from tfgen.bijectors.log_slopes import in_order_of_data, inverse_and_log_slopes
from tfgen.bijectors.logit import logit
from tfgen.bijectors.masks import alternating_mask, channel_mask, checkerboard_mask
from tfgen.bijectors.multiscale import MultiscaleAutoregressive
from tfgen.bijectors.pixel_order import (
    coarse_to_fine,
    coarse_to_fine_order,
    coarse_to_fine_permutation,
    group_limits,
)
from tfgen.bijectors.rational_quadratic_spline import RationalQuadraticSpline
from tfgen.bijectors.spline_coupling import SplineCoupling
from tfgen.bijectors.squeeze import Squeeze
from tfgen.bijectors.zero_pad import ZeroPad, inside_after_padding, inside_after_squeeze, padded_sides

__all__ = [
    "ActNorm",
    "AffineCoupling",
    "AutoregressiveAffine",
    "AutoregressiveSpline",
    "ChannelCoupling",
    "FactorOut",
    "Invertible1x1",
    "LUMatrix",
    "MultiscaleAutoregressive",
    "RationalQuadraticSpline",
    "ScaleAndShift",
    "SplineCoupling",
    "Squeeze",
    "ZeroPad",
    "alternating_mask",
    "channel_mask",
    "checkerboard_mask",
    "coarse_to_fine",
    "coarse_to_fine_order",
    "coarse_to_fine_permutation",
    "group_limits",
    "in_order_of_data",
    "inside_after_padding",
    "inside_after_squeeze",
    "inverse_and_log_slopes",
    "logit",
    "padded_sides",
    "spline_parameters",
    "split_sizes",
]
