"""Initialization of the ActNorms of a chain of bijectors from a first batch."""

import tensorflow as tf
from tensorflow_probability import bijectors as tfb

from tfgen.bijectors import ActNorm, FactorOut


def initialize(bijector: tfb.Bijector, events) -> tf.Tensor:
    """Initialize the ActNorms in a chain from events on the data side; returns the events on the latent side."""
    if isinstance(bijector, tfb.Composition):
        for step in bijector.bijectors:
            events = initialize(step, events)
        return events
    if isinstance(bijector, FactorOut):
        inner, rest = bijector.split(events)
        return tf.concat([initialize(bijector.inner, inner), tf.reshape(rest, (rest.shape[0], -1))], axis=1)
    if isinstance(bijector, ActNorm):
        bijector.layer.initialize_from(events, bijector.inside)
    return bijector.inverse(tf.identity(events))
