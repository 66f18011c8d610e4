"""The training history read from a run's folder, whole or damaged."""

import json

import numpy as np
import pytest
from PIL import Image

from tfgen.app import training_history
from tfgen.config.presets import run_config
from tfgen.errors import RunError
from tfgen.runs.run import Run


@pytest.fixture
def run(tmp_path):
    """A run with 12 of 20 epochs, and pictures of the epochs 0, 1, 2, 5 and 10."""
    run = Run.create(tmp_path, run_config("vae", epochs=20, latent_dim=2))
    for epoch in range(1, 13):
        run.add_metrics(
            {
                "epoch": epoch,
                "step": epoch,
                "loss": 3.0 / epoch,
                "val_loss": 4.0 / epoch,
                "seconds": 0.5,
                "best": epoch < 9,
            }
        )
    for epoch in (0, 1, 2, 5, 10):
        Image.new("L", (8, 8), epoch).save(run.path / "samples" / f"epoch-{epoch:04d}.png")
        Image.new("L", (8, 8), 100 + epoch).save(run.path / "samples" / f"epoch-{epoch:04d}-pixels.png")
    return run


def level(picture):
    values = np.unique(np.asarray(picture))
    assert len(values) == 1
    return values[0]


def test_the_pictures_are_those_of_the_epoch_or_of_the_last_one_before_it(run):
    (run.path / "samples" / "epoch-0003.png.part").write_text("")
    assert training_history.epochs(run) == training_history.epochs(run, pixels=True) == [0, 1, 2, 5, 10]
    for requested, made in ((0, 0), (2, 2), (4, 2), (5, 5), (9, 5), (10, 10), (99, 10), (None, 10)):
        picture, epoch = training_history.samples(run, requested)
        assert (level(picture), epoch) == (made, made)
        assert level(training_history.samples(run, requested, pixels=True)[0]) == 100 + made


def test_missing_or_damaged_pictures_give_a_message(run):
    file = run.path / "samples" / "epoch-0010.png"
    file.write_bytes(file.read_bytes()[:45])
    with pytest.raises(RunError, match=r"picture in samples/epoch-0010\.png of the run digits-vae-1"):
        training_history.samples(run, 10)
    file.write_text("not a picture")
    with pytest.raises(RunError, match="picture"):
        training_history.samples(run, 10)
    for picture in (run.path / "samples").iterdir():
        picture.unlink()
    with pytest.raises(RunError, match="none yet"):
        training_history.samples(run)


def test_a_packed_model_has_the_pictures_of_its_last_epoch():
    run = Run.open("digits-vae")
    picture, epoch = training_history.samples(run, 3)
    assert epoch == 80
    assert min(picture.size) > 300
    assert training_history.epochs(run) == []
    known = training_history.facts(run)
    assert known["state"] == "finished"
    assert known["numbers"] > 100_000


def test_every_quantity_has_a_curve_that_is_drawn_again_when_the_numbers_change(run):
    ((title, panel),) = training_history.curves(run)
    assert title == "loss"
    assert training_history.curves(run)[0][1] is panel
    before = training_history.stamp(run)
    run.add_metrics({"epoch": 13, "step": 13, "loss": 0.2, "kl": 1.0})
    assert training_history.stamp(run) != before
    assert [title for title, _ in training_history.curves(run)] == ["loss", "KL divergence [nats]"]
    assert training_history.curves(run)[0][1] is not panel


def test_facts_contain_the_best_epoch_and_the_differences_from_the_preset(run):
    known = training_history.facts(run)
    assert (known["epochs"], known["planned"], known["state"], known["best_epoch"]) == (12, 20, "unfinished", 8)
    assert known["seconds"] == pytest.approx(6.0)
    assert known["other_options"] == {"latent_dim": [2, 16], "epochs": [20, 80]}
    table = training_history.summary(run)
    assert "| Epochs | 12 of 20 |" in table
    assert "epochs `20` instead of `80`" in table
    assert "`tfgen train --model vae --preset quick --latent-dim 2 --epochs 20`" in table
    run.divergence_file.write_text("{}")
    assert "12 of 20; then a loss became infinite or NaN" in training_history.summary(run)


def test_measurements_are_in_the_table_and_the_baseline_is_in_the_curves(run, monkeypatch):
    from tfgen.plots import curves

    drawn = []
    draw = curves.draw_curves
    monkeypatch.setattr(curves, "draw_curves", lambda *given: drawn.append(given[1]) or draw(*given))
    entry = {"split": "test", "estimator": "ELBO", "samples": 1, "examples": 300, "levels": 17, "log_prob_nats": -90.0}
    entry |= {"bits_per_dim": 2.0, "bits_per_dim_standard_error": 0.01, "pixel_marginal_bits_per_dim": 2.4381}
    (run.path / "evaluation.json").write_text(json.dumps({"likelihood": ["damaged", {"split": "test"}, entry]}))
    assert "test 2.0000 ± 0.0100 bits/dim" in training_history.summary(run)
    training_history.curves(run)
    assert drawn == [{"bits_per_dim": 2.4381}]


def test_text_of_a_configuration_is_escaped_in_the_table(tmp_path):
    config = run_config("vae", data="<img src=x>|*_a_*")
    table = training_history.summary(Run.create_at(tmp_path / "run", config))
    assert r"| Data | &lt;img src=x&gt;\|\*\_a\_\* |" in table


def test_damaged_metrics_end_the_history(run):
    with open(run.path / "metrics.jsonl", "a") as file:
        file.write('{"no": "epoch"}\n{"epoch": 14}\n')
    assert training_history.facts(run)["epochs"] == 12
    (run.path / "metrics.jsonl").write_bytes(b"\xff\xfe\x00")
    assert training_history.facts(run)["epochs"] == 0
    assert training_history.curves(run) == []
    assert training_history.latest(run) == ""


def test_the_latest_numbers_are_a_table(run):
    run.add_metrics({"epoch": 12, "step": 12, "kl": 2.0})
    run.add_metrics(
        {"epoch": 13, "step": 12, "loss": 0.25, "val_loss": 1 / 3}
    )  # Without a quantity that is not measured after every epoch.
    assert training_history.latest(run) == "| number | training | validation |\n|---|---|---|\n| loss | 0.25 | 0.3333 |"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0.0 s"), (9.4, "9.4 s"), (41.7, "42 s"), (100, "2 min"), (3599, "1 h 00 min"), (7500, "2 h 05 min")],
)
def test_durations_are_formatted_in_suitable_units(seconds, text):
    assert training_history.duration(seconds) == text
