"""A resumed run has the same bits as an uninterrupted run; the loop validates, diagnoses and reports divergence."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_except
from tfgen.config.presets import run_config
from tfgen.data.batches import Batches
from tfgen.data.sets import ImageSet
from tfgen.errors import DivergedError, Interrupted, RunError
from tfgen.models import build
from tfgen.training.loop import Loop
from tfgen.training.optimizers import Schedule, make_optimizer

CONFIGS = {
    "vae": run_config("vae", hidden=(16,), latent_dim=3, likelihood="bernoulli", binarize="dynamic", ema=0.9),
    "vae-conv": run_config(
        "vae",
        arch="conv",
        filters=4,
        blocks=1,
        dropout=0.2,
        prior="flow",
        prior_hidden=(8,),
        prior_couplings=2,
        clip_norm=10.0,
    ),
    "vae-products": run_config("vae", arch="conv", filters=4, precision="bfloat16_products"),
    "gan": run_config(
        "gan", generator_hidden=(16,), discriminator_hidden=(16,), generator_dropout=0.2, ema=0.9, optimizer="muon"
    ),
    "gan-penalties": run_config(
        "gan",
        arch="dcgan",
        filters=4,
        loss="relativistic",
        r1=0.5,
        r2=0.5,
        spectral_norm=True,
        packing=2,
        ema=0.9,
    ),
    "gan-wgan": run_config(
        "gan",
        generator_hidden=(16,),
        discriminator_hidden=(16,),
        loss="wgan-gp",
        discriminator_steps=2,
        schedule="cosine",
    ),
    "dropout-gan": run_config("dropout_gan", generator_hidden=(16,), discriminator_hidden=(16,), ema=0.9),
    "mad-gan": run_config("mad_gan", generator_hidden=(16, 16), discriminator_hidden=(16,), generators=4, r1=0.1),
    "flow": run_config("flow", width=8, checkerboard=1, squeeze=(2, 2), couplings=(1, 1), ema=0.9, warmup=5),
    "flow-deep": run_config("flow", width=8, checkerboard=2, squeeze=(2, 2), couplings=(2, 2), ema=0.9, warmup=5),
}


def make_loop(config, digits, folder, epochs=3, xla=False):
    config = config.with_options({"epochs": 3, "batch_size": 64})
    batches = Batches(digits[:320], 64, seed=config.train.seed)
    keras.utils.set_random_seed(config.train.seed)
    model = build(config, (8, 8, 1), 17)
    model.compile(make_optimizer(config.train, batches.steps_per_epoch), clip_norm=config.train.clip_norm)
    model.initialize_from(batches.at(0))
    products = config.train.precision == "bfloat16_products"
    validation = ImageSet(digits[320:350], 17)
    return Loop(model, batches, validation, epochs, folder, xla=xla, bfloat16_products=products)


class Rows(keras.callbacks.Callback):
    """Keeps the rows of the epochs without measured times."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def on_epoch_end(self, epoch, logs=None):
        self.rows.append({k: v for k, v in logs.items() if k not in ("seconds", "images_per_second")})


class StopAt(keras.callbacks.Callback):
    """Stops the loop after a step, as Ctrl-C does."""

    def __init__(self, loop, step):
        super().__init__()
        self.loop, self.at = loop, step

    def on_train_batch_end(self, batch, logs=None):
        if batch >= self.at:
            self.loop._ask_to_stop(2, None)


def state(loop):
    return [variable.numpy() for variable in loop.model.state]


def test_the_checkpoint_s_state_holds_every_variable(digits, tmp_path):
    for name, config in CONFIGS.items():
        model = make_loop(config, digits, tmp_path / name).model
        held = {id(variable) for variable in model.state}
        everything = [*model.variables, *model.non_trainable_variables, *model.optimizer.variables]
        for part in model._flatten_layers():
            everything += [*part.weights]
        missing = [variable.path for variable in everything if id(variable.value) not in held]
        assert not missing, name
        assert len(held) == len(model.state)


