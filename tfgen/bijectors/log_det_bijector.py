"""Base class of bijectors that compute a value and its log-determinant together."""

import tensorflow as tf
from tensorflow_probability import bijectors as tfb
from tensorflow_probability.python.internal import cache_util


class LogDetBijector(tfb.Bijector):
    """A bijector whose subclass defines `forward_and_log_det` and `inverse_and_log_det`.

    A conditioner network then runs once per pass. TFP asks for the value and for the log-determinant by separate
    calls. This class stores the log-determinant beside the value in the cache of TFP's bijectors, where the second call
    finds it.
    """

    # TFP keeps this class private. TFP's own FFJORD uses it in the same way.
    _cache = cache_util.BijectorCacheWithGreedyAttrs(
        forward_name="_forward_and_attributes", inverse_name="_inverse_and_attributes"
    )

    @classmethod
    def _parameter_properties(cls, dtype):
        return {}

    def forward_and_log_det(self, x) -> tuple[tf.Tensor, tf.Tensor]:
        """(y, log |det ∂y/∂x|) of y = f(x)."""
        raise NotImplementedError

    def inverse_and_log_det(self, y) -> tuple[tf.Tensor, tf.Tensor]:
        """(x, log |det ∂x/∂y|) of x = f⁻¹(y)."""
        raise NotImplementedError

    def inverse_and_log_slopes(self, y) -> tuple[tf.Tensor, tf.Tensor]:
        """(x, log |∂x_i/∂y_i|) of x = f⁻¹(y), for a map that transforms each value given the others: like y, twice.

        The sum of the log-slopes over an event is the log-determinant.
        """
        raise NotImplementedError

    def _forward_and_attributes(self, x):
        y, log_det = self.forward_and_log_det(x)
        return y, {"fldj": log_det, "ildj": -log_det}

    def _inverse_and_attributes(self, y):
        x, log_det = self.inverse_and_log_det(y)
        return x, {"fldj": -log_det, "ildj": log_det}

    def _forward(self, x):
        return self.forward_and_log_det(x)[0]

    def _inverse(self, y):
        return self.inverse_and_log_det(y)[0]

    def _forward_log_det_jacobian(self, x):
        self.forward(x)
        return self._cache.forward_attributes(x)["fldj"]

    def _inverse_log_det_jacobian(self, y):
        self.inverse(y)
        return self._cache.inverse_attributes(y)["ildj"]
