"""The decoded images of a two-dimensional latent space."""

from pathlib import Path

from tfgen.errors import UndefinedError
from tfgen.plots.grid import save_grid


def save_manifold(model, path: str | Path, n: int = 20, scale: int | None = None, label: int | None = None) -> None:
    """Write the decoded images of an n × n grid of latents, whose coordinates are percentiles of the normal density.

    `models.latent_paths.percentile_grid` states the directions of the two coordinates.

    Args:
        model: model of images with `decode`, `latents_from` and the `latent_shape` (2,).
        path: PNG file to write.
        n: images per side.
        scale: see `plots.save_grid`.
        label: class of the images of a conditional model. None: the most frequent class.

    Raises:
        UndefinedError: if the latent space does not have two dimensions, or the model does not generate images.
        OSError: if the file cannot be written.

    Reference:
        Kingma, Welling: Auto-encoding variational Bayes. ICLR 2014, figure 4.
    """
    # Imported here, so that the other plots do not import TensorFlow.
    from tfgen.models.latent_paths import percentile_grid

    if not model.is_image or tuple(model.latent_shape) != (2,):
        raise UndefinedError(
            "A manifold needs images and a latent space of 2 dimensions. "
            f"Received: latent shape {list(model.latent_shape)}, examples of shape {list(model.event_shape)}"
        )
    if label is None and model.is_conditional:
        label = model.class_frequencies.index(max(model.class_frequencies))
    given = {} if label is None else {"label": label}
    save_grid(model.decode(model.latents_from(percentile_grid(n), **given), **given), path, columns=n, scale=scale)
