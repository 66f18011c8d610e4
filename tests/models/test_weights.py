"""A weight file restores all results of a model, up to the rounding of its weights."""

import hashlib

import keras
import numpy as np
import pytest

from tests.conftest import slow_except
from tfgen.errors import RunError
from tfgen.models.weights import FORMATS, count_weights, inference_variables, load_weights, rounded, save_weights

NAMES = ["vae-mlp", "vae-conv", "vae-mixture", "vae-flow-prior", "vae-hierarchical", "gan", "flow", "points"]


@pytest.fixture
def fresh(tiny_models):
    """A function from a name to an untrained model of that configuration."""

    def make(name, **more):
        model = tiny_models(name)
        return type(model).from_config({**model.get_config(), **more})

    return make


def in_half_precision(value):
    return np.asarray(value).astype(np.float16).astype(np.float32)


def results_of(model, examples):
    """Samples, latents and likelihoods of a model, by method."""
    found = {"sample": model.sample(8, seed=3)}
    if model.can("encode"):
        found["encode"] = model.encode(examples)
    if model.can("log_prob"):
        found["log_prob"] = model.log_prob(examples, samples=2, seed=1)
    return {method: np.asarray(result) for method, result in found.items()}


@pytest.mark.parametrize("name", slow_except(NAMES, "vae-mlp", "gan", "points"))
def test_a_new_model_with_loaded_weights_has_exactly_the_results_of_the_rounded_model(
    name, tiny_models, fresh, tiny_data, tmp_path
):
    model = tiny_models(name)
    # The reference is a copy made by Keras, whose variables are rounded in place.
    model.save(tmp_path / "model.keras")
    reference = keras.models.load_model(tmp_path / "model.keras", compile=False)
    for variable in reference.weights:
        variable.assign(in_half_precision(variable))
    sha256 = save_weights(model, tmp_path / "weights.npz")
    unpacked = fresh(name)
    load_weights(unpacked, tmp_path / "weights.npz", sha256)
    for ours, theirs in zip(unpacked.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours, in_half_precision(theirs))
    expected = results_of(reference, tiny_data[name][:16])
    found = results_of(unpacked, tiny_data[name][:16])
    for method, result in expected.items():
        np.testing.assert_array_equal(found[method], result, err_msg=method)
    # The rounding changes the samples.
    assert not np.array_equal(found["sample"], np.asarray(model.sample(8, seed=3)))


@pytest.mark.parametrize("name", slow_except(["vae-mlp", "gan", "flow"], "gan"))
def test_the_file_of_a_model_with_averages_holds_the_averages_and_no_other_weights(name, fresh, tiny_data, tmp_path):
    model = fresh(name, ema=0.9)
    model.initialize_from(tiny_data[name][:64])
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(tiny_data[name], batch_size=64, epochs=2, verbose=0)
    own = np.asarray(model.sample(8))
    with model.averaged_weights():
        averaged = np.asarray(model.sample(8))
        model.save(tmp_path / "model.keras")
    assert np.abs(own - averaged).max() > 1e-3
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    sha256 = save_weights(loaded, tmp_path / "weights.npz")
    unpacked = fresh(name)
    load_weights(unpacked, tmp_path / "weights.npz", sha256)
    assert len(inference_variables(loaded)) == len(unpacked.weights) < len(loaded.weights)
    for variable in loaded.weights:
        variable.assign(in_half_precision(variable))
    np.testing.assert_array_equal(unpacked.sample(8), loaded.sample(8))
    np.testing.assert_allclose(unpacked.sample(8), averaged, atol=2e-3)


def test_count_weights_adds_up_the_elements_of_all_variables():
    network = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(5)])
    scalar = keras.Variable(1.0)
    assert count_weights([*network.weights, scalar]) == 3 * 5 + 5 + 1
    assert count_weights([]) == 0


def test_the_file_holds_half_precision_and_is_identical_when_written_again(tiny_models, tmp_path):
    model = tiny_models("flow")
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    assert save_weights(model, first) == save_weights(model, second)
    assert save_weights(model, first) == hashlib.sha256(first.read_bytes()).hexdigest()
    with np.load(first) as saved:
        assert {saved[name].dtype for name in saved.files} == {np.dtype(np.float16)}
        assert [name.split("-")[1] for name in saved.files] == [variable.name for variable in model.weights]


