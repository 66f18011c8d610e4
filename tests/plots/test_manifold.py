"""The manifold of a two-dimensional latent space."""

import numpy as np
import pytest
from PIL import Image

from tfgen.errors import UndefinedError
from tfgen.plots.manifold import save_manifold


class Decoder:
    """A decoder to images of one pixel, whose brightness grows with one coordinate of the latent."""

    is_image, event_shape, is_conditional = True, (1, 1, 1), False

    def __init__(self, coordinate=0, latent_shape=(2,), is_image=True):
        self.coordinate, self.latent_shape, self.is_image = coordinate, latent_shape, is_image

    def latents_from(self, normal):
        return 2.0 * normal

    def decode(self, latent):
        return (0.5 + 0.05 * np.asarray(latent)[:, self.coordinate]).reshape(-1, 1, 1, 1)


@pytest.mark.parametrize("coordinate", [0, 1])
def test_the_first_coordinate_grows_to_the_right_and_the_second_upwards(coordinate, tmp_path):
    save_manifold(Decoder(coordinate), tmp_path / "manifold.png", n=5, scale=1)
    with Image.open(tmp_path / "manifold.png") as written:
        picture = np.asarray(written).astype(int)[1::2, 1::2]
    assert picture.shape == (5, 5)
    right, down = np.diff(picture, axis=1), np.diff(picture, axis=0)
    assert (right > 0).all() and (down == 0).all() if coordinate == 0 else (right == 0).all() and (down < 0).all()


class ConditionalDecoder(Decoder):
    """A decoder whose images have the brightness of their class."""

    is_conditional, class_frequencies = True, (0.2, 0.5, 0.3)

    def latents_from(self, normal, label):
        return normal

    def decode(self, latent, label):
        return np.full((len(latent), 1, 1, 1), label / 2)


def test_the_manifold_of_a_conditional_model_shows_one_class(tmp_path):
    for label, grey in ((None, 128), (2, 255)):
        save_manifold(ConditionalDecoder(), tmp_path / "manifold.png", n=3, scale=1, label=label)
        with Image.open(tmp_path / "manifold.png") as written:
            assert (np.asarray(written)[1::2, 1::2] == grey).all()


@pytest.mark.parametrize("model", [Decoder(latent_shape=(20,)), Decoder(is_image=False)])
def test_other_latent_spaces_are_refused(model, tmp_path):
    with pytest.raises(UndefinedError, match=r"2 dimensions\. Received"):
        save_manifold(model, tmp_path / "manifold.png")
