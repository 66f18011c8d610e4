"""The logit transformation of pixel intensities."""

from tensorflow_probability import bijectors as tfb


def logit(alpha: float) -> tfb.Bijector:
    """Map the real line to intensities, as a chain of TFP's bijectors.

        forward   y = (σ(x) − α) / (1 − 2α)                 (latent → data)
        inverse   x = logit(α + (1 − 2α) y)                 (data → latent)
        log-det   Σ log σ(x) + log σ(−x) − log(1 − 2α)

    α keeps the logits of y = 0 and y = 1 finite. α also determines the shape of dequantized black, an interval of one
    level. A small α makes that interval wide and skewed, which costs a normal latent up to 0.6 bits per pixel. A large
    α leaves the interval uniform (0.25 bits) but narrow compared with the rest, and couplings learn to separate the
    interval from brighter values slowly.

    Args:
        alpha: α, in (0, 1/2).

    Reference: Dinh, Sohl-Dickstein, Bengio: Density estimation using Real NVP. ICLR 2017, section 4.1 (there 0.05).
    """
    return tfb.Chain([tfb.Scale(1.0 / (1.0 - 2.0 * alpha)), tfb.Shift(-alpha), tfb.Sigmoid()], name="logit")
