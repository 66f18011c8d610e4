"""Products in bfloat16: what the block changes, what it leaves alone, and the detection of the processor."""

import contextlib
import os

import numpy as np
import pytest
import tensorflow as tf

from tfgen import products
from tfgen.products import bfloat16_speedup, has_bfloat16_instructions, products_in_bfloat16

needs_instructions = pytest.mark.skipif(
    not has_bfloat16_instructions(), reason="the processor has no instructions for bfloat16"
)


@pytest.fixture
def factors():
    generator = np.random.default_rng(0)
    return tuple(tf.constant(generator.normal(size=shape), tf.float32) for shape in ((64, 48), (48, 32)))


def rounded(*tensors):
    return [tf.cast(tensor, tf.bfloat16) for tensor in tensors]


@needs_instructions
def test_products_have_rounded_factors_within_the_block_and_only_there(factors):
    product = tf.function(lambda a, b: tf.matmul(a, b) + 0.0)
    exact = product(*factors).numpy()
    with products_in_bfloat16():
        inside = product(*factors).numpy()
    expected = tf.cast(tf.matmul(*rounded(*factors)), tf.float32)
    np.testing.assert_array_equal(inside, expected)
    assert np.abs(inside - exact).max() > 1e-3
    np.testing.assert_array_equal(product(*factors), exact)


@needs_instructions
def test_gradients_and_convolutions_are_products_too(factors):
    images, kernel = tf.reshape(factors[0], (2, 8, 8, 24)), tf.reshape(factors[1], (2, 2, 24, 16))

    @tf.function
    def gradient(images, kernel):
        with tf.GradientTape() as tape:
            tape.watch(kernel)
            loss = tf.reduce_sum(tf.nn.conv2d(images, kernel, 1, "SAME") ** 2)
        return tape.gradient(loss, kernel)

    exact = gradient(images, kernel).numpy()
    with products_in_bfloat16():
        inside = gradient(images, kernel).numpy()
    assert not np.array_equal(inside, exact)
    # Three rounded numbers of 8 bits enter each term.
    assert np.abs(inside - exact).max() < 2e-2 * np.abs(exact).max()


@needs_instructions
def test_sums_and_logarithms_stay_in_float32(factors):
    function = tf.function(lambda a, b: tf.matmul(tf.math.log(tf.reduce_sum(tf.matmul(a, b) ** 2)) * a, b))
    with products_in_bfloat16():
        found = function(*factors).numpy()
    inner = tf.cast(tf.matmul(*rounded(*factors)), tf.float32)
    scale = tf.math.log(tf.reduce_sum(inner**2))
    expected = tf.cast(tf.matmul(*rounded(scale * factors[0], factors[1])), tf.float32)
    # A factor that is rounded the other way differs by 2⁻⁸; a logarithm of 8 bits would differ in nearly all.
    assert np.mean(found == expected.numpy()) > 0.99


def test_the_block_restores_the_settings_also_after_an_error():
    def settings():
        return dict(tf.config.optimizer.get_experimental_options()), dict(os.environ)

    with products_in_bfloat16():
        before = settings()
        with pytest.raises(KeyError), products_in_bfloat16():
            raise KeyError
        assert settings() == before
        assert before[0]["auto_mixed_precision_onednn_bfloat16"]
    assert not tf.config.optimizer.get_experimental_options()["auto_mixed_precision_onednn_bfloat16"]
    unchanged = settings()
    with products_in_bfloat16(wanted=False):
        assert settings() == unchanged


@pytest.mark.parametrize(
    ("flags", "expected"), [("fpu avx512f avx512_bf16 vnni", True), ("sse amx_bf16", True), ("fpu avx512f avx2", False)]
)
def test_the_instructions_are_read_from_the_description_of_the_processor(tmp_path, flags, expected):
    (tmp_path / "cpuinfo").write_text(f"model name\t: X\nflags\t\t: {flags}\n")
    assert has_bfloat16_instructions(tmp_path / "cpuinfo") is expected
    assert not has_bfloat16_instructions(tmp_path / "none")


@pytest.mark.parametrize(("seconds", "expected"), [({False: 3.0, True: 1.5}, 2.0), ({False: 1.0, True: 4.0}, 0.25)])
def test_the_speedup_is_the_ratio_of_the_times_of_float32_and_bfloat16(seconds, expected, monkeypatch):
    """With a clock that the format of the products advances."""
    now, block = [0.0], products.products_in_bfloat16

    @contextlib.contextmanager
    def slow_block(wanted=True):
        with block(wanted):
            yield
            now[0] += seconds[wanted]

    class Clock:
        @staticmethod
        def perf_counter():
            return now[0]

    monkeypatch.setattr(products, "has_bfloat16_instructions", lambda: True)
    monkeypatch.setattr(products, "products_in_bfloat16", slow_block)
    monkeypatch.setattr(products, "time", Clock)
    assert bfloat16_speedup() == pytest.approx(expected)


def test_without_instructions_nothing_is_measured(monkeypatch):
    monkeypatch.setattr(products, "has_bfloat16_instructions", lambda: False)
    monkeypatch.setattr(products, "time", None)
    assert bfloat16_speedup() == 1.0