@pytest.mark.parametrize("form", FORMATS)
def test_rounding_gives_the_nearest_number_of_the_format_and_ties_go_to_even(form):
    digits = FORMATS[form]
    rng = np.random.default_rng(0)
    # These numbers are in the range in which float16 has its full significand.
    numbers = rng.uniform(0.01, 1.0, 100_000) * rng.choice([-1.0, 1.0], 100_000) * 10.0 ** np.linspace(-2, 2, 100_000)
    mantissa, exponent = np.frexp(numbers.astype(np.float32).astype(np.float64))
    nearest = np.ldexp(np.rint(np.ldexp(mantissa, digits + 1)), exponent - digits - 1)
    found = rounded(numbers.astype(np.float32), form)
    np.testing.assert_array_equal(found.astype(np.float64), nearest)
    np.testing.assert_array_equal(rounded(found.astype(np.float32), form), found)
    # Ties that are rounded down and up, and a carry into the exponent.
    step = 2.0**-digits
    ties = np.array([1 + step / 2, 1 + 3 * step / 2, -1 - step / 2, 2 - step / 4, 0.0], np.float32)
    np.testing.assert_array_equal(rounded(ties, form).astype(np.float64), [1, 1 + 2 * step, -1, 2, 0])
    assert rounded(np.array([3, 5]), form).dtype == np.int64
    assert rounded(numbers.astype(np.float32), form).dtype == (np.float16 if form == "float16" else np.float32)


def test_float24_keeps_weights_that_are_too_large_for_float16_and_rejects_larger_ones(fresh, tmp_path):
    model = fresh("gan")
    kernel = model.generator.weights[0]
    kernel.assign(np.full(kernel.shape, 70_000.0, np.float32))
    unpacked = fresh("gan")
    load_weights(unpacked, tmp_path / "w.npz", save_weights(model, tmp_path / "w.npz", "float24"))
    np.testing.assert_array_equal(unpacked.generator.weights[0], np.full(kernel.shape, 70_000.0, np.float32))
    largest = np.finfo(np.float32).max
    for value in (np.nan, np.inf, largest):
        kernel.assign(np.full(kernel.shape, value, np.float32))
        with pytest.raises(RunError, match=r"Expected weights up to 3\.4"):
            save_weights(model, tmp_path / "w.npz", "float24")


@pytest.mark.parametrize("name", ["gan", "points"])
def test_a_file_of_float24_holds_three_bytes_of_each_weight(name, tiny_models, fresh, tmp_path):
    model, unpacked, file = tiny_models(name), fresh(name), tmp_path / "w.npz"
    load_weights(unpacked, file, save_weights(model, file, "float24"))
    for ours, theirs in zip(unpacked.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours, rounded(np.asarray(theirs), "float24"))
    with np.load(file) as saved:
        stored = sum(saved[each].nbytes for each in saved.files if saved[each].dtype == np.uint8)
    kept = inference_variables(model).values()
    assert stored == 3 * count_weights(each for each in kept if np.asarray(each).dtype.kind == "f")


def test_a_file_of_float24_as_version_0_1_wrote_it_is_read(tiny_models, fresh, tmp_path):
    arrays = {
        name: rounded(np.asarray(each), "float24") for name, each in inference_variables(tiny_models("gan")).items()
    }
    np.savez_compressed(tmp_path / "w.npz", **arrays)
    unpacked = fresh("gan")
    load_weights(unpacked, tmp_path / "w.npz", hashlib.sha256((tmp_path / "w.npz").read_bytes()).hexdigest())
    for name, variable in inference_variables(unpacked).items():
        np.testing.assert_array_equal(variable, arrays[name])


@pytest.mark.parametrize("value", [np.nan, np.inf, 70_000.0])
def test_a_weight_that_is_too_large_for_float16_or_not_finite_raises_an_error(value, fresh, tmp_path):
    model = fresh("gan")
    kernel = model.generator.weights[0]
    kernel.assign(np.full(kernel.shape, value, np.float32))
    with pytest.raises(RunError, match="Expected weights up to 65504"):
        save_weights(model, tmp_path / "weights.npz")
    assert not (tmp_path / "weights.npz").exists()


def test_a_damaged_file_and_the_file_of_another_model_raise_an_error(tiny_models, fresh, tmp_path):
    file = tmp_path / "weights.npz"
    sha256 = save_weights(tiny_models("gan"), file)
    with pytest.raises(RunError, match=r"arrays of this model's weights in .*written by another version of tfgen"):
        load_weights(fresh("flow"), file, sha256)
    content = file.read_bytes()
    for damaged in (content[:-100], b"", content[:500] + bytes([content[500] ^ 1]) + content[501:]):
        file.write_bytes(damaged)
        with pytest.raises(RunError, match="the file is damaged"):
            load_weights(fresh("gan"), file, sha256)
    file.unlink()
    with pytest.raises(RunError, match="which is missing"):
        load_weights(fresh("gan"), file, sha256)
