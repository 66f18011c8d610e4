"""What a two-dimensional latent space holds."""

from pathlib import Path

from tfgen.errors import UndefinedError
from tfgen.plots.grid import save_grid


def save_manifold(model, path: str | Path, n: int = 20, scale: int | None = None) -> None:
    """Write the decoded images of an n × n grid of normal percentiles; see `latent.percentile_grid` for directions.

    Args:
        model: with `decode`, `latents_from` and `latent_shape` (2,), making images.
        path: of the PNG.
        n: images a side.
        scale: see `plots.save_grid`.

    Raises:
        UndefinedError: if the latent space has other than two dimensions, or the model makes no images.
        OSError: if the file cannot be written.

    Reference: Kingma, Welling: Auto-encoding variational Bayes. ICLR 2014, figure 4.
    """
    # Here and not above, so that the other plots do without TensorFlow.
    from tfgen.models.latent_paths import percentile_grid

    if not model.is_image or tuple(model.latent_shape) != (2,):
        raise UndefinedError(
            "A manifold needs images and a latent space of 2 dimensions. "
            f"Received: latent shape {list(model.latent_shape)}, examples of shape {list(model.event_shape)}"
        )
    save_grid(model.decode(model.latents_from(percentile_grid(n))), path, columns=n, scale=scale)
