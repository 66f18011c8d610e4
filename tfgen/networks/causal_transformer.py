"""The causal transformer of an autoregressive flow over patches, with a cache of keys and values for generation."""

import math
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tfgen.networks.activations import tanh_gelu
from tfgen.networks.dropout import Dropout
from tfgen.networks.mlp import LAST

#: Units of the hidden layer of the dense network after each attention, as a multiple of the width.
EXPANSION = 4
#: Added to the attention logits of later elements.
MASKED = -1e9


@keras.saving.register_keras_serializable("tfgen")
class CausalTransformer(keras.layers.Layer):
    """Sequences to parameters of each element that depend on earlier elements only: [n, T, D] → [n, T, outputs].

    Element i enters at position i + 1, and zeros enter at position 0. A dense layer, a learned vector of each position,
    attention layers and a dense layer that starts at zero follow. The vector of the class is added at all positions.

    For generation, the network computes one position at a time and caches the keys and values of earlier positions:

        cache = empty_cache(sequences)                              before the first element, from any sequences
        parameters, cache = element_parameters(element, cache, i)   of element i, from element i − 1 [n, 1, D]

    Each step writes the whole cache anew. A cache of the elements of a segment, beside the keys and values of earlier
    segments, which are only read, takes less time:

        past = empty_cache(sequences, T − L)                        before the first of segments of L elements
        cache = empty_cache(sequences, L)                           before the first element of a segment, i = first
        parameters, cache = element_parameters(element, cache, i, past=past, first=first)
        past = extended(past, cache)                                after the last element of a segment

    Args:
        length: T, number of elements.
        size: D, numbers of an element.
        outputs: number of parameters of an element.
        width: numbers of the representation of an element, a multiple of `heads`.
        layers: attention layers.
        heads: heads of each attention layer.
        dropout: rate after each attention and after each dense network, in training.
        classes: number of classes of a class-conditional network, whose second input are one-hot classes [n, K]. A row
            of zeros gives the network without a class. 0 for a network without classes.

    References: Vaswani et al.: Attention is all you need. NeurIPS 2017; Zhai et al.: Normalizing flows are capable
    generative models. ICML 2025, arXiv 2412.06329 (TarFlow).
    """

    def __init__(
        self,
        length: int,
        size: int,
        outputs: int,
        width: int = 128,
        layers: int = 2,
        heads: int = 4,
        dropout: float = 0.0,
        classes: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.length, self.size, self.classes = length, size, classes
        self.first = keras.layers.Dense(width)
        self.first.build((None, None, size))
        self.position = self.add_weight(
            (length, width), initializer=keras.initializers.RandomNormal(stddev=0.02), name="position"
        )
        self.embedding = keras.layers.Dense(width, use_bias=False, name="embedding") if classes else None
        if self.embedding is not None:
            self.embedding.build((None, classes))
        self.layers = [AttentionLayer(width, heads, length, dropout, layers) for _ in range(layers)]
        for layer in self.layers:
            layer.build((None, length, width))
        self.norm = keras.layers.LayerNormalization()
        self.norm.build((None, None, width))
        self.last = keras.layers.Dense(outputs, kernel_initializer="zeros", dtype="float32", name=LAST)
        self.last.build((None, None, width))
        self.built = True

    def call(self, sequences, one_hot=None, training=False):
        # Split, because TensorFlow Lite has the derivative of a split and not that of a slice.
        earlier, last = tf.split(sequences, [self.length - 1, 1], axis=1)
        earlier = tf.concat([tf.zeros_like(last), earlier], axis=1)
        hidden = self._embedded(earlier, self.position[tf.newaxis], one_hot)
        for layer in self.layers:
            hidden = layer(hidden, training=training)
        return self.last(self.norm(hidden))

    def empty_cache(self, sequences, room: int | None = None) -> list[tf.Tensor]:
        """The cache before the first element: zeros for keys and values, [n, heads, room, width / heads] each.

        Args:
            sequences: [n, T, D].
            room: number of elements of the cache; None for T.
        """
        cache = []
        for layer in self.layers:
            zeros = tf.zeros_like(sequences[:, tf.newaxis, :room, :1], self.compute_dtype)
            cache += [tf.tile(zeros, (1, layer.heads, 1, layer.width // layer.heads))] * 2
        return cache

    @staticmethod
    def extended(past: Sequence[tf.Tensor], cache: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Keys and values of earlier segments and of the last one: the newest at the end, the oldest left out."""
        return [_shifted(earlier, segment) for earlier, segment in zip(past, cache, strict=True)]

    def element_parameters(
        self, previous, cache, index, one_hot=None, attention_scale=1.0, past: Sequence[tf.Tensor] = (), first=0
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """(parameters of element `index` [n, 1, outputs], next cache) from the element before it and the cache.

        Args:
            previous: element `index` − 1, [n, 1, D]; zeros before the first.
            cache: result of the previous step, or `empty_cache`.
            index: int32.
            one_hot: classes [n, K].
            attention_scale: factor on the attention logits, a number or [n, 1, 1, 1].
            past: keys and values of earlier segments; none if the cache has room for all elements.
            first: index of the first element of the segment, int32.
        """
        position = tf.gather(self.position, index)[tf.newaxis, tf.newaxis]
        hidden, next_cache = self._embedded(previous, position, one_hot), []
        # The newest keys and values stand at the end, so that the empty places are at the start.
        room = cache[0].shape[2]
        mask = [MASKED * tf.cast(tf.range(room) < room - 1 - (index - first), tf.float32)]
        if past:
            places = past[0].shape[2]
            mask.insert(0, MASKED * tf.cast(tf.range(places) < places - first, tf.float32))
        mask = tf.concat(mask, axis=0)
        for number, layer in enumerate(self.layers):
            pair = slice(2 * number, 2 * number + 2)
            hidden, *added = layer.attend_to_cache(hidden, cache[pair], past[pair], mask, attention_scale)
            next_cache += added
        return self.last(self.norm(hidden)), next_cache

    def _embedded(self, elements, position, one_hot):
        # Keras casts weights to the compute type inside of `call` only.
        hidden = self.first(elements) + tf.cast(position, self.compute_dtype)
        return hidden if self.embedding is None else hidden + self.embedding(one_hot)[:, tf.newaxis]

    def get_config(self):
        attention = self.layers[0] if self.layers else None
        return {
            **super().get_config(),
            "length": self.length,
            "size": self.size,
            "outputs": self.last.units,
            "width": self.first.units,
            "layers": len(self.layers),
            "heads": attention.heads if attention else 1,
            "dropout": attention.dropout.rate if attention else 0.0,
            "classes": self.classes,
        }


class AttentionLayer(keras.layers.Layer):
    """Causal self-attention and a dense network, each added to its input after a normalization: [n, T, W] → same shape.

    Args:
        width: W.
        heads: number of heads, which divides W.
        length: T.
        dropout: rate of dropout on both terms, in training.
        depth: layers of the stack. The last weights of both terms start smaller by √(2 · depth), so that the variance
            of the output does not grow with the depth (Radford et al.: GPT-2, 2019).
    """

    def __init__(self, width: int, heads: int, length: int, dropout: float, depth: int, **kwargs):
        super().__init__(**kwargs)
        self.width, self.heads, self.length = width, heads, length
        small = keras.initializers.VarianceScaling(1.0 / (2.0 * depth), "fan_in", "untruncated_normal")
        self.first_norm, self.second_norm = keras.layers.LayerNormalization(), keras.layers.LayerNormalization()
        self.queries, self.values = keras.layers.Dense(width), keras.layers.Dense(width)
        # A bias of the keys would add the same number to all logits of a query, which has no effect.
        self.keys = keras.layers.Dense(width, use_bias=False)
        self.merge = keras.layers.Dense(width, kernel_initializer=small)
        self.expand = keras.layers.Dense(EXPANSION * width)
        self.reduce = keras.layers.Dense(width, kernel_initializer=small)
        self.dropout = Dropout(dropout)
        self.earlier = np.where(np.tril(np.ones((length, length))), 0.0, MASKED).astype(np.float32)

    def build(self, input_shape):
        shape = (None, None, self.width)
        for layer in (self.first_norm, self.second_norm, self.queries, self.keys, self.values, self.merge, self.expand):
            layer.build(shape)
        self.reduce.build((None, None, EXPANSION * self.width))
        self.built = True

    def call(self, hidden, training=False):
        inputs = self.first_norm(hidden)
        queries, *pair = (self._split(layer(inputs)) for layer in (self.queries, self.keys, self.values))
        attended = self._attend(queries, [pair], self.earlier)
        hidden += self.dropout(self.merge(attended), training=training)
        return hidden + self.dropout(self._dense(hidden), training=training)

    def attend_to_cache(self, hidden, cache, past, mask, attention_scale=1.0):
        """(output [n, 1, W] of an element, keys, values) from its input [n, 1, W] and the cache.

        The cache is kept as the products of attention need it, [n, heads, room, W / heads]. Rearranging the cache for
        each element would take most of the time.

        Args:
            hidden: input of the element.
            cache: (keys, values) of elements of the segment, the newest at the end.
            past: (keys, values) of earlier segments, or ().
            mask: added to the logits of past and cache.
            attention_scale: factor on the attention logits.
        """
        inputs = self.first_norm(hidden)
        new = (self._split(layer(inputs)) for layer in (self.keys, self.values))
        # The cache is a tensor and no tensor array, which TensorFlow Lite lacks for a batch of open size.
        cache = tuple(_shifted(earlier, element) for earlier, element in zip(cache, new, strict=True))
        pairs = [tuple(past), cache] if past else [cache]
        hidden += self.merge(self._attend(self._split(self.queries(inputs)), pairs, mask, attention_scale))
        return hidden + self._dense(hidden), *cache

    def _dense(self, hidden):
        return self.reduce(tanh_gelu(self.expand(self.second_norm(hidden))))

    def _attend(self, queries, pairs, mask, scale=1.0):
        """Attention of each head to elements whose keys and values come in several pairs: all heads beside each other.

        Args:
            queries: [n, heads, T, W / heads].
            pairs: (keys, values) of consecutive elements, [n, heads, S, W / heads] each.
            mask: added to the logits of all elements.
            scale: factor on the logits.

        Returns:
            [n, T, W].
        """
        logits = tf.concat([tf.matmul(queries, keys, transpose_b=True) for keys, _ in pairs], axis=-1)
        logits = tf.cast(logits, tf.float32) * (scale / math.sqrt(self.width // self.heads))
        weights = tf.cast(tf.nn.softmax(logits + mask), queries.dtype)
        parts = tf.split(weights, [keys.shape[2] for keys, _ in pairs], axis=-1)
        attended = tf.add_n([tf.matmul(part, values) for part, (_, values) in zip(parts, pairs, strict=True)])
        return tf.reshape(tf.transpose(attended, (0, 2, 1, 3)), (-1, attended.shape[2], self.width))

    def _split(self, vectors):
        """[n, T, W] → [n, heads, T, W / heads]."""
        length, size = vectors.shape[1], self.width // self.heads
        return tf.transpose(tf.reshape(vectors, (-1, length, self.heads, size)), (0, 2, 1, 3))


def _shifted(earlier, added):
    """`earlier` without its first elements, and `added` at the end: [n, heads, T, W / heads] → the same shape."""
    return tf.concat([earlier[:, :, added.shape[2] :], added], axis=2)
