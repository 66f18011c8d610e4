"""Adam with one operation for the update of a variable."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.errors import ConfigError


@keras.saving.register_keras_serializable("tfgen")
class Adam(keras.optimizers.Adam):
    """Keras's Adam, whose update of a variable is one operation in the place of more than ten.

    TensorFlow's own operation takes less time than those of Keras's Adam, which read and write the moments and the
    weights several times. It also takes less time to trace. The variables and the updates are those of
    `keras.optimizers.Adam`, up to rounding.

    Args:
        learning_rate, beta_1, beta_2: as in `keras.optimizers.Adam`.
        epsilon: added to the square root of the second moment.
        **options: further options of `keras.optimizers.Adam`, except `amsgrad`.

    Raises:
        ConfigError: if `amsgrad` is true.

    Reference: Kingma, Ba: Adam, a method for stochastic optimization. ICLR 2015.
    """

    def __init__(self, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-8, **options):
        if options.get("amsgrad"):
            raise ConfigError("amsgrad: expected false, as Adam in one operation has no such variant. Received: true")
        super().__init__(learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, **options)

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        rate = corrected_rate(learning_rate, self.iterations, self.beta_1, self.beta_2)
        super()._backend_update_step(grads, trainable_variables, rate)

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        moments = self._momentums[index], self._velocities[index]
        update(variable, *moments, gradient, learning_rate, self.beta_1, self.beta_2, self.epsilon)


def corrected_rate(learning_rate, iterations, beta_1: float, beta_2: float) -> tf.Tensor:
    """Return the learning rate α √(1 − β₂ᵗ) / (1 − β₁ᵗ), which corrects the bias of both moments in update t.

    Args:
        learning_rate: α.
        iterations: number of updates before this one, t − 1.
        beta_1, beta_2: decay rates of the moments.
    """
    step = tf.cast(tf.convert_to_tensor(iterations), tf.float32) + 1.0
    return tf.cast(learning_rate, tf.float32) * tf.sqrt(1.0 - beta_2**step) / (1.0 - beta_1**step)


def update(variable, momentum, velocity, gradient, rate, beta_1: float, beta_2: float, epsilon: float) -> None:
    """Update m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g² and w ← w − α m / (√v + ε) in one operation.

    Args:
        variable: w, a float32 variable of Keras or TensorFlow.
        momentum, velocity: m and v.
        gradient: g.
        rate: α, the learning rate of `corrected_rate`.
        beta_1, beta_2, epsilon: β₁, β₂ and ε.
    """
    tf.raw_ops.ResourceApplyAdam(
        var=_handle(variable),
        m=_handle(momentum),
        v=_handle(velocity),
        # The rate is corrected already. With powers of 0, the operation does not correct the rate again.
        beta1_power=0.0,
        beta2_power=0.0,
        lr=rate,
        beta1=beta_1,
        beta2=beta_2,
        epsilon=epsilon,
        grad=gradient,
    )


def _handle(variable) -> Any:
    """Resource of a variable, which operations that change the variable read and write."""
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle
