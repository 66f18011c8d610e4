import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.export import saved_model
from tfgen.export.signatures import signatures


@pytest.fixture(scope="module")
def folder(exported):
    return exported / "saved_model" / "1"


def test_a_saved_model_loads_and_runs_without_keras(folder, tiny_models, tmp_path):
    code = f"""
        import sys
        for name in ("keras", "tensorflow_probability", "tf_keras", "tfgen", "export"):
            sys.modules[name] = None  # importing it raises
        import numpy as np
        import tensorflow as tf
        loaded = tf.saved_model.load({str(folder)!r})
        sample = loaded.signatures["serving_default"]
        images = sample(seed=tf.constant([7, 8, -3]), temperature=tf.ones(3))["images"].numpy()
        images = np.concatenate([images, loaded.sample(tf.constant([9]), tf.ones(1))["images"].numpy()])
        np.save({str(tmp_path / "images.npy")!r}, images)
        for seed in (tf.constant([7.5]), tf.constant([[7]]), tf.constant([7], tf.int64)):
            try:
                sample(seed=seed, temperature=tf.ones(1))
            except Exception as error:
                print("rejected", type(error).__name__)
    """
    finished = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.count("rejected") == 3
    model = tiny_models("vae-mixture")
    expected = np.concatenate([model.sample(2, seed=7), model.sample(1, seed=-3), model.sample(1, seed=9)])
    np.testing.assert_allclose(np.load(tmp_path / "images.npy"), expected, atol=1e-5)


def test_the_default_signature_is_sample(folder):
    served = tf.saved_model.load(str(folder)).signatures
    assert set(served["serving_default"].structured_input_signature[1]) == {"seed", "temperature"}
    assert {"sample", "decode", "encode", "reconstruct", "interpolate", "log_prob", "bits_per_dim"} < set(served)


def test_the_weights_are_stored_once(folder, tiny_models):
    weights = sum(variable.numpy().nbytes for variable in tiny_models("vae-mixture").weights)
    stored = (folder / "variables" / "variables.data-00000-of-00001").stat().st_size
    assert weights <= stored < 1.2 * weights


def test_weights_that_are_stored_twice_are_found(tiny_models, tmp_path):
    model = tiny_models("vae-mlp")
    archive = keras.export.ExportArchive()
    archive.track(model)
    signature = signatures(model)["decode"]
    archive.add_endpoint("decode", signature.function, [*signature.inputs.values()])
    archive.write_out(tmp_path / "twice", verbose=False)
    with pytest.raises(RuntimeError, match="bytes of weights"):
        saved_model.check_stored_once(tmp_path / "twice")


def test_a_signature_that_writes_a_variable_is_found(tmp_path):
    module = tf.Module()
    module.seen = tf.Variable(0.0)

    @tf.function(input_signature=[tf.TensorSpec([None])])
    def count(x):
        module.seen.assign_add(1.0)
        return {"x": x}

    tf.saved_model.save(module, str(tmp_path / "counting"), signatures={"count": count})
    with pytest.raises(RuntimeError, match="AssignAdd"):
        saved_model.check_no_variable_is_written(tmp_path / "counting")


def test_every_signature_can_be_warmed_up(folder):
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    loaded = saved_model.SavedModel(folder)
    requested = set()
    for record in tf.data.TFRecordDataset(str(folder / "assets.extra" / "tf_serving_warmup_requests")):
        request = PredictionLog.FromString(record.numpy()).predict_log.request
        name = request.model_spec.signature_name
        requested.add(name)
        loaded.run(name, {key: tf.make_ndarray(value) for key, value in request.inputs.items()})
    assert requested == set(loaded.names) - {"serving_default"}
