"""The network of the classifier in whose features samples are compared with data."""

import keras

from tfgen.networks.conv import resolutions
from tfgen.networks.dropout import Dropout

#: Number of features: units of the layer before the logits.
FEATURES = 64


def build_network(event_shape, classes: int, filters: int = 16, dropout: float = 0.0) -> keras.Model:
    """Return a convolutional network from images to features and logits.

    The input is [n, H, W, C] in [0, 1], the output ([n, FEATURES], [n, classes]).

    At each resolution a 3×3 convolution is followed by a 3×3 convolution of stride 2, which doubles the number of
    filters, up to four times `filters`. The last resolution has a side of at most 4 pixels; a dense layer computes the
    features from it. The logits are a linear function of the features.

    Args:
        event_shape: (H, W, C).
        classes: number of classes.
        filters: number of filters at the full resolution.
        dropout: rate of dropout on the features during training.
    """
    image = hidden = keras.Input(tuple(event_shape))
    stages = len(resolutions(tuple(event_shape))) - 1
    for stage in range(stages):
        hidden = keras.layers.Conv2D(filters * min(2**stage, 4), 3, padding="same", activation="relu")(hidden)
        width = filters * min(2 ** (stage + 1), 4)
        hidden = keras.layers.Conv2D(width, 3, strides=2, padding="same", activation="relu")(hidden)
    features = keras.layers.Dense(FEATURES, activation="relu")(keras.layers.Flatten()(hidden))
    logits = keras.layers.Dense(classes)(Dropout(dropout)(features))
    return keras.Model(image, (features, logits), name="classifier")
