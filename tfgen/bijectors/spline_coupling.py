"""Coupling layer with rational-quadratic splines."""

import tensorflow as tf

from tfgen.bijectors import elementwise_spline
from tfgen.bijectors.coupling import Coupling


class SplineCoupling(Coupling):
    """Splines of some channels, conditioned on other channels. The remaining channels are neither read nor changed.

        forward   x_b = spline⁻¹(z_b; θ(z_a)),  x_a = z_a      (latent → data)
        inverse   z_b = spline(x_b; θ(x_a)),    z_a = x_a      (data → latent)
        log-det   −Σ log spline′(x_b; θ)  of the forward map

    A spline of K bins is a piecewise distribution function. One spline can separate the narrow interval of dequantized
    black from all brighter values, which takes several affine couplings.

    Args:
        network: Keras model, the conditioning channels [n, H, W, a] → [n, H, W, b (3 K − 1)]. If no channel conditions,
            the input is one channel of zeros.
        conditioning, transformed: (first, last + 1) channel of the conditioning and of the transformed channels.
        bins: K.
        bound: B. The splines map [−B, B] to itself and are the identity outside.
        name: of the bijector.

    Reference: Durkan, Bekasov, Murray, Papamakarios: Neural spline flows. NeurIPS 2019.
    """

    def __init__(
        self,
        network,
        conditioning: tuple[int, int],
        transformed: tuple[int, int],
        bins: int = 16,
        bound: float = 4.0,
        name: str | None = None,
    ):
        parameters = dict(locals())
        with tf.name_scope(name or "spline_coupling") as scope:
            self._conditioning, self._transformed, self._bins = conditioning, transformed, bins
            super().__init__(network, event_ndims=3, bound=bound, parameters=parameters, name=scope)

    def _split(self, event):
        (first, last), (start, end) = self._conditioning, self._transformed
        part = event[..., start:end]
        return (event[..., first:last] if last > first else tf.zeros_like(part[..., :1])), part

    def _join(self, event, transformed, log_scale):
        start, end = self._transformed
        return tf.concat([event[..., :start], transformed, event[..., end:]], axis=-1), log_scale

    def _transform(self, part, parameters):
        return elementwise_spline.forward_and_log_det(part, parameters, self._bins, self._bound)

    def _transform_inverse(self, part, parameters):
        return elementwise_spline.inverse_and_log_det(part, parameters, self._bins, self._bound)
