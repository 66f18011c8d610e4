"""Pixel intensities on the real line."""

from tensorflow_probability import bijectors as tfb


def logit(alpha: float) -> tfb.Bijector:
    """The real line as intensities, a chain of TFP's own bijectors.

        forward   y = (σ(x) − α) / (1 − 2α)                 (latent → data)
        inverse   x = logit(α + (1 − 2α) y)                 (data → latent)
        log-det   Σ log σ(x) + log σ(−x) − log(1 − 2α)

    α keeps y = 0 and y = 1 finite. It also says what becomes of pixels at the ends. Dequantized black is a narrow
    interval: a small α makes it wide but skewed, which a normal latent pays with up to 0.6 bits a pixel, a large one
    leaves it uniform (0.25 bits) but so narrow beside the rest that the couplings learn slowly to tell it apart.

    Args:
        alpha: α, in (0, 1/2).

    Reference: Dinh, Sohl-Dickstein, Bengio: Density estimation using Real NVP. ICLR 2017, section 4.1 (there 0.05).
    """
    return tfb.Chain([tfb.Scale(1.0 / (1.0 - 2.0 * alpha)), tfb.Shift(-alpha), tfb.Sigmoid()], name="logit")
