"""The two networks of a hierarchical VAE: bottom-up from an image to features, top-down from latents to an image."""

import math
from typing import NamedTuple

import keras
import tensorflow as tf

from tfgen.networks.activations import activation_layer
from tfgen.networks.class_bias import ClassBias
from tfgen.networks.conv import SMALLEST_SIDE, channels
from tfgen.networks.gated_block import GatedBlock
from tfgen.networks.latent_group import LatentGroup
from tfgen.networks.mlp import LAST


class Inference(NamedTuple):
    """Result of the top-down network on the features of images.

    Attributes:
        mean, std: parameters of q(ε|x), float32 [n, latents] each. Those of a group of latents depend on the latents of
            the groups above.
        latent: the latents ε, float32 [n, latents].
        state: feature maps from which the top-down network computes its output.
    """

    mean: tf.Tensor
    std: tf.Tensor
    latent: tf.Tensor
    state: tf.Tensor


def grids(image_shape: tuple[int, int, int], stride: int = 2) -> list[tuple[int, int]]:
    """Heights and widths of the grids of latents, the finest first: (16, 16), (8, 8), (4, 4) for 32×32 pixels.

    A position of the finest grid covers `stride` × `stride` pixels. The next grid has half the sides, rounded up, as
    long as the longer side exceeds 4.
    """
    height, width, _ = image_shape
    found = [(-(-height // stride), -(-width // stride))]
    while max(found[-1]) > SMALLEST_SIDE:
        height, width = found[-1]
        found.append(((height + 1) // 2, (width + 1) // 2))
    return found


def bottom_up(
    image_shape: tuple[int, int, int],
    *,
    filters: int,
    stride: int = 2,
    blocks: int = 1,
    activation: str = "silu",
    dropout: float = 0.0,
    classes: int = 0,
    name: str | None = None,
) -> keras.Model:
    """The network from an image to its features on every grid, the finest first.

        [n, H, W, C] → [n, h, w, filters] for each grid

    A strided convolution and gated residual blocks for each grid.

    Args:
        image_shape: (H, W, C).
        filters: filters of the finest grid; the other grids have twice as many.
        stride: pixels on each side that a position of the finest grid covers.
        blocks: gated residual blocks of each grid.
        activation: inside the blocks.
        dropout: rate inside the blocks.
        classes: size of a second input, a one-hot vector; 0 for none.
        name: of the network.
    """
    image = hidden = keras.Input(image_shape)
    label = [keras.Input((classes,))] if classes else []
    features = []
    for stage, _ in enumerate(grids(image_shape, stride)):
        width = channels(filters, stage)
        # Kernels of twice the stride, or nearly so, overlap.
        kernel, step = (3, 2) if stage else (2 * stride, stride)
        hidden = keras.layers.Conv2D(width, kernel, strides=step, padding="same")(hidden)
        if classes:
            hidden = keras.layers.Add()([hidden, *ClassBias(classes, width, 1)(label[0])])
        for _ in range(blocks):
            hidden = GatedBlock(width, activation, dropout)(hidden)
        features.append(hidden)
    return keras.Model([image, *label] if classes else image, features, name=name)


@keras.saving.register_keras_serializable("tfgen")
class TopDown(keras.layers.Layer):
    """The network from a vector of latents to feature maps of an image's size: [n, latents] → [n, H, W, outputs].

    The state starts as a trained constant on the coarsest grid. On each grid, groups of latents are added to it
    (`LatentGroup`), then it is enlarged to the next grid. The vector holds the groups in this order.

    Args:
        image_shape: (H, W, C) of the image.
        outputs: channels of the output.
        filters: filters of the finest grid; the other grids have twice as many.
        stride: pixels on each side that a position of the finest grid covers, at least 2.
        groups: groups of latents of each grid.
        latent_channels: channels of each group.
        activation, dropout: see `LatentGroup`.
        classes: size of a second input, a one-hot vector; 0 for none.

    Reference: Child: Very deep VAEs generalize autoregressive models and can outperform them on images. ICLR 2021.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        outputs: int,
        *,
        filters: int,
        stride: int = 2,
        groups: int = 1,
        latent_channels: int = 8,
        activation: str = "silu",
        dropout: float = 0.0,
        classes: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.image_shape, self.outputs, self.filters = tuple(image_shape), outputs, filters
        self.stride, self.groups, self.latent_channels = stride, groups, latent_channels
        self.activation, self.rate, self.classes = activation, dropout, classes
        self.grids = grids(image_shape, stride)
        self.group_layers, self.label_layers, self.enlarge_layers = [], [], []
        for stage in reversed(range(len(self.grids))):
            width = channels(filters, stage)
            self.group_layers.append([LatentGroup(width, latent_channels, activation, dropout) for _ in range(groups)])
            if classes:
                self.label_layers.append(ClassBias(classes, width, 1))
            if stage:
                self.enlarge_layers.append(keras.layers.Conv2D(channels(filters, stage - 1), 1))
        self.upsample = keras.layers.UpSampling2D(2, interpolation="nearest")
        self.act = activation_layer(activation)
        self.pixel_filters = max(filters // stride, 8)
        self.pixel_hidden = keras.layers.Conv2D(stride**2 * self.pixel_filters, 3, padding="same")
        self.last = keras.layers.Conv2D(outputs, 3, padding="same", dtype="float32", name=LAST)

    @property
    def latents(self) -> int:
        """Size of the vector of latents."""
        return self.groups * self.latent_channels * sum(math.prod(grid) for grid in self.grids)

    def build(self, input_shape=None):
        for number, (height, width) in enumerate(reversed(self.grids)):
            filters = channels(self.filters, len(self.grids) - 1 - number)
            shape = (None, height, width, filters)
            if not number:
                self.start = self.add_weight(shape=(1, *shape[1:]), initializer="zeros", name="start")
            for group in self.group_layers[number]:
                group.build((shape, shape))
            if number < len(self.enlarge_layers):
                self.enlarge_layers[number].build(shape)
        self.pixel_hidden.build(shape)
        self.last.build((None, *self.image_shape[:2], self.pixel_filters))
        self.built = True

    def infer(self, features, noise, label=None, training: bool = False) -> Inference:
        """Sample the latents of images from q(ε|x), from the coarsest grid to the finest.

        Args:
            features: output of `bottom_up`.
            noise: standard normal numbers, [n, latents]. Zeros give the mean of each group.
            label: one-hot vectors [n, classes], if the network has classes.
            training: whether dropout is active.
        """
        features = tf.nest.flatten(features)  # A Keras model with one output returns a tensor, and not a list.
        found: list[tuple[tf.Tensor, ...]] = []

        def sample(group, state, part):
            mean, log_std = group.posterior(state, features[self.grids.index(tuple(part.shape[1:3]))])
            std = tf.exp(log_std)
            found.append((mean, std, mean + std * part))
            return found[-1][-1]

        state = self._run(noise, label, sample, training)
        mean, std, latent = (
            tf.concat([_as_vectors(grid) for grid in parts], axis=1) for parts in zip(*found, strict=True)
        )
        return Inference(mean, std, latent, state)

    def generate(self, latent, label=None, training: bool = False) -> tf.Tensor:
        """Compute the state from latents [n, latents]."""
        return self._run(latent, label, lambda group, state, part: part, training)

    def _run(self, vector, label, latent_of, training):
        state, start = self.start, 0
        for number, (height, width) in enumerate(reversed(self.grids)):
            if self.classes:
                state = state + self.label_layers[number](label)[0]
            for group in self.group_layers[number]:
                size = height * width * self.latent_channels
                part = tf.reshape(vector[:, start : start + size], (-1, height, width, self.latent_channels))
                if start == 0:
                    state = state + tf.zeros_like(part[..., :1])
                state = group.add(state, latent_of(group, state, part), training=training)
                start += size
            if number < len(self.enlarge_layers):
                height, width = self.grids[-2 - number]
                state = self.upsample(self.enlarge_layers[number](state))[:, :height, :width]
        return state

    def output_of(self, state) -> tf.Tensor:
        """Compute the output from the state after the last group, float32 [n, H, W, outputs]."""
        height, width, _ = self.image_shape
        pixels = tf.nn.depth_to_space(self.pixel_hidden(self.act(state)), self.stride)[:, :height, :width]
        return self.last(self.act(pixels))

    def call(self, inputs, training=False):
        """Compute the output from latents [n, latents], or from (latents, one-hot vectors)."""
        latent, label = inputs if self.classes else (inputs, None)
        return self.output_of(self.generate(latent, label, training=training))

    def compute_output_shape(self, input_shape):
        rows = input_shape[0][0] if self.classes else input_shape[0]
        return (rows, *self.image_shape[:2], self.outputs)

    def get_config(self):
        config = {
            "image_shape": list(self.image_shape),
            "outputs": self.outputs,
            "filters": self.filters,
            "stride": self.stride,
            "groups": self.groups,
            "latent_channels": self.latent_channels,
            "activation": self.activation,
            "dropout": self.rate,
            "classes": self.classes,
        }
        return {**super().get_config(), **config}


def _as_vectors(grid) -> tf.Tensor:
    """[n, H, W, Z] → [n, H · W · Z]."""
    return tf.reshape(grid, (-1, math.prod(grid.shape[1:])))
