"""A .zip of pictures: one PNG for each seed, equal to the sample of that seed."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.handlers.downloads import sample_zip
from tfgen.app.model_cache import ModelCache
from tfgen.errors import ConfigError, UndefinedError
from tfgen.plots.grid import to_bytes


@pytest.fixture
def context(shelf, tmp_path, monkeypatch) -> Context:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    catalogue = Catalogue(shelf)
    return Context(catalogue, ModelCache(catalogue), trainer=None)  # type: ignore[arg-type]


def test_every_seed_has_a_picture_whose_name_and_metadata_hold_it(context):
    with zipfile.ZipFile(sample_zip(context, "vae-classes", 5, 3, 0.5, "dogs & owls")) as archive:
        assert archive.namelist() == [f"seed-{seed:08d}-dogs_owls.png" for seed in range(3, 8)]
        with context.models.using("vae-classes") as model, archive.open("seed-00000007-dogs_owls.png") as file:
            picture = Image.open(file)
            expected = to_bytes(model.sample(5, seed=3, temperature=0.5, label=1).numpy())[4, ..., 0]
            np.testing.assert_array_equal(np.asarray(picture), expected)
            assert (picture.info["Seed"], picture.info["Temperature"]) == ("7", "0.5")
            assert (picture.info["Run"], picture.info["Label"]) == ("vae-classes", "dogs & owls")


def test_other_counts_and_models_of_points_are_refused(context):
    with pytest.raises(ConfigError, match="count: expected an integer from 1 to 1000"):
        sample_zip(context, "gan", 1001)
    with pytest.raises(UndefinedError, match="needs a model of images"):
        sample_zip(context, "points")
