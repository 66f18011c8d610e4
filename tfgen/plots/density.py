"""The density of a model of points, beside samples and data."""

from pathlib import Path

from tfgen.plots import plane, style


def save_density(model, points, path: str | Path, seed: int = 0) -> None:
    """Write a figure of two panels: contours of the model's density, and samples of the model over the data.

    Args:
        model: model of points with `sample`, and with `log_prob` if it has a density. Without a density there is only
            the second panel.
        points: data [n, 2]. The first 2,000 points are drawn, and as many samples as points.
        path: PNG file to write.
        seed: seed of the first sample.

    Raises:
        DataError: if the data, the samples or the density are not finite.
        OSError: if the file cannot be written.
    """
    data = plane.checked(points)[:2000]
    samples = plane.checked(model.sample(len(data), seed=seed))
    extent = plane.extent_of(data)
    panels = 2 if model.can("log_prob") else 1
    drawn = style.figure(4.6 * panels, 4.6)
    panel = drawn.subplots(1, panels, squeeze=False)[0]
    if panels == 2:
        plane.contours(panel[0], model, extent)
        plane.frame(panel[0], extent, "density of the model")
    plane.scatter(panel[-1], data, style.BLUE, "data")
    plane.scatter(panel[-1], samples, style.CORAL, "samples")
    plane.frame(panel[-1], extent, "samples over data")
    plane.legend(panel[-1])
    style.save(drawn, path)
