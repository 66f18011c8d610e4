"""Which inputs are passed to an exported graph, and which are rejected."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from tfgen.errors import RunError
from tfgen.serving.saved_model import InputError, SavedModel, newest_version


@pytest.fixture(scope="module")
def model(exported):
    return SavedModel(exported, max_batch=4)


def test_the_version_with_the_largest_number_is_served(exported):
    versions = exported / "saved_model"
    assert newest_version(exported) == newest_version(versions) == versions / "10"
    assert newest_version(versions / "2") == versions / "2"


def test_unfinished_versions_are_ignored(exported, tmp_path):
    shutil.copytree(exported / "saved_model" / "2", tmp_path / "saved_model" / "2")
    for unfinished in ("11", "12.partial", "latest"):
        (tmp_path / "saved_model" / unfinished).mkdir()
    assert newest_version(tmp_path).name == "2"
    with pytest.raises(RunError, match="tfgen export RUN --to saved_model"):
        newest_version(tmp_path / "saved_model" / "11")


def test_tensorflow_serving_can_load_the_folder(exported, model):
    import tensorflow as tf

    log = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2").PredictionLog
    # TensorFlow Serving mounts this folder: its entries must be versions, with numbers as names.
    assert sorted(path.name for path in (exported / "saved_model").iterdir()) == ["10", "2"]
    version = exported / "saved_model" / "10"
    assert {"saved_model.pb", "variables", "assets.extra"} <= {path.name for path in version.iterdir()}
    requests = [
        log.FromString(record.numpy()).predict_log.request
        for record in tf.data.TFRecordDataset(str(version / "assets.extra" / "tf_serving_warmup_requests"))
    ]
    assert {request.model_spec.signature_name for request in requests} >= {"sample", "decode", "interpolate"}
    for request in requests:
        inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
        assert len(inputs) == len(model.inputs(request.model_spec.signature_name))
    assert model.outputs("sample")["images"].shape.as_list() == [None, 8, 8, 1]


def test_every_signature_is_served(model):
    expected = {
        "sample",
        "serving_default",
        "decode",
        "encode",
        "reconstruct",
        "interpolate",
        "log_prob",
        "bits_per_dim",
    }
    assert set(model.signatures) == expected


def test_a_served_picture_is_the_one_of_its_seed(model, vae):
    seeds = [7, -1, 2**31 - 1]
    outputs = model.call("sample", {"seed": seeds, "temperature": [1.0, 1.0, 1.0]})
    expected = np.concatenate([vae.sample(1, seed=seed).numpy() for seed in seeds])
    np.testing.assert_allclose(outputs["images"], expected, atol=1e-6)
    assert np.ptp(expected, axis=0).max() > 1e-3


@pytest.mark.parametrize(
    ("signature", "values", "message"),
    [
        ("draw", {}, r"expected one of bits_per_dim, decode, .*Received: 'draw'"),
        (
            "sample",
            {"temperature": [1]},
            r"Expected the inputs seed, temperature of signature sample\. Received: temperature$",
        ),
        ("sample", {"seed": [1], "temperature": [1], "n": [1]}, r"Received: n, seed, temperature$"),
        (
            "sample",
            {"seed": [1, 2], "temperature": [1]},
            r"number of rows in every input\. Received: seed 2, temper",
        ),
        (
            "sample",
            {"seed": 1, "temperature": [1]},
            r"seed: expected integers of shape \[1 to 4\]\. Received: shape \[\]",
        ),
        ("sample", {"seed": [], "temperature": []}, r"shape \[1 to 4\]\. Received: shape \[0\]"),
        ("sample", {"seed": [1] * 5, "temperature": [1] * 5}, r"shape \[1 to 4\]\. Received: shape \[5\]"),
        ("sample", {"seed": [1.5], "temperature": [1]}, r"seed: expected integers .* Received: fractions"),
        ("sample", {"seed": ["1"], "temperature": [1]}, r"Received: text"),
        ("sample", {"seed": [True], "temperature": [1]}, r"Received: booleans"),
        ("sample", {"seed": [None], "temperature": [1]}, r"Received: NoneType"),
        ("sample", {"seed": [{}], "temperature": [1]}, r"Received: dict"),
        ("sample", {"seed": [2**31], "temperature": [1]}, r"-2147483648 to 2147483647\. Received: 2147483648"),
        ("sample", {"seed": [2**70], "temperature": [1]}, r"seed: expected integers"),
        (
            "sample",
            {"seed": [1], "temperature": [float("nan")]},
            r"temperature: .* all finite\. Received: 1 that are not",
        ),
        ("sample", {"seed": [1], "temperature": [float("inf")]}, r"all finite"),
        ("sample", {"seed": [1], "temperature": [1e39]}, r"all finite"),
        ("decode", {"latent": [[1.0, 2.0], [3.0]]}, r"\[1 to 4, 3\]\. Received: nested lists of unequal lengths"),
        ("decode", {"latent": [[1.0, 2.0]]}, r"\[1 to 4, 3\]\. Received: shape \[1, 2\]"),
        ("encode", {"images": [[[0.5] * 8] * 8]}, r"\[1 to 4, 8, 8, 1\]\. Received: shape \[1, 8, 8\]"),
    ],
)
def test_invalid_inputs_are_rejected_with_the_expected_ones(model, signature, values, message):
    with pytest.raises(InputError, match=message):
        model.call(signature, values)


def test_integers_are_valid_temperatures(model):
    whole, fraction = ({"seed": [3], "temperature": [value]} for value in (2, 2.0))
    assert (model.call("sample", whole)["images"] == model.call("sample", fraction)["images"]).all()


@pytest.mark.slow
def test_serving_does_not_need_keras(exported):
    code = (
        "import sys\n"
        "for absent in ('keras', 'tf_keras', 'tensorflow_probability', 'tfgen.models'): sys.modules[absent] = None\n"
        "from tfgen.serving.saved_model import SavedModel\n"
        f"outputs = SavedModel({str(exported)!r}).call('sample', {{'seed': [7], 'temperature': [1.0]}})\n"
        "assert outputs['images'].shape == (1, 8, 8, 1)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
