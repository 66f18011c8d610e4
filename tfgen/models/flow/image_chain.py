"""The chain of bijectors of a flow of images, from the data to the latent."""

import itertools
import math
from typing import TYPE_CHECKING

from tensorflow_probability import bijectors as tfb

from tfgen.bijectors import (
    AffineCoupling,
    AutoregressiveSpline,
    ChannelCoupling,
    FactorOut,
    MultiscaleAutoregressive,
    Squeeze,
    checkerboard_mask,
    coarse_to_fine_permutation,
    group_limits,
    logit,
    spline_parameters,
    split_sizes,
)
from tfgen.errors import ConfigError
from tfgen.models.flow.dequantizer import Dequantizer
from tfgen.networks import AutoregressiveNetwork, SoftRound, conv_conditioner, multiscale_conditioner

if TYPE_CHECKING:
    import keras

    from tfgen.config.flow import FlowConfig
    from tfgen.models.flow.model import Flow

# Splines map [−B, B] to itself. One of 16,000 values of a normal latent is outside.
SPLINE_BOUND = 4.0

Shape = tuple[int, int, int]


def make_dequantizer(flow: "Flow") -> Dequantizer | None:
    """The flow of the dequantization noise; None for uniform noise."""
    config = flow.config
    if config.dequantization == "uniform":
        return None
    return Dequantizer(flow.event_shape, flow.levels, config.squeeze[0], config.width, config.activation)


def image_chain(flow: "Flow") -> list[tfb.Bijector]:
    """The bijectors from dequantized images [H, W, C] to flat latents [H·W·C], in the order of the data.

    The order in which the functions below create networks and layers determines the initial weights of a seed and the
    order of saved weights.
    """
    return [
        *_logit(flow.config),
        *_autoregressive_spline(flow),
        *_checkerboard_couplings(flow),
        *_level(flow, 0, flow.event_shape),
    ]


def _level(flow: "Flow", level: int, shape: Shape) -> list[tfb.Bijector]:
    """The bijectors of a level and of all levels after it: images of `shape` → flat latents.

    A level is squeeze → multiscale passes → [ActNorm → invertible 1×1 → coupling] × K → factor out. The last level
    reshapes to a vector instead of factoring out.
    """
    shape = squeezed_shape(flow.config, level, shape)
    steps = [
        *_squeeze(flow.config.squeeze[level]),
        *_multiscale_passes(flow, level, shape),
        *_channel_couplings(flow, flow.config.couplings[level], shape),
    ]
    if _is_last(flow.config, level):
        return [*steps, tfb.Reshape(event_shape_out=shape, event_shape_in=(math.prod(shape),))]
    height, width, channels = shape
    kept = _kept_channels(flow.config, level, channels)
    inner = tfb.Chain(_level(flow, level + 1, (height, width, kept)), name=f"level_{level + 2}")
    return [*steps, FactorOut(inner, shape, kept)]


def squeezed_shape(config: "FlowConfig", level: int, shape: Shape) -> Shape:
    """The shape of a level's images after its squeeze.

    Raises:
        ConfigError: if the side of the blocks does not divide the sides of the image, or if there are too few channels
            to split.
    """
    (height, width, channels), block = shape, config.squeeze[level]
    if height % block or width % block:
        raise ConfigError(
            f"squeeze: expected a divisor of the sides {height} and {width} at level {level + 1}. Received: {block}"
        )
    height, width, channels = height // block, width // block, channels * block**2
    if channels < 2 and (config.couplings[level] or not _is_last(config, level)):
        raise ConfigError(
            f"squeeze: expected at least 2 channels to split at level {level + 1}. Received: blocks of {block} "
            f"pixels, which make {channels}"
        )
    return height, width, channels


# -- the steps of the chain -------------------------------------------------------------------------------------------


def _logit(config: "FlowConfig") -> list[tfb.Bijector]:
    if not _has_splines(config):
        return [logit(config.alpha)]
    # The scale makes the pixels from black to white fill the interval of the splines.
    return [tfb.Chain([logit(config.alpha), tfb.Scale(_logit_scale(config))], name="scaled_logit")]


def _autoregressive_spline(flow: "Flow") -> list[tfb.Bijector]:
    config = flow.config
    if not config.autoregressive:
        return []
    outputs = flow.event_shape[-1] * spline_parameters(config.bins)
    network = AutoregressiveNetwork(flow.event_shape, outputs, soft_round=_soft_round(flow), **_network_options(config))
    return [AutoregressiveSpline(network, flow.add_conditioner(network), config.bins, SPLINE_BOUND)]


def _checkerboard_couplings(flow: "Flow") -> list[tfb.Bijector]:
    height, width, channels = flow.event_shape
    block_size = 2 if height % 2 == width % 2 == 0 else 1
    steps = []
    for index in range(flow.config.checkerboard):
        mask = checkerboard_mask(flow.event_shape, index % 2)
        network = _conv_conditioner(flow, flow.event_shape, 2 * channels, block_size=block_size)
        steps += [*flow.add_actnorm(channels), AffineCoupling(network, mask)]
    return steps