# One configuration with one optimizer and one with two. The others repeat the check with another network or loss.
@pytest.mark.parametrize("name", slow_except(CONFIGS, "vae", "gan"))
def test_a_resumed_run_is_bit_identical(name, digits, tmp_path, monkeypatch):
    # Chunks of one step, so that the interruption is inside an epoch.
    monkeypatch.setattr("tfgen.training.loop.CHUNK_SECONDS", 0.0)
    whole, rows = make_loop(CONFIGS[name], digits, tmp_path / "a"), Rows()
    whole.run([rows])

    first, first_rows = make_loop(CONFIGS[name], digits, tmp_path / "b"), Rows()
    with pytest.raises(Interrupted, match="epoch 2 after 7 updates"):
        first.run([first_rows, StopAt(first, 7)])
    second, second_rows = make_loop(CONFIGS[name], digits, tmp_path / "b"), Rows()
    for variable in second.model.trainable_variables:
        variable.assign(tf.zeros_like(variable))
    second.restore()
    assert second.step == 7
    second.run([second_rows])

    assert first_rows.rows + second_rows.rows == rows.rows
    for one, other in zip(state(whole), state(second), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_loop_and_keras_fit_give_the_same_weights(digits, tmp_path):
    loop = make_loop(CONFIGS["vae"], digits, tmp_path / "a")
    fitted = make_loop(CONFIGS["vae"], digits, tmp_path / "b")
    fitted.model.fit(fitted.batches.dataset(epochs=3), epochs=1, verbose=0, shuffle=False)
    loop.run()
    for one, other in zip(loop.model.trainable_variables, fitted.model.trainable_variables, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=2e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "vae",
        "mad-gan",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("gan", "gan-penalties", "gan-wgan", "dropout-gan")),
    ],
)
def test_the_noise_is_the_same_with_xla_and_without(name, digits, tmp_path):
    config = CONFIGS[name].with_options({"optimizer": "sgd"})
    plain, compiled = (make_loop(config, digits, tmp_path / str(xla), epochs=1, xla=xla) for xla in (False, True))
    plain.run()
    compiled.run()
    for one, other in zip(plain.model.trainable_variables, compiled.model.trainable_variables, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-5, err_msg=one.path)


@pytest.mark.slow
def test_seeds_differ(digits, tmp_path):
    ends = []
    for seed in (0, 1):
        loop = make_loop(CONFIGS["vae"].with_options({"seed": seed}), digits, tmp_path / str(seed), epochs=1)
        loop.run()
        ends.append(state(loop)[0])
    assert np.abs(ends[0] - ends[1]).max() > 1e-3


@pytest.mark.parametrize("xla", slow_except([False, True], True))
def test_the_first_loss_that_is_not_finite_stops_the_run_and_is_named(digits, tmp_path, xla):
    config = CONFIGS["vae"].with_options({"ema": 0.0})
    loop = make_loop(config, digits, tmp_path, xla=xla)

    class Poison(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            loop.model.encoder.trainable_variables[-1].assign(tf.fill((6,), 1e30))

    with pytest.raises(DivergedError, match=r"step 6 \(epoch 2\).*kl is (inf|nan)"):
        loop.run([Poison()])
    again = make_loop(config, digits, tmp_path)
    again.restore()
    assert all(np.isfinite(values).all() for values in state(again))


@pytest.mark.slow
def test_evaluation_counts_the_last_short_batch_exactly(digits, tmp_path, monkeypatch):
    monkeypatch.setattr("tfgen.training.loop.EVALUATION_BATCH", 32)
    loop = make_loop(CONFIGS["flow"], digits, tmp_path)
    loop.run()

    def value(examples):
        return loop.evaluate(ImageSet(examples, 17))["bits_per_dim"]

    # The first 32 rows get the same noise in both calls. The other 8 rows have a weight of 8 / 40.
    one, both = value(digits[:32]), value(digits[:40])
    with_rest = (both * 40 - one * 32) / 8
    assert 0.3 * one < with_rest < 3 * one
    direct = loop.model.bits_per_dim(digits[32:40]).mean
    assert abs(with_rest - direct) < 0.3


@pytest.mark.slow
def test_best_epoch_is_marked(digits, tmp_path):
    loop, rows = make_loop(CONFIGS["vae-conv"], digits, tmp_path), Rows()
    loop.run([rows])
    best = [row["val_bits_per_dim"] for row in rows.rows if row["best"]]
    assert best == sorted(best, reverse=True)
    assert min(row["val_bits_per_dim"] for row in rows.rows) == best[-1]


@pytest.mark.parametrize("bad", slow_except([np.nan, np.inf, -np.inf], np.nan))
def test_an_epoch_without_a_finite_score_is_never_the_best(bad, digits, tmp_path, monkeypatch):
    scores = iter([bad, 2.0, bad, 3.0, 1.5])
    loop, rows = make_loop(CONFIGS["vae"], digits, tmp_path, epochs=5), Rows()
    monkeypatch.setattr(loop, "evaluate", lambda examples: {"bits_per_dim": next(scores)})
    loop.run([rows])
    assert [row["best"] for row in rows.rows] == [False, True, False, False, True]
    assert loop.progress.best == 1.5


def test_a_training_without_any_finite_score_has_diverged(digits, tmp_path, monkeypatch):
    loop = make_loop(CONFIGS["vae"], digits, tmp_path, epochs=2)
    monkeypatch.setattr(loop, "evaluate", lambda examples: {"bits_per_dim": np.nan})
    with pytest.raises(DivergedError, match="Expected a finite val_bits_per_dim after some epoch"):
        loop.run()


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("vae", "a weight is infinite or NaN"),
        pytest.param("gan", "generator_loss is nan", marks=pytest.mark.slow),
    ],
)
def test_weights_that_the_last_update_of_an_epoch_spoils_are_not_saved(name, cause, digits, tmp_path, monkeypatch):
    """The loss of the VAE's step is finite: it is computed before the update."""
    rate = Schedule.__call__
    monkeypatch.setattr(Schedule, "__call__", lambda self, step: tf.where(step == 4, np.nan, rate(self, step)))
    loop, rows = make_loop(CONFIGS[name].with_options({"optimizer": "sgd"}), digits, tmp_path, epochs=1), Rows()
    with pytest.raises(DivergedError, match=rf"step 5 \(epoch 1\): {cause}"):
        loop.run([rows])
    assert rows.rows == []
    again = make_loop(CONFIGS[name].with_options({"optimizer": "sgd"}), digits, tmp_path)
    again.restore()
    assert all(np.isfinite(values).all() for values in state(again))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("vae", {"val_active_units"}, marks=pytest.mark.slow),
        ("gan", {"val_real_accuracy", "val_fake_accuracy", "val_loss_ratio"}),
        pytest.param("flow", {"val_inversion_error", "val_mean_inversion_error"}, marks=pytest.mark.slow),
    ],
)
def test_a_row_has_the_model_s_diagnostics_on_the_validation_set(name, expected, digits, tmp_path):
    loop, rows = make_loop(CONFIGS[name], digits, tmp_path), Rows()
    loop.run([rows])
    assert all(expected <= row.keys() for row in rows.rows)
    with loop.model.averaged_weights():
        found = loop.model.diagnostics(digits[320:350])
    assert {f"val_{key}": value for key, value in found.items()}.items() <= rows.rows[-1].items()
    # A GAN has no validation score: every epoch counts as the best.
    assert name != "gan" or all(row["best"] for row in rows.rows)


