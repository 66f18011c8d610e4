"""Maps of a model's latent space, and the picture at a point of a map."""

from typing import TYPE_CHECKING

from tfgen.app import validation
from tfgen.app.context import Context
from tfgen.app.labels import ANY, kept, label_of_seed
from tfgen.app.latent_paths import images_of
from tfgen.app.latent_plane import AROUND, LatentPlane, has_large_latent, kinds_of_maps, most_visible_dimensions
from tfgen.app.pictures import as_picture, cache_image, data_url, grid_picture
from tfgen.plots.grid import image_grid

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: Number of pictures on a side of a map, and of a model with a large latent space, which takes longer for a picture.
SIDE, COARSE_SIDE = 9, 5
#: Approximate side of the picture at a point, in pixels.
PICTURE_SIDE = 480
#: Default seeds of the two directions of a map around a sample.
DIRECTIONS = 101, 102


def explore(
    context: Context,
    model: str,
    right: float = 0.0,
    up: float = 0.0,
    seed: int = 0,
    plane: str = AROUND,
    first: int = DIRECTIONS[0],
    second: int = DIRECTIONS[1],
    label: str = ANY,
) -> str:
    """Draw the picture at a point of a plane through a model's latent space.

    The plane "around a sample" contains the sample and the directions of two other samples; the edge of its map is a
    right angle away from the sample. The plane "along two dimensions" replaces two latent dimensions of the sample; the
    edge of its map is 3 standard deviations away from 0.

    Args:
        model: name of a pretrained model or a run, as `models` lists them.
        right: horizontal position on the map, from -1 (left edge) to 1 (right edge).
        up: vertical position on the map, from -1 (lower edge) to 1 (upper edge).
        seed: seed of the sample that the plane goes through.
        plane: "around a sample" or "along two dimensions".
        first: horizontal direction, the seed of another sample or the number of a latent dimension, from 0.
        second: vertical direction, likewise.
        label: class of the picture, for a model with classes: its name, or "any class", which the seed draws.

    Returns:
        The picture.
    """
    right, up = (validation.float_in_range(name, value, -1.0, 1.0) for name, value in (("right", right), ("up", up)))
    with context.models.using(model) as loaded:
        validation.expect_images(loaded, "A map")
        latent_plane = _plane(plane, seed, first, second)
        of_class = label_of_seed(loaded, latent_plane.seed, label)
        images = images_of(loaded, latent_plane.noise_at(loaded, [[right, up]]), of_class).numpy()
    name = f"{model}-seed-{latent_plane.seed}-at-{right:g}-{up:g}"
    return cache_image(grid_picture(images, target=PICTURE_SIDE), name)


def latent_map(
    context: Context,
    model: str,
    seed: int = 0,
    plane: str = AROUND,
    first: int = DIRECTIONS[0],
    second: int = DIRECTIONS[1],
    label: str = ANY,
) -> str:
    """Draw a map of 9 × 9 pictures of a plane through a model's latent space, 5 × 5 for more than 256 dimensions.

    Args:
        model: name of a pretrained model or a run, as `models` lists them.
        seed: seed of the sample that the plane goes through.
        plane: "around a sample" or "along two dimensions", as for `explore`.
        first: horizontal direction, the seed of another sample or the number of a latent dimension, from 0.
        second: vertical direction, likewise.
        label: class of the pictures, as for `explore`.

    Returns:
        The map.
    """
    with context.models.using(model) as loaded:
        validation.expect_images(loaded, "A map")
        latent_plane = _plane(plane, seed, first, second)
        of_class = label_of_seed(loaded, latent_plane.seed, label)
        side = _side(loaded)
        picture = grid_picture(latent_plane.images(loaded, side, of_class), side)
    return cache_image(picture, f"{model}-map-of-seed-{latent_plane.seed}")


def map_and_point(
    context: Context, model: str, seed: int, plane: str, first: int, second: int, label: str = ANY
) -> tuple[str, tuple[float, float]]:
    """Return the map as a data URL, and the point of the map that shows the sample. Arguments: see `latent_map`."""
    with context.models.using(model) as loaded:
        validation.expect_images(loaded, "A map")
        latent_plane = _plane(plane, seed, first, second)
        of_class = label_of_seed(loaded, latent_plane.seed, label)
        side = _side(loaded)
        pixels = image_grid(latent_plane.images(loaded, side, of_class))
        point = latent_plane.point_of_sample(loaded)
    return data_url(as_picture(pixels, side)), point


def suitable_plane(
    context: Context, model: str, plane: str, seed: int, label: str = ANY
) -> tuple[tuple[str, int, int], tuple[str, ...], tuple[str, ...]]:
    """Return what the page shows for a model: (plane, first, second), the model's kinds of maps, and its classes.

    Arguments: see `latent_map`. A class that the model does not have stands for "any class", and a kind of map that is
    of no use for it for another (see `tfgen.app.latent_plane.kinds_of_maps`). Along two dimensions, the two dimensions
    that change the sample most are returned.
    """
    with context.models.using(model) as loaded:
        validation.expect_images(loaded, "A map")
        kinds = kinds_of_maps(loaded)
        plane = plane if plane in kinds else kinds[0]
        seed = validation.seed(seed)
        of_class = label_of_seed(loaded, seed, kept(label, loaded.classes))
        directions = DIRECTIONS if plane == AROUND else most_visible_dimensions(loaded, seed, of_class)
        return (plane, *directions), kinds, loaded.classes


def _side(model: "GenerativeModel") -> int:
    return COARSE_SIDE if has_large_latent(model) else SIDE


def _plane(kind: str, seed: int, first: int, second: int) -> LatentPlane:
    named = {"seed": seed, "first": first, "second": second}
    return LatentPlane(kind, **{name: validation.seed(value, name) for name, value in named.items()})
