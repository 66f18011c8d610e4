"""The layers of a flow that its bijectors call, and the labels that these layers get."""

import contextlib
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import bijectors as tfb

from tfgen.bijectors import ActNorm, Invertible1x1, LUMatrix, ScaleAndShift
from tfgen.networks import AutoregressiveNetwork, CausalTransformer


class Parts:
    """The part of `Flow` that adds layers to the model for the bijectors of its chain."""

    config: Any
    seed: int
    one_hot: Any

    def _start_parts(self) -> None:
        # Keras trains and saves the layers in these lists. It does not look inside bijectors.
        self.conditioners: list[keras.layers.Layer] = []
        self._in_training = False
        self._label = None
        self.normalizations: list[ScaleAndShift] = []
        self.invertible_convs: list[LUMatrix] = []

    def add_conditioner(self, network):
        """Add a network to the model; returns the function that a bijector calls in its place."""
        self.conditioners.append(network)

        def conditioner(conditioning):
            # Bijectors do not pass on whether the model is in training, nor the labels of the examples.
            one_hot = self.current_one_hot()
            if one_hot is None:
                return network(conditioning, training=self._in_training)
            if isinstance(network, AutoregressiveNetwork | CausalTransformer):
                return network(conditioning, one_hot, training=self._in_training)
            parts = conditioning if isinstance(conditioning, list) else [conditioning]
            return network([*parts, one_hot], training=self._in_training)

        return conditioner

    def current_one_hot(self) -> tf.Tensor | None:
        """The one-hot classes [n, K] of the examples of the present call; None for a model without labels."""
        return self.one_hot(self._label)

    @contextlib.contextmanager
    def _given(self, label, training: bool = False):
        """Context in which the conditioners get these labels int32 [n], and know whether the model is in training."""
        before = self._label, self._in_training
        self._label, self._in_training = label, training
        try:
            yield
        finally:
            self._label, self._in_training = before

    def add_actnorm(self, channels: int, inside=None) -> list[tfb.Bijector]:
        """Add an ActNorm to the model; returns no bijector if the model has none. `inside`: see `ActNorm`."""
        if not self.config.actnorm:
            return []
        self.normalizations.append(ScaleAndShift(channels))
        return [ActNorm(self.normalizations[-1], inside)]

    def add_invertible_conv(self, channels: int, inside=None) -> list[tfb.Bijector]:
        """Add an invertible 1×1 convolution to the model (`inside`: see `Invertible1x1`).

        Returns no bijector if the model has none, or if every block contains padding.
        """
        if not self.config.invertible_1x1 or (inside is not None and not inside.all(axis=-1).any()):
            return []
        self.invertible_convs.append(LUMatrix(channels, seed=self.seed + len(self.invertible_convs)))
        return [Invertible1x1(self.invertible_convs[-1], inside)]
