"""The plan and the progress of a training as text."""

import pytest

from tfgen.config.presets import run_config
from tfgen.runs.entries import LikelihoodEntry
from tfgen.training import progress
from tfgen.training.final_measurements import warning_about
from tfgen.training.plan_text import duration
from tfgen.training.progress import ProgressLine, main_metrics


def test_a_line_an_epoch_tells_the_main_metrics_and_the_time_left(capsys):
    line = ProgressLine(epochs=3, last_step=30, step=0)
    row = {"epoch": 1, "step": 10, "best": True, "seconds": 1.5, "images_per_second": 40.0, "learning_rate": 0.1}
    row |= {"kl": 3.0, "loss": 2.0, "val_loss": 1.0, "val_active_units": 5.0}
    line.on_epoch_begin(0)
    line.on_train_batch_end(10)
    line.on_epoch_end(0, row)
    said = capsys.readouterr().out
    assert said.startswith("epoch 1/3  val_loss 1.0000  loss 2.0000  1.5 s  40 images/s  ")
    assert said.endswith(" left\n")
    assert said.count("\n") == 1
    line.on_train_batch_end(30)
    line.on_epoch_end(2, row)
    assert "left" not in capsys.readouterr().out


def test_a_long_epoch_says_something_from_time_to_time(capsys, monkeypatch):
    monkeypatch.setattr(progress, "QUIET_SECONDS", -1.0)
    line = ProgressLine(epochs=1, last_step=30, step=20)
    line.on_epoch_begin(0)
    line.on_train_batch_end(25)
    assert capsys.readouterr().out.startswith("  step 25/30 of epoch 1  ")


def test_the_metrics_of_success_come_first():
    row = {"val_kl": 1.0, "loss": 2.0, "modes": 7, "val_bits_per_dim": 3.0, "class_histogram": [1], "generator_loss": 4}
    assert list(main_metrics(row)) == ["modes", "val_bits_per_dim", "loss", "generator_loss"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.9, "9.9 s"), (45, "45 s"), (119, "119 s"), (720, "12 min"), (12_000, "3 h 20 min")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def entry(bits, baseline=2.0):
    return LikelihoodEntry(
        split="test",
        epoch=3,
        estimator="exact",
        samples=1,
        examples=10,
        seed=0,
        log_prob_nats=-1.0,
        log_prob_nats_standard_error=0.1,
        bits_per_dim=bits,
        bits_per_dim_standard_error=0.1,
        levels=256,
        dimensions=4,
        pixel_marginal_bits_per_dim=baseline,
        seconds=1.0,
    )


def test_a_model_worse_than_independent_pixels_gets_a_warning_with_what_to_try():
    config = run_config("vae", epochs=3)
    assert warning_about(config, entry(1.9)) is None
    warning = warning_about(config, entry(2.1))
    assert "worse than independent pixels (2.1000 against 2.0000 bits/dim)" in warning
    assert "--epochs 6" in warning
    assert "--preset auto" in warning
    assert "--preset auto" not in warning_about(run_config("vae", "auto", data="./x"), entry(2.1))
    assert warning_about(config, entry(2.1, None)) is None
    # Gaussian noise hides the exact level of a pixel, so that every such flow needs more bits.
    transformers = {"transformers": 1, "couplings": (0,), "checkerboard": 0}
    assert warning_about(run_config("flow", dequantization="gaussian", **transformers), entry(2.1)) is None
    assert warning_about(run_config("flow", dequantization="uniform", **transformers), entry(2.1)) is not None
