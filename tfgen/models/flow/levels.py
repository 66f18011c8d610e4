"""The levels of a flow of images: the squeeze, the couplings and the groups of each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfgen.bijectors import padded_sides
from tfgen.errors import ConfigError

if TYPE_CHECKING:
    from tfgen.config.flow import FlowConfig

#: Side of the blocks of the first levels that are chosen by the size of the image.
BLOCK = 4
#: Longest side of an image of which multiscale passes make a single block.
SINGLE_BLOCK = 8
#: Shortest side of the images between the levels of a flow without multiscale passes.
SHORTEST_SIDE = 4


@dataclass(frozen=True)
class Levels:
    """The numbers of each level, tuples of equal length.

    Attributes:
        squeeze: sides of the blocks of pixels that become channels.
        couplings: numbers of channel couplings.
        group_size: pixels of a block that the multiscale passes generate in parallel.
        keeps_pixels: whether the first pixel of each block passes on to the next level, as after multiscale passes.
    """

    squeeze: tuple[int, ...]
    couplings: tuple[int, ...]
    group_size: tuple[int, ...]
    keeps_pixels: bool

    def is_last(self, level: int) -> bool:
        """Whether it is the index of the last level."""
        return level == len(self.squeeze) - 1

    def kept_channels(self, level: int, channels: int) -> int:
        """Channels that pass on to the next level: half of them, or after multiscale passes each block's first pixel.

        These first pixels are an image with one pixel per block. All other pixels are conditioned on them, and nothing
        has modelled the dependence between them yet.
        """
        block = self.squeeze[level]
        return channels // block**2 if self.keeps_pixels and block > 1 else channels // 2


def levels_of(config: "FlowConfig", image_shape: tuple[int, int, int]) -> Levels:
    """The levels of a flow of images [H, W, C].

    Without `squeeze`, the size of the image decides: for multiscale passes, blocks of 4×4 until one block of at most
    8×8 pixels covers the image; otherwise blocks of 4×4 and then of 2×2 while the sides stay at least 4. One value of
    `couplings` or `group_size` then applies to all levels; in the last level, the pixels of a group are at least as
    many as those of a row of the block.

    Raises:
        ConfigError: if a block is larger than the image at its level, or if a level has too few channels to split.
    """
    squeeze = config.squeeze or _chosen_squeeze(image_shape, bool(config.multiscale_passes))
    couplings, group_size = config.couplings, config.group_size or (1,) * len(squeeze)
    if not config.squeeze:
        couplings *= len(squeeze)
        # The last block covers the whole image. Larger groups of its many pixels make fewer networks.
        group_size = (*group_size[:1] * (len(squeeze) - 1), max(group_size[0], squeeze[-1]))
    levels = Levels(squeeze, couplings, group_size, bool(config.multiscale_passes))
    height, width, channels = image_shape
    for level, block in enumerate(squeeze):
        if block > max(height, width):
            raise ConfigError(
                f"squeeze: expected blocks of at most {max(height, width)} pixels for images of {height}×{width} "
                f"pixels at level {level + 1}. Received: {block}"
            )
        height, width = (side // block for side in padded_sides(height, width, block))
        channels *= block**2
        if channels < 2 and (couplings[level] or not levels.is_last(level)):
            raise ConfigError(
                f"squeeze: expected at least 2 channels to split at level {level + 1}. Received: blocks of {block} "
                f"pixels, which make {channels}"
            )
        channels = levels.kept_channels(level, channels)
    return levels


def _chosen_squeeze(image_shape: tuple[int, int, int], multiscale: bool) -> tuple[int, ...]:
    """The sides of the blocks of each level, by the size of the image."""
    height, width, _ = image_shape
    squeeze: list[int] = []
    if multiscale:
        while max(height, width) > SINGLE_BLOCK:
            squeeze.append(BLOCK)
            height, width = (-(-side // BLOCK) for side in (height, width))
        return (*squeeze, max(height, width))
    squeeze.append(min(BLOCK, max(1, max(height, width) // 2)))
    height, width = (-(-side // squeeze[0]) for side in (height, width))
    while min(height, width) >= 2 * SHORTEST_SIDE:
        squeeze.append(2)
        height, width = (-(-side // 2) for side in (height, width))
    return tuple(squeeze)
