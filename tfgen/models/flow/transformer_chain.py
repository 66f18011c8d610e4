"""The chain of bijectors of a flow of images whose steps are causal transformers over patches."""

import math
from typing import TYPE_CHECKING

import numpy as np
from tensorflow_probability import bijectors as tfb

from tfgen.bijectors import AutoregressiveAffine, Squeeze, ZeroPad, inside_after_padding, inside_after_squeeze
from tfgen.errors import ConfigError
from tfgen.networks import CausalTransformer

if TYPE_CHECKING:
    from tfgen.models.flow.model import Flow

#: Largest number of patches along the longer side, from which the side of a patch follows if it is not given.
PATCHES = 8


def patch_of(flow: "Flow") -> int:
    """Side of the patches: the option, or the smallest power of two that makes at most 8 patches along a side.

    Raises:
        ConfigError: if a patch is larger than the image.
    """
    height, width, _ = flow.event_shape
    patch = flow.config.patch
    if patch is None:
        return 2 ** max(0, math.ceil(math.log2(max(height, width) / PATCHES)))
    if patch > max(height, width):
        raise ConfigError(
            f"patch: expected at most {max(height, width)} pixels for images of {height}×{width} pixels. "
            f"Received: {patch}"
        )
    return patch


def transformer_chain(flow: "Flow") -> list[tfb.Bijector]:
    """The bijectors from dequantized images [H, W, C] to flat latents [H·W·C], in the order of the data.

    Pixels are scaled from [0, 1] to [−1, 1]. The patches, row by row, are a sequence of vectors. Each step transforms a
    patch given the patches before it. The next step reads the sequence in the opposite direction.
    """
    config, patch = flow.config, patch_of(flow)
    everything = np.ones(flow.event_shape, np.float32)
    padded = inside_after_padding(everything, patch)
    grid = inside_after_squeeze(padded, patch)
    inside = grid.reshape(-1, grid.shape[-1])
    length, size = inside.shape
    is_padded = padded.shape != everything.shape
    steps: list[tfb.Bijector] = [tfb.Chain([tfb.Shift(0.5), tfb.Scale(0.5)], name="center")]
    steps += [ZeroPad(flow.event_shape, padded)] if is_padded else []
    steps += [Squeeze(patch)] if patch > 1 else []
    steps += [tfb.Reshape(event_shape_out=grid.shape, event_shape_in=(length, size))]
    for index in range(config.transformers):
        network = CausalTransformer(
            length,
            size,
            2 * size,
            width=config.width,
            layers=config.layers,
            heads=config.heads,
            dropout=config.dropout,
            classes=len(flow.classes),
        )
        visible = None if not is_padded else inside[::-1] if index % 2 else inside
        reverse = [tfb.Permute(list(range(length))[::-1], axis=-2)] if index else []
        affine = AutoregressiveAffine(
            network,
            flow.add_conditioner(network),
            inside=visible,
            one_hot=flow.current_one_hot,
            guidance=lambda: flow.guidance,
        )
        steps += [*reverse, affine]
    steps += [tfb.Reshape(event_shape_out=(length, size), event_shape_in=(length * size,))]
    if not is_padded:
        return steps
    flat = (inside[::-1] if config.transformers % 2 == 0 else inside).reshape(-1)
    return [*steps, tfb.Invert(ZeroPad((math.prod(flow.event_shape),), flat))]