def _squeeze(block: int) -> list[tfb.Bijector]:
    return [Squeeze(block)] if block > 1 else []


def _multiscale_passes(flow: "Flow", level: int, shape: Shape) -> list[tfb.Bijector]:
    """Autoregressive splines over the pixels of the blocks that a squeeze made channels, `shape` [H, W, b²C].

    In the direction of generation, the pixels of a block are computed in coarse-to-fine order, in groups, each
    conditioned on the groups before it. Pixels at the same position of different blocks are b pixels apart and belong
    to the same group. Every second pass reverses the order.

    The first pixel of each block passes to the next level unchanged, so that the networks of the next level read
    pixels as well. A spline that made that pixel normal would move the difference between grey and black into its tail.
    """
    config, (height, width, channels) = flow.config, shape
    if not config.multiscale_passes:
        return []
    block = config.squeeze[level]
    pixel_channels = channels // block**2
    group_size = config.group_size[level] if config.group_size else 1
    limits = [pixel_channels * end for end in group_limits(block**2, group_size)]
    if _is_last(config, level):
        limits = [0, *limits]
    steps: list[tfb.Bijector] = [coarse_to_fine_permutation(block, pixel_channels)]
    for index in range(config.multiscale_passes):
        reads_pixels = index == 0 and _receives_pixels(config, level)
        conditioners = _multiscale_conditioners(flow, (height, width), limits, reads_pixels)
        reverse = [tfb.Permute(list(range(channels))[::-1])] if index % 2 else []
        steps += [*reverse, MultiscaleAutoregressive(conditioners, limits, config.bins, SPLINE_BOUND), *reverse]
    return steps


def _multiscale_conditioners(flow: "Flow", size: tuple[int, int], limits: list[int], reads_pixels: bool) -> list:
    conditioners: list[keras.Model] = []
    newest = limits[0]
    for start, end in itertools.pairwise(limits):
        network = multiscale_conditioner(
            (*size, max(1, newest)),
            (end - start) * spline_parameters(flow.config.bins),
            receives_features=bool(conditioners),
            soft_round=_soft_round(flow) if reads_pixels else None,
            **_network_options(flow.config),
        )
        conditioners.append(flow.add_conditioner(network))
        newest = end - start
    return conditioners


def _channel_couplings(flow: "Flow", count: int, shape: Shape) -> list[tfb.Bijector]:
    height, width, channels = shape
    steps: list[tfb.Bijector] = []
    for index in range(count):
        parity = index % 2
        conditioning, transformed = split_sizes(channels) if parity == 0 else split_sizes(channels)[::-1]
        network = _conv_conditioner(flow, (height, width, conditioning), 2 * transformed)
        steps += [
            *flow.add_actnorm(channels),
            *flow.add_invertible_conv(channels),
            ChannelCoupling(network, channels, parity),
        ]
    return steps


# -- what the steps depend on -----------------------------------------------------------------------------------------


def _has_splines(config: "FlowConfig") -> bool:
    return bool(config.multiscale_passes or config.autoregressive)


def _is_last(config: "FlowConfig", level: int) -> bool:
    return level == len(config.squeeze) - 1


def _kept_channels(config: "FlowConfig", level: int, channels: int) -> int:
    """Channels that pass on to the next level: half of them, or after multiscale passes the first pixel of each block.

    These first pixels are an image with one pixel per block. All other pixels are conditioned on them, and nothing has
    modelled the dependence between them yet.
    """
    block = config.squeeze[level]
    return channels // block**2 if config.multiscale_passes and block > 1 else channels // 2


def _receives_pixels(config: "FlowConfig", level: int) -> bool:
    """Whether the multiscale passes of a level receive pixels that no earlier step has transformed."""
    if config.autoregressive or config.checkerboard or any(config.couplings[:level]):
        return False
    # A second pass transforms the first pixels of the blocks too, which are the images of the next level.
    return level == 0 or config.multiscale_passes == 1


def _logit_scale(config: "FlowConfig") -> float:
    """Logit of white, divided by the bound of the splines."""
    return math.log((1.0 - config.alpha) / config.alpha) / SPLINE_BOUND


def _soft_round(flow: "Flow") -> SoftRound:
    return SoftRound(flow.levels, flow.config.alpha, _logit_scale(flow.config))


def _conv_conditioner(flow: "Flow", shape: Shape, outputs: int, block_size: int = 1):
    network = conv_conditioner(shape, outputs, block_size=block_size, **_network_options(flow.config))
    return flow.add_conditioner(network)


def _network_options(config: "FlowConfig") -> dict:
    return {
        "width": config.width,
        "blocks": config.blocks,
        "activation": config.activation,
        "dropout": config.dropout,
    }
