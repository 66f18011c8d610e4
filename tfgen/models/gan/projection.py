"""Labels as a second input of a generator and of a discriminator."""

import keras

from tfgen.networks.spectral import SpectralDense


def with_embedding(network: keras.Model, latent_dim: int, classes: int) -> keras.Model:
    """Give a generator a second input: [n, latent_dim] and one-hot vectors [n, classes] → the network's output.

    A vector of `latent_dim` trained numbers for each class is concatenated to the latent. The numbers start as normal
    noise, so that both parts have the same size.

    Args:
        network: a chain of layers with 2 · latent_dim inputs.
        latent_dim: size of a latent.
        classes: number of classes.
    """
    latent, one_hot = keras.Input((latent_dim,)), keras.Input((classes,))
    embedding = keras.layers.Dense(
        latent_dim, use_bias=False, kernel_initializer=keras.initializers.RandomNormal(stddev=1.0), name="embedding"
    )
    output = keras.layers.Concatenate()([latent, embedding(one_hot)])
    for layer in network.layers[1:]:
        output = layer(output)
    return keras.Model([latent, one_hot], output, name=network.name)


def with_projection(network: keras.Model, classes: int, spectral: bool) -> keras.Model:
    """Give a discriminator a second input, one-hot vectors y [n, classes]. To each logit it adds φ(x) · V y.

    φ(x) is the input of the network's last layer, and V holds a vector for each class.

    Args:
        network: [n, …] → logits, with a dense layer at its end.
        classes: length of y.
        spectral: whether V is divided by its largest singular value.

    Reference: Miyato, Koyama: cGANs with projection discriminator. ICLR 2018.
    """
    example, one_hot = keras.Input(network.input_shape[1:]), keras.Input((classes,))
    features = example
    layers = _without_nesting(network)
    for layer in layers[:-1]:
        features = layer(features)
    dense = SpectralDense if spectral else keras.layers.Dense
    embedding = dense(features.shape[-1], use_bias=False, dtype="float32", name="embedding")(one_hot)
    product = keras.layers.Dot(axes=1, dtype="float32")([features, embedding])
    logits = keras.layers.Add(dtype="float32")([layers[-1](features), product])
    return keras.Model([example, one_hot], logits, name=network.name)


def _without_nesting(network: keras.Model) -> list[keras.layers.Layer]:
    """The layers of a chain of layers and of the chains in it, without input layers."""
    found: list[keras.layers.Layer] = []
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            found += _without_nesting(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            found.append(layer)
    return found
