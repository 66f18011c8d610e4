"""Milliseconds of a causal convolution and its gradients, computed in three ways, in turn.

masked   one convolution with the kernel of 2 rows and 4 columns, in which 2 of 8 taps are zero, as in `CausalConv`
split    one convolution for each row, without the zeros
product  one matrix product of the 6 shifted images
"""

import argparse
from collections.abc import Callable
from typing import Any

from benchmarks.cases.export import in_turn
from benchmarks.summaries import paired_ratio, spread

#: Images of a batch and their side.
IMAGES, SIDE = 64, 28


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--filters", type=int, nargs="+", default=[32, 64, 96], help="Numbers of channels [default: 32 64 96]."
    )
    parser.add_argument("--repeats", type=int, default=9, help="Number of turns [default: 9].")


def run(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    from tfgen.startup import start_tensorflow

    start_tensorflow(probability=False)
    return {f"{filters} filters": measure(filters, options.repeats) for filters in options.filters}


def measure(filters: int, repeats: int) -> dict[str, Any]:
    """Return the milliseconds of each way, and how many times as long as the masked convolution the others take."""
    times = in_turn({name: step(convolve, filters) for name, convolve in WAYS.items()}, 1, repeats)
    result: dict[str, Any] = {f"{name}, ms": spread(values) for name, values in times.items()}
    ratios = {name: paired_ratio(values, times["masked"]) for name, values in times.items() if name != "masked"}
    return result | {f"{name}, times masked": ratio for name, ratio in ratios.items()}


def step(convolve: Callable, filters: int) -> Callable[[], Any]:
    """Return a function that computes one way and its gradients on random images and weights."""
    import tensorflow as tf

    generator = tf.random.Generator.from_seed(0)
    images = generator.normal((IMAGES, SIDE, SIDE, filters))
    kernel = tf.Variable(0.05 * generator.normal((2, 4, filters, filters)))

    @tf.function(autograph=False)
    def gradients():
        with tf.GradientTape() as tape:
            tape.watch(images)
            padded = tf.pad(images, ((0, 0), (1, 0), (1, 2), (0, 0)))
            loss = tf.reduce_sum(convolve(padded, kernel) ** 2)
        return tape.gradient(loss, [images, kernel])

    return lambda: [gradient.numpy() for gradient in gradients()]


def masked(padded, kernel):
    """The convolution of [n, H + 1, W + 3, C] with zeros at the last two taps of the lower row."""
    import tensorflow as tf

    visible = tf.constant([[True, True, True, True], [True, True, False, False]])[..., None, None]
    return tf.nn.conv2d(padded, tf.where(visible, kernel, 0.0), 1, "VALID")


def split(padded, kernel):
    """The sum of a convolution of the upper row and of one of the lower row."""
    import tensorflow as tf

    upper = tf.nn.conv2d(padded[:, :-1], kernel[:1], 1, "VALID")
    return upper + tf.nn.conv2d(padded[:, 1:, :-2], kernel[1:, :2], 1, "VALID")


def product(padded, kernel):
    """The product of the 6 shifted images, side by side, with the weights of the 6 taps."""
    import tensorflow as tf

    width = padded.shape[2] - 3
    upper = [padded[:, :-1, tap : tap + width] for tap in range(4)]
    lower = [padded[:, 1:, tap : tap + width] for tap in range(2)]
    weights = tf.concat([kernel[0], kernel[1, :2]], axis=0)
    return tf.matmul(tf.concat([*upper, *lower], axis=-1), tf.reshape(weights, (-1, weights.shape[-1])))


WAYS = {"masked": masked, "split": split, "product": product}
