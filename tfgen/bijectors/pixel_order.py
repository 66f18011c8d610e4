"""In which order the pixels of a block are made."""

from tensorflow_probability import bijectors as tfb


def coarse_to_fine(block: int) -> list[tuple[int, int]]:
    """The pixels of a block, each as far as can be from those before it.

    Blocks tile the plane, so distance goes around their edges. Of a block of 4: one pixel, the one between its copies,
    then those halfway to both, and so on: every pixel finds its neighbours on all sides among those before, as early as
    can be. It is how an interlaced picture is sent, and how parallel autoregressive models order their pixels.

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
        around = (min((a - b) % block, (b - a) % block) for a, b in zip(one, other, strict=True))
        return sum(step**2 for step in around)

    left, order = [(row, column) for row in range(block) for column in range(block)], list[tuple[int, int]]()
    while left:
        distances = {pixel: [distance(pixel, made) for made in reversed(order)] for pixel in left}
        # Of those that are equally far from the nearest one, that which is farthest from the last one.
        order.append(max(left, key=lambda pixel: (min(distances[pixel], default=0), distances[pixel])))
        left.remove(order[-1])
    return order


def in_growing_parts(pixels: int, group_size: int) -> list[int]:
    """Where the parts end in which pixels are made: each of `group_size`, but none of more than are made before it.

    Pixels of one part do not know of each other. That costs little where enough are known between them.

    Example:
        >>> in_growing_parts(16, 4)
        [1, 2, 4, 8, 12, 16]
    """
    ends = [1]
    while ends[-1] < pixels:
        ends.append(min(pixels, ends[-1] + min(group_size, ends[-1])))
    return ends


def coarse_first(block: int, channels: int) -> tfb.Bijector:
    """Channels of blocks that `Squeeze` folded, [b² C], in the order of `coarse_to_fine`; the data has them as folded.

    Args:
        block: side of the blocks, b.
        channels: C, of each pixel; they stay side by side.
    """
    places = [row * block + column for row, column in coarse_to_fine(block)]
    order = [place * channels + channel for place in places for channel in range(channels)]
    # `Permute` takes its order on the way to the data; this one is that of the latent.
    return tfb.Invert(tfb.Permute(order), name="coarse_first")
