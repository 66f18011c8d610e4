"""The chain of bijectors of a flow of images, from the data to the latent."""

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
from tensorflow_probability import bijectors as tfb

from tfgen.bijectors import (
    AffineCoupling,
    AutoregressiveSpline,
    ChannelCoupling,
    FactorOut,
    MultiscaleAutoregressive,
    Squeeze,
    ZeroPad,
    checkerboard_mask,
    coarse_to_fine_order,
    coarse_to_fine_permutation,
    group_limits,
    inside_after_padding,
    inside_after_squeeze,
    logit,
    spline_parameters,
    split_sizes,
)
from tfgen.models.flow.dequantizer import Dequantizer
from tfgen.models.flow.levels import Levels, levels_of
from tfgen.networks import AutoregressiveNetwork, SoftRound, conv_conditioner, multiscale_conditioner

if TYPE_CHECKING:
    import keras

    from tfgen.config.flow import FlowConfig
    from tfgen.models.flow.model import Flow

# Splines map [−B, B] to itself. One of 16,000 values of a normal latent is outside.
SPLINE_BOUND = 4.0

Shape = tuple[int, int, int]


def make_dequantizer(flow: "Flow") -> Dequantizer | None:
    """The flow of the dequantization noise; None for uniform or normal noise."""
    config = flow.config
    if config.dequantization != "variational":
        return None
    return Dequantizer(
        flow.event_shape,
        flow.levels,
        levels_of(config, flow.event_shape).squeeze[0],
        config.width,
        config.activation,
        channel_autoregressive=config.channel_autoregressive,
    )


def image_chain(flow: "Flow") -> list[tfb.Bijector]:
    """The bijectors from dequantized images [H, W, C] to flat latents [H·W·C], in the order of the data.

    The order in which the functions below create networks and layers determines the initial weights of a seed and the
    order of saved weights.
    """
    inside = np.ones(flow.event_shape, np.float32)
    steps = [*_logit(flow.config), *_autoregressive_spline(flow), *_checkerboard_couplings(flow)]
    level_steps, inside = _level(flow, levels_of(flow.config, flow.event_shape), 0, inside)
    if inside.all():
        return [*steps, *level_steps]
    return [*steps, *level_steps, tfb.Invert(ZeroPad((math.prod(flow.event_shape),), inside))]


def _level(flow: "Flow", levels: Levels, level: int, inside: np.ndarray) -> tuple[list[tfb.Bijector], np.ndarray]:
    """The bijectors of a level and of all levels after it: images → flat latents.

    A level is squeeze → multiscale passes → [ActNorm → invertible 1×1 → coupling] × K → factor out. The last level
    reshapes to a vector instead of factoring out. An image whose sides are no multiples of the squeeze's block is
    padded with zeros, which all steps keep.

    Args:
        flow: the model.
        levels: the numbers of each level.
        level: index of the level.
        inside: which entries of the level's images are no padding, [H, W, C].

    Returns:
        the bijectors; which entries of the flat latents are no padding.
    """
    steps, inside = _squeeze(levels.squeeze[level], inside)
    passes, inside = _multiscale_passes(flow, levels, level, inside)
    steps += [*passes, *_channel_couplings(flow, levels.couplings[level], inside)]
    shape = inside.shape
    if levels.is_last(level):
        size = (math.prod(shape),)
        return [*steps, tfb.Reshape(event_shape_out=shape, event_shape_in=size)], inside.reshape(-1)
    kept = levels.kept_channels(level, shape[-1])
    inner_steps, inner_inside = _level(flow, levels, level + 1, inside[..., :kept])
    inner = tfb.Chain(inner_steps, name=f"level_{level + 2}")
    latents_inside = np.concatenate([inner_inside, inside[..., kept:].reshape(-1)])
    return [*steps, FactorOut(inner, shape, kept, inner_inside.size)], latents_inside


# -- the steps of the chain -------------------------------------------------------------------------------------------


def _logit(config: "FlowConfig") -> list[tfb.Bijector]:
    if not _has_splines(config):
        return [logit(config.alpha)]
    # The scale makes the pixels from black to white fill the interval of the splines.
    return [tfb.Chain([logit(config.alpha), tfb.Scale(_logit_scale(config))], name="scaled_logit")]


def _autoregressive_spline(flow: "Flow") -> list[tfb.Bijector]:
    """The autoregressive spline of all pixels, or of all blocks of pixels between a squeeze and its inverse."""
    config = flow.config
    if not config.autoregressive:
        return []
    steps, inside = _squeeze(config.autoregressive_block, np.ones(flow.event_shape, np.float32))
    shape = inside.shape
    network = AutoregressiveNetwork(
        shape,
        shape[-1] * spline_parameters(config.bins),
        soft_round=_soft_round(flow),
        channel_autoregressive=config.channel_autoregressive or config.autoregressive_block > 1,
        classes=len(flow.classes),
        **_network_options(config),
    )
    spline = AutoregressiveSpline(
        network,
        flow.add_conditioner(network),
        config.bins,
        SPLINE_BOUND,
        inside=None if inside.all() else inside,
        one_hot=flow.current_one_hot,
    )
    return [*steps, spline, *(tfb.Invert(step) for step in reversed(steps))]


def _checkerboard_couplings(flow: "Flow") -> list[tfb.Bijector]:
    height, width, channels = flow.event_shape
    block_size = 2 if height % 2 == width % 2 == 0 else 1
    steps = []
    for index in range(flow.config.checkerboard):
        mask = checkerboard_mask(flow.event_shape, index % 2)
        network = _conv_conditioner(flow, flow.event_shape, 2 * channels, block_size=block_size)
        steps += [*flow.add_actnorm(channels), AffineCoupling(network, mask)]
    return steps


