"""Guidance of a flow of transformers, and pictures with and without the noise of the flow."""

import shutil
import zipfile

import keras
import numpy as np
import pytest
from PIL import Image

from tests.app.conftest import finish
from tfgen.app import decoding
from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.decoding import KEPT, REMOVED
from tfgen.app.handlers.downloads import sample_zip
from tfgen.app.handlers.sample import sample
from tfgen.app.handlers.single_picture import sample_picture
from tfgen.app.labels import ANY
from tfgen.app.model_cache import ModelCache
from tfgen.app.pictures import grid_picture
from tfgen.app.tabs.sample import _update
from tfgen.errors import ConfigError, UndefinedError
from tfgen.models import family

FLOW = "flow-transformers"
#: Guidance of the flow, if no other is asked for.
USUAL = 0.5
SLOW = pytest.mark.slow
#: Guidance, and what happens to the noise.
SETTINGS = (
    (None, REMOVED),
    pytest.param(2.0, REMOVED, marks=SLOW),
    pytest.param(0.0, KEPT, marks=SLOW),
    pytest.param(3.0, KEPT, marks=SLOW),
)


@pytest.fixture(scope="module")
def folder(shelf, digits, tmp_path_factory):
    root = tmp_path_factory.mktemp("decoding")
    architecture = {"transformers": 2, "patch": 4, "width": 8, "heads": 2, "squeeze": (1,), "couplings": (0,)}
    # With noise of this size, pictures with and without noise differ clearly.
    noise = {"dequantization": "gaussian", "noise": 0.5}
    model = family("flow")((8, 8, 1), 17, checkerboard=0, guidance=USUAL, **architecture, **noise)
    model.compile(keras.optimizers.Adam(3e-3))
    model.initialize_from(digits[:64])
    model.fit(digits[:256], batch_size=64, epochs=2, verbose=0)
    finish(root / FLOW, model, "flow", "quick")
    shutil.copytree(shelf / "vae", root / "vae")
    return root


@pytest.fixture
def context(folder, tmp_path, monkeypatch) -> Context:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    catalogue = Catalogue(folder)
    return Context(catalogue, ModelCache(catalogue), trainer=None)  # type: ignore[arg-type]


def pixels(file) -> np.ndarray:
    with Image.open(file) as picture:
        return np.asarray(picture).astype(int)


@pytest.mark.parametrize(("guidance", "noise"), SETTINGS)
def test_the_pictures_are_those_of_the_model_with_these_settings(context, guidance, noise):
    with context.models.using(FLOW) as model, model.decoding(guidance, False if noise == KEPT else None):
        expected = np.asarray(grid_picture(model.sample(4, seed=3).numpy()))
    picture, caption = sample(context, FLOW, 4, 3, 1.0, ANY, guidance, noise)
    assert np.abs(pixels(picture) - expected).max() <= 1
    assert f"guidance {USUAL if guidance is None else guidance:g}, noise {noise}." in caption


@pytest.mark.slow
def test_the_settings_change_the_picture_and_do_not_stay(context):
    def drawn(*settings):
        return pixels(sample(context, FLOW, 4, 0, 1.0, ANY, *settings)[0])

    usual = drawn()
    assert np.abs(drawn(None, KEPT) - usual).max() > 5
    with pytest.raises(ConfigError):
        drawn(2.0, "?")
    np.testing.assert_array_equal(drawn(), usual)


def test_the_tab_opens_with_the_guidance_of_the_model_and_keeps_that_of_an_address(context):
    values = {"model": FLOW, "count": 4, "seed": 0, "temperature": 1.0, "label": ANY, "guidance": 0.0, "noise": KEPT}
    for before, expected in (({}, USUAL), ({**values, "model": "vae"}, USUAL), (None, 0.0), (values, 0.0)):
        assert _update(context, values, before)[0] == {**values, "guidance": expected}
    other = {**values, "model": "vae", "guidance": 2.0}
    assert _update(context, other, values)[0] == {**other, "guidance": 0.0, "noise": REMOVED}


@pytest.mark.slow
def test_files_have_the_settings_in_their_metadata(context):
    _, file, caption = sample_picture(context, FLOW, 5, 1.0, ANY, 1.5, KEPT)
    with Image.open(file) as picture:
        assert (picture.info["Guidance"], picture.info["Noise"]) == ("1.5", "kept")
    assert "guidance 1.5, noise kept" in caption
    with (
        zipfile.ZipFile(sample_zip(context, FLOW, 2, 5, 1.0, ANY, 1.5, KEPT)) as archive,
        archive.open(archive.namelist()[0]) as inside,
        Image.open(inside) as first,
    ):
        assert (first.info["Guidance"], first.info["Noise"]) == ("1.5", "kept")
        assert np.abs(np.asarray(first).astype(int) - pixels(file)).max() <= 1
    with Image.open(sample_picture(context, "vae", 5)[1]) as picture:
        assert "Guidance" not in picture.info and "Noise" not in picture.info


def test_models_without_these_settings_refuse_other_values_than_the_usual(context):
    for handler in (sample, sample_zip, sample_picture):
        handler(context, "vae", guidance=0.0, noise=REMOVED)
        with pytest.raises(UndefinedError, match=r"guidance: expected 0.*Received: 1"):
            handler(context, "vae", guidance=1.0)
        with pytest.raises(UndefinedError, match="noise: expected 'removed'"):
            handler(context, "vae", noise=KEPT)


@pytest.mark.parametrize(
    ("guidance", "noise", "message"),
    [
        (20.1, REMOVED, "guidance: expected a number from 0 to 20. Received: 20.1"),
        (float("nan"), REMOVED, "guidance: expected a number from 0 to 20. Received: nan"),
        ("2", REMOVED, "guidance: expected a number from 0 to 20. Received: '2'"),
        (1.0, "gone", "noise: expected one of removed, kept. Received: 'gone'"),
    ],
)
def test_values_out_of_range_are_refused(context, guidance, noise, message):
    with context.models.using(FLOW) as model, pytest.raises(ConfigError) as raised:
        decoding.decoding(model, guidance, noise)
    assert message in str(raised.value)
