"""`.keras` files that version 0.1 saved, with weights under other names."""

import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from tfgen.config import run_config
from tfgen.config.migration import VERSION
from tfgen.errors import RunError
from tfgen.runs.keras_file import WEIGHTS, upgrade_keras_file
from tfgen.runs.model_file import load_keras_model

RUNS = Path(__file__).parents[1] / "fixtures" / "runs-0.1"


def weights_of(file):
    """The arrays of a `.keras` file, by their paths."""
    arrays = {}
    with zipfile.ZipFile(file) as archive, archive.open(WEIGHTS) as stream, h5py.File(stream) as root:
        root.visititems(lambda path, item: arrays.update({path: item[()]} if isinstance(item, h5py.Dataset) else {}))
    return arrays


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("flow-wavefront", "conditioners/wavefront_network", "conditioners/autoregressive_network"),
        ("flow-sweeps", "layers/lu_matrix", "invertible_convs/lu_matrix"),
    ],
)
def test_renamed_groups_keep_their_arrays(name, old, new):
    file = RUNS / name / "model.keras"
    before, content = weights_of(file), file.read_bytes()
    assert any(path.startswith(old) for path in before)
    with upgrade_keras_file(file) as upgraded:
        after = weights_of(upgraded)
    assert not upgraded.exists() and file.read_bytes() == content
    expected = {path.replace(old, new): array for path, array in before.items()}
    assert after.keys() == expected.keys()
    for path, array in after.items():
        np.testing.assert_array_equal(array, expected[path])


def test_a_file_of_this_version_and_of_another_family_is_read_as_it_is(tmp_path):
    import tfgen.models.flow  # noqa: F401 (registers the class)

    with upgrade_keras_file(RUNS / "flow-sweeps" / "model.keras") as upgraded:
        keras.models.load_model(upgraded, compile=False).save(tmp_path / "flow.keras")
    for file in (tmp_path / "flow.keras", RUNS / "vae" / "model.keras"):
        with upgrade_keras_file(file) as upgraded:
            assert upgraded == file


@pytest.mark.parametrize("name", ["vae-mlp", "points"])
def test_a_file_states_its_format_and_one_of_a_later_format_is_a_sentence(name, tiny_models, tmp_path):
    file, model = tmp_path / "model.keras", tiny_models(name)
    model.save(file)
    with zipfile.ZipFile(file) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    config = json.loads(parts["config.json"])
    assert config["config"]["format"] == VERSION
    kind = {"vae-mlp": "vae", "points": "flow"}[name]
    run_options = run_config(kind, data="moons" if name == "points" else "digits")
    assert type(load_keras_model(file, run_options)) is type(model)
    config["config"]["format"] = VERSION + 1
    with zipfile.ZipFile(file, "w") as archive:
        for part, content in {**parts, "config.json": json.dumps(config)}.items():
            archive.writestr(part, content)
    with pytest.raises(RunError, match=rf"format: expected 1 to {VERSION}; .*Received: {VERSION + 1}"):
        load_keras_model(file, run_options)


def test_a_file_of_another_keras_model_is_a_sentence(tiny_models, tmp_path):
    tiny_models("points").save(tmp_path / "points.keras")
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(tmp_path / "other.keras")
    for name in ("points", "other"):
        with pytest.raises(RunError, match=r"Expected a vae saved by tfgen in .*Received: a model of class"):
            load_keras_model(tmp_path / f"{name}.keras", run_config("vae"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\xff" * 300])
def test_a_damaged_file_is_a_sentence(tmp_path, content):
    (tmp_path / "model.keras").write_bytes(content)
    with pytest.raises(RunError, match="Expected a model saved by tfgen in"):
        load_keras_model(tmp_path / "model.keras", run_config("vae"))