def _squeeze(block: int, inside: np.ndarray) -> tuple[list[tfb.Bijector], np.ndarray]:
    """Padding to whole blocks, where needed, and the squeeze; and `inside` after both."""
    if block == 1:
        return [], inside
    padded = inside_after_padding(inside, block)
    pad = [ZeroPad(inside.shape, inside_after_padding(np.ones_like(inside), block))]
    pad = pad if padded.shape != inside.shape else []
    return [*pad, Squeeze(block)], inside_after_squeeze(padded, block)


def _multiscale_passes(
    flow: "Flow", levels: Levels, level: int, inside: np.ndarray
) -> tuple[list[tfb.Bijector], np.ndarray]:
    """Autoregressive splines over the pixels of the blocks that a squeeze made channels, [H, W, b²C].

    In the direction of generation, the pixels of a block are computed in coarse-to-fine order, in groups, each
    conditioned on the groups before it. Pixels at the same position of different blocks are b pixels apart and belong
    to the same group. Every second pass reverses the order. If the channels are autoregressive, each group is divided
    by channels: the green values of its pixels are conditioned on their red values, and so on.

    The first pixel of each block passes to the next level unchanged, so that the networks of the next level read
    pixels as well. A spline that made that pixel normal would move the difference between grey and black into its tail.

    Returns:
        the bijectors; and `inside` after them.
    """
    config, (height, width, channels) = flow.config, inside.shape
    if not config.multiscale_passes:
        return [], inside
    block = levels.squeeze[level]
    pixel_channels = channels // block**2
    ends = group_limits(block**2, levels.group_size[level])
    divided = config.channel_autoregressive and pixel_channels > 1
    limits = [pixel_channels * ends[0]] if not levels.is_last(level) else [0]
    # With divided channels, only the first conditioner of a group looks at the neighbouring blocks.
    kernels = []
    for start, end in itertools.pairwise([0, *ends]):
        if limits[-1] == pixel_channels * end:
            continue
        parts = pixel_channels if divided else 1
        step = (end - start) * pixel_channels // parts
        limits += [limits[-1] + step * (part + 1) for part in range(parts)]
        kernels += [3, *[1] * (parts - 1)]
    order = coarse_to_fine_order(block, pixel_channels, ends if divided else None)
    inside = inside[..., order]
    steps: list[tfb.Bijector] = [coarse_to_fine_permutation(block, pixel_channels, ends if divided else None)]
    for index in range(config.multiscale_passes):
        reads_pixels = index == 0 and _receives_pixels(config, levels, level)
        conditioners = _multiscale_conditioners(flow, (height, width), limits, kernels, reads_pixels)
        reverse = [tfb.Permute(list(range(channels))[::-1])] if index % 2 else []
        visible = inside[..., ::-1] if index % 2 else inside
        coupling = MultiscaleAutoregressive(
            conditioners, limits, config.bins, SPLINE_BOUND, inside=None if inside.all() else visible
        )
        steps += [*reverse, coupling, *reverse]
    return steps, inside


def _multiscale_conditioners(
    flow: "Flow", size: tuple[int, int], limits: list[int], kernels: list[int], reads_pixels: bool
) -> list:
    conditioners: list[keras.Model] = []
    newest = limits[0]
    for (start, end), kernel in zip(itertools.pairwise(limits), kernels, strict=True):
        network = multiscale_conditioner(
            (*size, max(1, newest)),
            (end - start) * spline_parameters(flow.config.bins),
            receives_features=bool(conditioners),
            soft_round=_soft_round(flow) if reads_pixels else None,
            kernel=kernel,
            classes=len(flow.classes),
            **_network_options(flow.config),
        )
        conditioners.append(flow.add_conditioner(network))
        newest = end - start
    return conditioners


def _channel_couplings(flow: "Flow", count: int, inside: np.ndarray) -> list[tfb.Bijector]:
    height, width, channels = inside.shape
    padding = None if inside.all() else inside
    steps: list[tfb.Bijector] = []
    for index in range(count):
        parity = index % 2
        conditioning, transformed = split_sizes(channels) if parity == 0 else split_sizes(channels)[::-1]
        network = _conv_conditioner(flow, (height, width, conditioning), 2 * transformed)
        steps += [
            *flow.add_actnorm(channels, padding),
            *flow.add_invertible_conv(channels, padding),
            ChannelCoupling(network, channels, parity, inside=padding),
        ]
    return steps


# -- what the steps depend on -----------------------------------------------------------------------------------------


def _has_splines(config: "FlowConfig") -> bool:
    return bool(config.multiscale_passes or config.autoregressive)


def _receives_pixels(config: "FlowConfig", levels: Levels, level: int) -> bool:
    """Whether the multiscale passes of a level receive pixels that no earlier step has transformed."""
    if config.autoregressive or config.checkerboard or any(levels.couplings[:level]):
        return False
    # A second pass transforms the first pixels of the blocks too, which are the images of the next level.
    return level == 0 or config.multiscale_passes == 1


def _logit_scale(config: "FlowConfig") -> float:
    """Logit of white, divided by the bound of the splines."""
    return math.log((1.0 - config.alpha) / config.alpha) / SPLINE_BOUND


def _soft_round(flow: "Flow") -> SoftRound:
    return SoftRound(flow.levels, flow.config.alpha, _logit_scale(flow.config))


def _conv_conditioner(flow: "Flow", shape: Shape, outputs: int, block_size: int = 1):
    network = conv_conditioner(
        shape, outputs, block_size=block_size, classes=len(flow.classes), **_network_options(flow.config)
    )
    return flow.add_conditioner(network)


def _network_options(config: "FlowConfig") -> dict:
    return {
        "width": config.width,
        "blocks": config.blocks,
        "activation": config.activation,
        "dropout": config.dropout,
    }
