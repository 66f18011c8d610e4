"""One layer of a hierarchy of latents, inside the top-down network of a hierarchical VAE."""

import keras
import tensorflow as tf

from tfgen.networks.activations import activation_layer
from tfgen.networks.gated_block import GatedBlock

# Upper bound of the posterior's log standard deviation. The prior's standard deviation is 1, so that no posterior needs
# more. Without the bound, the likelihood of all levels can make it diverge at the start of training.
MAX_LOG_STD = 2.0


def bounded_log_std(log_std) -> tf.Tensor:
    """Bound the log standard deviation of a posterior, with the gradient of the identity.

    The KL divergence therefore still pulls a value above the bound towards it.
    """
    return log_std - tf.stop_gradient(tf.nn.relu(log_std - MAX_LOG_STD))


@keras.saving.register_keras_serializable("tfgen")
class LatentGroup(keras.layers.Layer):
    """Add a grid of latents ε [n, H, W, Z] to the state h [n, H, W, C] of a top-down network.

        h ← h + r(h) + W (σ_p(h) ε);    h ← GatedBlock(h)                                  p(ε) = N(0, I)
        q(ε | h, e) = N(ε; μ(h, e), diag σ(h, e)²),    e: features of the image, [n, H, W, C']

    z = μ_p(h) + σ_p(h) ε is the latent in the usual notation, whose prior p(z | h) is learned: the mean μ_p is a part
    of r, and the posterior of z is relative to its prior. The KL divergence of z equals that of ε, and with ε the prior
    of all groups together is N(0, I).

    All last layers start at zero except W. The posterior of a new group is the prior.

    Args:
        filters: C, channels of the state.
        latent_channels: Z.
        activation: before each convolution.
        dropout: rate inside the gated block.

    Reference: Sønderby et al.: Ladder variational autoencoders. NeurIPS 2016; Vahdat, Kautz: NVAE. NeurIPS 2020
    (posterior relative to the prior); Child: Very deep VAEs. ICLR 2021 (the form of the block).
    """

    def __init__(self, filters: int, latent_channels: int, activation: str = "silu", dropout: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.latent_channels = filters, latent_channels
        self.activation, self.rate = activation, dropout
        self.act = activation_layer(activation)
        self.prior_hidden = keras.layers.Conv2D(filters, 3, padding="same")
        self.prior_last = keras.layers.Conv2D(filters + latent_channels, 1, kernel_initializer="zeros")
        self.posterior_hidden = keras.layers.Conv2D(filters, 3, padding="same")
        self.posterior_last = keras.layers.Conv2D(2 * latent_channels, 1, kernel_initializer="zeros", dtype="float32")
        self.latent_projection = keras.layers.Conv2D(filters, 1, use_bias=False)
        self.block = GatedBlock(filters, activation, dropout)

    def build(self, input_shape):
        """Build the layer for the shapes of (state, features)."""
        state, features = input_shape
        grid = state[:3]
        self.prior_hidden.build(state)
        self.prior_last.build((*grid, self.filters))
        self.posterior_hidden.build((*grid, state[-1] + features[-1]))
        self.posterior_last.build((*grid, self.filters))
        self.latent_projection.build((*grid, self.latent_channels))
        self.block.build(state)
        self.built = True

    def posterior(self, state, features) -> tuple[tf.Tensor, tf.Tensor]:
        """Compute mean and log standard deviation of q(ε | state, features), float32 [n, H, W, Z] each."""
        hidden = self.posterior_hidden(self.act(tf.concat([state, features], axis=-1)))
        mean, log_std = tf.split(self.posterior_last(self.act(hidden)), 2, axis=-1)
        return mean, bounded_log_std(log_std)

    def add(self, state, latent, training: bool = False) -> tf.Tensor:
        """Compute the new state from the state [n, H, W, C] and the latents ε [n, H, W, Z]."""
        hidden = self.prior_last(self.act(self.prior_hidden(self.act(state))))
        residual, log_std = tf.split(hidden, [self.filters, self.latent_channels], axis=-1)
        # The standard deviation of the prior is between e⁻² and e².
        scaled = tf.exp(2.0 * tf.tanh(0.5 * log_std)) * tf.cast(latent, log_std.dtype)
        return self.block(state + residual + self.latent_projection(scaled), training=training)

    def call(self, inputs, training=False):
        """Compute `add`: (state, latent) → state."""
        return self.add(*inputs, training=training)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        config = {
            "filters": self.filters,
            "latent_channels": self.latent_channels,
            "activation": self.activation,
            "dropout": self.rate,
        }
        return {**super().get_config(), **config}
