"""The layer that gives the parameters of each channel of a pixel, conditioned on the channels before it."""

import keras
import tensorflow as tf

from tfgen.networks.activations import activation_layer
from tfgen.networks.gated_block import GatedBlock
from tfgen.networks.mlp import LAST
from tfgen.networks.soft_round import SoftRound


@keras.saving.register_keras_serializable("tfgen")
class ChannelHeads(keras.layers.Layer):
    """Features and values of the pixels to parameters of each channel c, which depend on the values of channels < c.

        h_0 = h,    h_c = gated block(h_c−1 + conv(x_c−1)),    θ_c = conv(activation(h_c))

        [h: [n, H, W, width], x: [n, H, W, C]] → [n, H, W, C outputs]

    All convolutions are 1×1: a pixel's parameters depend on the features and the values of that pixel only. The
    features of one channel continue those of the channel before it, which makes the last channels' networks the
    deepest. The convolutions to the parameters start at zero.

    Args:
        channels: C.
        outputs: number of parameters of each channel.
        width: channels of the features.
        activation: see `GatedBlock`.
        dropout: rate inside the gated blocks in training.
        soft_round: layer that the values pass first; None: the convolutions read values as they are.

    Reference: van den Oord, Kalchbrenner, Kavukcuoglu: Pixel recurrent neural networks. ICML 2016, section 3.1 (the
    factorization by channels); Reed et al.: Parallel multiscale autoregressive density estimation. ICML 2017.
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        width: int,
        activation: str = "relu",
        dropout: float = 0.0,
        soft_round: SoftRound | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.channels, self.soft_round = channels, soft_round
        self.act = activation_layer(activation)
        self.embeddings, self.blocks = [], []
        for _ in range(channels - 1):
            embedding = keras.layers.Conv2D(width, 1)
            embedding.build((None, None, None, 2 if soft_round else 1))
            block = GatedBlock(width, activation, dropout, kernel=1)
            block.build((None, None, None, width))
            self.embeddings.append(embedding)
            self.blocks.append(block)
        self.lasts = []
        for _ in range(channels):
            # The results are float32 in any precision. Optimizers recognize the last layer of a network by its name.
            last = keras.layers.Conv2D(outputs, 1, kernel_initializer="zeros", dtype="float32", name=LAST)
            last.build((None, None, None, width))
            self.lasts.append(last)
        self.built = True

    def next_features(self, index: int, features, value, training=False):
        """h_c of c = `index` ≥ 1 from h_c−1 and x_c−1: [n, H, W, width], [n, H, W, 1] → [n, H, W, width]."""
        value = self.soft_round(value) if self.soft_round else value
        return self.blocks[index - 1](features + self.embeddings[index - 1](value), training=training)

    def parameters(self, index: int, features):
        """θ_c of c = `index` from h_c: [n, H, W, width] → [n, H, W, outputs]."""
        return self.lasts[index](self.act(features))

    def call(self, features, values, training=False):
        results = [self.parameters(0, features)]
        for index in range(1, self.channels):
            features = self.next_features(index, features, values[..., index - 1 : index], training=training)
            results.append(self.parameters(index, features))
        return tf.concat(results, axis=-1)