@pytest.mark.slow
def test_without_a_validation_set_diagnostics_use_the_training_set(digits, tmp_path):
    loop, rows = make_loop(CONFIGS["gan"], digits, tmp_path), Rows()
    loop.validation = None
    loop.run([rows])
    assert not [key for key in rows.rows[-1] if key.startswith("val_")]
    with loop.model.averaged_weights():
        found = loop.model.diagnostics(digits[:250])
    assert rows.rows[-1]["loss_ratio"] == found["loss_ratio"]
    # A diagnostic does not replace the mean over the epoch's steps.
    assert rows.rows[-1]["generator_loss"] != found["generator_loss"]


def test_restoring_without_a_checkpoint_is_an_error(digits, tmp_path):
    loop = make_loop(CONFIGS["vae"], digits, tmp_path / "none")
    with pytest.raises(RunError, match="Expected a checkpoint"):
        loop.restore()


def test_a_checkpoint_of_another_model_is_refused(digits, tmp_path):
    make_loop(CONFIGS["vae"], digits, tmp_path).save()
    with pytest.raises(RunError, match="this run's model"):
        make_loop(CONFIGS["vae"].with_options({"hidden": (24,)}), digits, tmp_path).restore()


def test_schedules():
    def rates(shape, **options):
        settings = {"warmup": 0, "total": 100, "steps_per_epoch": 10, "decay": 0.5, **options}
        return [float(Schedule(2.0, shape, **settings)(step)) for step in (0, 9, 10, 50, 100)]

    assert rates("constant") == [2.0] * 5
    assert rates("exponential") == pytest.approx([2.0, 2.0, 1.0, 2 * 0.5**5, 2 * 0.5**10])
    assert rates("cosine") == pytest.approx([2.0, 1.9602, 1.9511, 1.0, 0.0], abs=1e-4)
    assert rates("constant", warmup=20) == pytest.approx([0.1, 1.0, 1.1, 2.0, 2.0])


def test_schedule_survives_serialization():
    made = make_optimizer(CONFIGS["flow"].train, 10)
    again = keras.optimizers.deserialize(json.loads(json.dumps(keras.optimizers.serialize(made))))
    assert float(made.learning_rate) == float(again.learning_rate)
    assert again.get_config()["learning_rate"]["config"] == made.get_config()["learning_rate"]["config"]


def test_the_configuration_of_an_earlier_schedule_is_read():
    made = Schedule(2.0, "cosine", warmup=0, total=100, steps_per_epoch=10, decay=0.5)
    config = made.get_config()
    config["course"] = config.pop("shape")
    assert Schedule.from_config(config).get_config() == made.get_config()
