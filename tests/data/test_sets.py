"""The types of data sets."""

import numpy as np
import pytest

from tfgen.data.sets import Dataset, ImageSet, Modes, PointSet
from tfgen.errors import DataError

IMAGES = np.arange(12, dtype=np.uint8).reshape(3, 2, 2, 1)
POINTS = np.zeros((4, 2), np.float32)


def test_an_image_set_is_indexable_and_has_an_event_shape():
    images = ImageSet(IMAGES, 12, np.array([5, 6, 7]))
    assert len(images) == 3
    assert images.event_shape == (2, 2, 1)
    assert images.examples is IMAGES
    part = images[1:]
    assert len(part) == 2
    assert part.levels == 12
    assert part.labels is not None
    np.testing.assert_array_equal(part.labels, [6, 7])


def test_a_point_set_has_no_levels_and_no_labels():
    points = PointSet(POINTS, lambda x: x[:, 0])
    assert (len(points), points.event_shape, points.levels, points.labels) == (4, (2,), None, None)
    assert points[:2].log_prob is points.log_prob


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((IMAGES.astype(np.float32), 256), "uint8.*float32"),
        ((IMAGES[..., 0], 256), r"\[N, H, W, C\].*\[3, 2, 2\]"),
        ((IMAGES[:0], 256), "none of them 0"),
        ((IMAGES, 11), "0 to 10.*pixel of 11"),
        ((IMAGES, 1), "2 to 256 levels"),
        ((IMAGES, 257), "2 to 256 levels"),
        ((IMAGES, 256, np.zeros(2, np.int64)), "3 images"),
        ((IMAGES, 256, np.zeros(3)), "integer labels.*float64"),
        ((IMAGES.tolist(), 256), "list"),
    ],
)
def test_an_image_set_refuses_other_types_shapes_and_values(arguments, message):
    with pytest.raises(DataError, match=message):
        ImageSet(*arguments)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (POINTS.astype(np.float64), "float32.*float64"),
        (POINTS[:, :1], r"\[N, 2\].*\[4, 1\]"),
        (POINTS[:0], "N ≥ 1"),
        (np.full_like(POINTS, np.nan), "finite"),
    ],
)
def test_a_point_set_refuses_other_types_shapes_and_values(points, message):
    with pytest.raises(DataError, match=message):
        PointSet(points)


def test_the_splits_of_a_data_set_must_have_one_type():
    images, points = ImageSet(IMAGES, 256), PointSet(POINTS)
    data = Dataset("mine", images, None, images)
    assert data.is_images
    assert data.levels == 256
    assert data.event_shape == (2, 2, 1)
    assert not Dataset("toy", points, points, points).is_images
    for other in (points, ImageSet(IMAGES, 17), ImageSet(IMAGES.reshape(3, 4, 1, 1), 256)):
        with pytest.raises(DataError, match=r"mine: expected the test split.*2×2×1 images of 256 levels"):
            Dataset("mine", images, None, other)


def test_the_repr_is_one_line_without_arrays():
    images = ImageSet(IMAGES, 17, np.array([5, 6, 6]))
    assert repr(images) == "ImageSet(3 images of 2×2×1 pixels, 17 levels, 2 classes)"
    assert repr(images[:1]) == "ImageSet(1 image of 2×2×1 pixels, 17 levels, 1 class)"
    assert repr(ImageSet(IMAGES, 256)) == "ImageSet(3 images of 2×2×1 pixels, 256 levels, no labels)"
    points = PointSet(np.zeros((10_000, 2), np.float32))
    assert repr(points) == "PointSet(10,000 points in the plane, density unknown)"
    assert repr(Modes(np.zeros((8, 2)), 0.02)) == "Modes(8 Gaussians of standard deviation 0.02)"
    assert (
        repr(Dataset("mine", images, images[:1], images))
        == "Dataset(mine: 3 training, 1 validation, 3 test 2×2×1 images of 17 levels)"
    )
    assert (
        repr(Dataset("toy", points, None, points)) == "Dataset(toy: 10,000 training, 10,000 test points in the plane)"
    )
