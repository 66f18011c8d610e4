"""`.keras` files that version 0.1 saved, with weights under other names."""

import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from tfgen.runs.keras_file import WEIGHTS, upgrade_keras_file

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
