"""The coarse-to-fine order in which the pixels of a block are generated."""

import itertools

from tensorflow_probability import bijectors as tfb


def coarse_to_fine(block: int) -> list[tuple[int, int]]:
    """The pixels of a block, each as far as possible from all pixels before it.

    Blocks tile the plane, so distances wrap around the edges of a block. The order of a 4×4 block is one pixel, the
    pixel in the middle between its copies in the neighbouring blocks, then the pixels in the middle between those, and
    so on. A pixel thus has neighbours on all sides among the pixels before it as early as possible. Interlaced image
    formats use this order.

    Args:
        block: side of the block, b.

    Returns:
        (row, column) of all b² pixels.

    Reference: Reed et al.: Parallel multiscale autoregressive density estimation. ICML 2017.

    Example:
        >>> coarse_to_fine(2)
        [(0, 0), (1, 1), (0, 1), (1, 0)]
    """

    def distance(one, other):
        offsets = (min((a - b) % block, (b - a) % block) for a, b in zip(one, other, strict=True))
        return sum(offset**2 for offset in offsets)

    remaining, order = [(row, column) for row in range(block) for column in range(block)], list[tuple[int, int]]()
    while remaining:
        distances = {pixel: [distance(pixel, previous) for previous in reversed(order)] for pixel in remaining}
        # Largest distance to the nearest earlier pixel; ties go to the largest distances to the latest pixels.
        order.append(max(remaining, key=lambda pixel: (min(distances[pixel], default=0), distances[pixel])))
        remaining.remove(order[-1])
    return order


def group_limits(pixels: int, group_size: int) -> list[int]:
    """Ends of the groups of pixels that are generated in parallel.

    A group has at most `group_size` pixels, and at most as many as all groups before it together. Pixels of one group
    are not conditioned on each other. The loss in likelihood is small where enough pixels between them are known.

    Example:
        >>> group_limits(16, 4)
        [1, 2, 4, 8, 12, 16]
    """
    ends = [1]
    while ends[-1] < pixels:
        ends.append(min(pixels, ends[-1] + min(group_size, ends[-1])))
    return ends


def coarse_to_fine_order(block: int, channels: int, group_ends: list[int] | None = None) -> list[int]:
    """The channels that `Squeeze` made of blocks of pixels, in coarse-to-fine order.

    Args:
        block: side of the blocks, b.
        channels: C of each pixel.
        group_ends: ends of groups of pixels (`group_limits`). Within a group, the first channels of all pixels come
            first, then their second channels, and so on. Default: each pixel is a group, whose channels stay adjacent.

    Returns:
        a permutation of the numbers below b² C.
    """
    pixels = [row * block + column for row, column in coarse_to_fine(block)]
    groups = itertools.pairwise([0, *(group_ends or range(1, block**2 + 1))])
    return [
        pixel * channels + channel
        for start, end in groups
        for channel in range(channels)
        for pixel in pixels[start:end]
    ]


def coarse_to_fine_permutation(block: int, channels: int, group_ends: list[int] | None = None) -> tfb.Bijector:
    """Permutation of the channels that `Squeeze` made of blocks of pixels, [b² C].

        forward   coarse-to-fine order → order of `Squeeze`       (latent → data)
        inverse   order of `Squeeze` → coarse-to-fine order       (data → latent)
        log-det   0

    Args:
        block: side of the blocks, b.
        channels: C of each pixel.
        group_ends: see `coarse_to_fine_order`.
    """
    order = coarse_to_fine_order(block, channels, group_ends)
    # `Permute` applies an order in its forward direction. Here the inverse direction applies the order.
    return tfb.Invert(tfb.Permute(order), name="coarse_to_fine_permutation")
