"""What a run's folder shows of its training, damaged or whole."""

import json

import numpy as np
import pytest
from PIL import Image

from tfgen.app import training_history as course
from tfgen.config.presets import run_config
from tfgen.errors import RunError
from tfgen.runs.run import Run


@pytest.fixture
def run(tmp_path):
    """Twelve epochs of twenty, with pictures of 0, 1, 2, 5 and 10."""
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


def test_pictures_are_those_of_the_epoch_or_the_last_before_it(run):
    (run.path / "samples" / "epoch-0003.png.part").write_text("")
    assert course.epochs(run) == course.epochs(run, pixels=True) == [0, 1, 2, 5, 10]
    for asked, made in ((0, 0), (2, 2), (4, 2), (5, 5), (9, 5), (10, 10), (99, 10), (None, 10)):
        picture, epoch = course.samples(run, asked)
        assert (level(picture), epoch) == (made, made)
        assert level(course.samples(run, asked, pixels=True)[0]) == 100 + made


def test_what_cannot_be_shown_is_a_sentence(run):
    file = run.path / "samples" / "epoch-0010.png"
    file.write_bytes(file.read_bytes()[:45])
    with pytest.raises(RunError, match=r"picture in samples/epoch-0010\.png of the run digits-vae-1"):
        course.samples(run, 10)
    file.write_text("not a picture")
    with pytest.raises(RunError, match="picture"):
        course.samples(run, 10)
    for picture in (run.path / "samples").iterdir():
        picture.unlink()
    with pytest.raises(RunError, match="none yet"):
        course.samples(run)


def test_a_packed_model_has_its_last_pictures():
    run = Run.open("digits-vae")
    picture, epoch = course.samples(run, 3)
    assert epoch == 80
    assert min(picture.size) > 300
    assert course.epochs(run) == []
    known = course.facts(run)
    assert known["state"] == "finished"
    assert known["numbers"] > 100_000


def test_every_quantity_is_a_panel_drawn_anew_when_the_numbers_change(run):
    ((title, panel),) = course.curves(run)
    assert title == "loss"
    assert course.curves(run)[0][1] is panel
    before = course.stamp(run)
    run.add_metrics({"epoch": 13, "step": 13, "loss": 0.2, "kl": 1.0})
    assert course.stamp(run) != before
    assert [title for title, _ in course.curves(run)] == ["loss", "KL divergence [nats]"]
    assert course.curves(run)[0][1] is not panel


def test_facts_say_what_is_not_as_in_the_preset_and_the_best_epoch(run):
    known = course.facts(run)
    assert (known["epochs"], known["planned"], known["state"], known["best_epoch"]) == (12, 20, "unfinished", 8)
    assert known["seconds"] == pytest.approx(6.0)
    assert known["other_options"] == {"latent_dim": [2, 16], "epochs": [20, 80]}
    table = course.summary(run)
    assert "| Epochs | 12 of 20 |" in table
    assert "epochs `20` instead of `80`" in table
    assert "`python train.py --model vae --preset quick --latent-dim 2 --epochs 20`" in table
    run.divergence_file.write_text("{}")
    assert "12 of 20; then a loss ceased to be finite" in course.summary(run)


def test_what_was_measured_stands_in_the_table_and_its_yardstick_in_the_curves(run, monkeypatch):
    from tfgen.plots import curves

    drawn = []
    draw = curves.draw_curves
    monkeypatch.setattr(curves, "draw_curves", lambda *given: drawn.append(given[1]) or draw(*given))
    entry = {"split": "test", "estimator": "ELBO", "examples": 300, "levels": 17, "log_prob_nats": -90.0}
    entry |= {"bits_per_dim": 2.0, "bits_per_dim_standard_error": 0.01, "pixel_marginal_bits_per_dim": 2.4381}
    (run.path / "evaluation.json").write_text(json.dumps({"likelihood": ["damaged", {"split": "test"}, entry]}))
    assert "test 2.0000 ± 0.0100 bits/dim" in course.summary(run)
    course.curves(run)
    assert drawn == [{"bits_per_dim": 2.4381}]


def test_text_of_a_configuration_is_no_markup_in_the_table(tmp_path):
    config = run_config("vae", data="<img src=x>|*_a_*")
    table = course.summary(Run.create_at(tmp_path / "run", config))
    assert r"| Data | &lt;img src=x&gt;\|\*\_a\_\* |" in table


def test_numbers_that_are_cut_short_or_damaged_end_the_course(run):
    with open(run.path / "metrics.jsonl", "a") as file:
        file.write('{"no": "epoch"}\n{"epoch": 14}\n')
    assert course.facts(run)["epochs"] == 12
    (run.path / "metrics.jsonl").write_bytes(b"\xff\xfe\x00")
    assert course.facts(run)["epochs"] == 0
    assert course.curves(run) == []
    assert course.latest(run) == ""


def test_the_latest_numbers_are_a_table(run):
    run.add_metrics({"epoch": 12, "step": 12, "kl": 2.0})
    run.add_metrics({"epoch": 13, "step": 12, "loss": 0.25, "val_loss": 1 / 3})  # without what is measured now and then
    assert course.latest(run) == "| | training | validation |\n|---|---|---|\n| loss | 0.25 | 0.3333 |"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0, "0.0 s"), (9.4, "9.4 s"), (41.7, "42 s"), (100, "2 min"), (3599, "1 h 00 min"), (7500, "2 h 05 min")],
)
def test_a_span_of_time_is_said_as_one_says_it(seconds, said):
    assert course.duration(seconds) == said
