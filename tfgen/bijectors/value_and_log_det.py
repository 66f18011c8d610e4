"""Bijectors whose value and log-determinant come from one pass through their networks."""

from tensorflow_probability import bijectors as tfb
from tensorflow_probability.python.internal import cache_util


class OnePass(tfb.Bijector):
    """A bijector that says value and log-determinant together, and computes neither twice.

    The subclass defines `_aug_forward` and `_aug_inverse`: a value → the mapped value and {"fldj": …, "ildj": …}, the
    log-determinants of both directions. The cache of TFP's bijectors keeps them beside the value.
    """

    # Private to TFP, whose FFJORD uses it so.
    _cache = cache_util.BijectorCacheWithGreedyAttrs(forward_name="_aug_forward", inverse_name="_aug_inverse")

    @classmethod
    def _parameter_properties(cls, dtype):
        return {}

    def _aug_forward(self, x):
        raise NotImplementedError

    def _aug_inverse(self, y):
        raise NotImplementedError

    def _forward(self, x):
        return self._aug_forward(x)[0]

    def _inverse(self, y):
        return self._aug_inverse(y)[0]

    def _forward_log_det_jacobian(self, x):
        self.forward(x)
        return self._cache.forward_attributes(x)["fldj"]

    def _inverse_log_det_jacobian(self, y):
        self.inverse(y)
        return self._cache.inverse_attributes(y)["ildj"]
