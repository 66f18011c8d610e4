"""The plan for a time is monotone and fits; measuring the speed leaves a training as it was."""

import keras
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tfgen.config.presets import run_config
from tfgen.data.batches import Batches
from tfgen.data.sets import ImageSet
from tfgen.models import build
from tfgen.training.loop import Loop
from tfgen.training.optimizers import make_optimizer
from tfgen.training.speed import MOST_EPOCHS, Speed, measure_speed, steps_in

SECONDS = st.floats(1e-4, 100.0)


@given(
    minutes=st.floats(0.0, 1e5),
    more=st.floats(0.0, 1e5),
    step=SECONDS,
    validation=st.one_of(st.just(0.0), SECONDS),
    compilation=SECONDS,
)
def test_more_minutes_never_give_fewer_steps(minutes, more, step, validation, compilation):
    speed = Speed(step, validation, compilation)
    steps, epochs = steps_in(minutes, speed)
    assert 1 <= epochs <= MOST_EPOCHS
    assert 1 <= steps <= steps_in(minutes + more, speed)[0]
    assert epochs <= steps_in(minutes + more, speed)[1]
    if steps > 1:
        assert compilation + steps * step + epochs * validation <= 60.0 * minutes * (1 + 1e-9)


def test_a_training_without_validation_uses_the_whole_time():
    assert steps_in(1.0, Speed(step=0.5)) == (120, MOST_EPOCHS)
    assert steps_in(1.0, Speed(step=0.5, compilation=10.0)) == (100, MOST_EPOCHS)


def test_validation_takes_at_most_a_tenth_of_the_time():
    assert steps_in(10.0, Speed(step=1.0, validation=12.0)) == (540, 5)


def loop_of(digits, folder):
    config = run_config("vae", hidden=(16,), latent_dim=3, likelihood="bernoulli", binarize="dynamic", ema=0.9)
    config = config.with_options({"epochs": 2, "batch_size": 64})
    batches = Batches(digits[:128], 64, seed=0)
    keras.utils.set_random_seed(0)
    model = build(config, (8, 8, 1), 17)
    model.compile(make_optimizer(config.train, batches.steps_per_epoch))
    return Loop(model, batches, ImageSet(digits[128:180], 17), 2, folder)


def test_a_training_whose_speed_was_measured_ends_in_the_same_bits(digits, tmp_path):
    plain, measured = (loop_of(digits, tmp_path / name) for name in ("plain", "measured"))
    speed = measure_speed(measured, seconds=0.01)
    assert speed.step > 0.0
    assert speed.validation > 0.0
    assert speed.epoch(10) > speed.epoch(5) > speed.validation
    assert measured.step == 0
    plain.run()
    measured.run()
    for one, other in zip(plain.model.state, measured.model.state, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
