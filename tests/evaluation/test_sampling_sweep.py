"""Sweeps of the settings of sampling."""

import json

import pytest

from tfgen import data
from tfgen.cli.evaluate import main as evaluate_main
from tfgen.errors import UndefinedError
from tfgen.evaluation import samples
from tfgen.evaluation.find_classifier import classifier_for
from tfgen.evaluation.quality import evaluate_quality
from tfgen.evaluation.sampling_sweep import SweepPoint, save_sweep, summary, sweep_quality
from tfgen.models.flow import Flow
from tfgen.models.gan import GAN
from tfgen.plots.sampling_sweep import draw_sweep
from tfgen.runs.run import Run

FLOW = {"width": 8, "checkerboard": 0, "squeeze": (1,), "couplings": (0,), "transformers": 1, "heads": 2, "patch": 4}


@pytest.mark.slow
def test_each_point_is_the_quality_of_samples_at_that_setting(monkeypatch):
    monkeypatch.setattr("tfgen.evaluation.sampling_sweep.VALUES", {"temperature": (0.5, 1.0), "guidance": (0.0, 2.0)})
    dataset = data.load("digits")
    classifier = classifier_for("digits", dataset.event_shape, dataset.levels)
    flow = Flow((8, 8, 1), 17, seed=1, dequantization="gaussian", noise=0.2, **FLOW)
    points = sweep_quality(flow, dataset, classifier, ["temperature", "guidance"], count=40)
    assert [(point.parameter, point.value, point.denoised) for point in points] == [
        (parameter, value, denoised)
        for parameter, values in (("temperature", (0.5, 1.0)), ("guidance", (0.0, 2.0)))
        for value in values
        for denoised in (False, True)
    ]
    with flow.decoding(denoise=False):
        raw = evaluate_quality(flow, dataset, classifier, count=40, temperature=0.5)
    assert points[0].frechet == raw.frechet_classifier_distance != points[1].frechet
    # The setting of the model comes back after the sweep.
    assert flow.denoise and flow.guidance == 0.0


def test_models_without_a_setting_are_refused_before_anything_is_measured():
    dataset = data.load("digits")
    classifier = classifier_for("digits", dataset.event_shape, dataset.levels)
    gan = GAN((8, 8, 1), 17, latent_dim=4, generator_hidden=(8,), discriminator_hidden=(8,))
    with pytest.raises(UndefinedError, match="expected a flow with --transformers"):
        sweep_quality(gan, dataset, classifier, ["guidance"], count=40)
    with pytest.raises(UndefinedError, match="Received: a GAN"), samples.decoding(gan, None, True):
        pass
    with samples.decoding(gan, None, None):
        pass


def test_the_result_is_written_as_a_table_and_a_figure(tmp_path):
    class WritableRun:
        path, by_name = tmp_path, False

    points = [
        SweepPoint("temperature", value, denoised, 100, 3.0 - value, 0.5, 0.4, 0.3)
        for value in (0.5, 1.0)
        for denoised in (False, True)
    ]
    save_sweep(WritableRun(), points)
    assert json.loads((tmp_path / "sampling_sweep.json").read_text())[2] == {
        "parameter": "temperature",
        "value": 1.0,
        "denoised": False,
        "samples": 100,
        "frechet": 2.0,
        "precision": 0.5,
        "recall": 0.4,
        "coverage": 0.3,
    }
    assert (tmp_path / "sampling_sweep.png").read_bytes().startswith(b"\x89PNG")
    assert summary(points[1]).startswith("temperature 0.5, noise removed: Fréchet distance 2.500")


def test_nothing_is_written_into_the_folder_of_a_pretrained_model(monkeypatch, capsys):
    monkeypatch.setattr("tfgen.evaluation.sampling_sweep.VALUES", {"temperature": (1.0,)})
    folder = Run.open("digits-gan").path
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    evaluate_main(["digits-gan", "--only", "quality", "--sweep", "temperature", "--n", "20"])
    output = capsys.readouterr().out
    assert "temperature 1: Fréchet distance" in output and "not recorded: digits-gan" in output
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_the_axes_of_shares_reach_from_0_to_1():
    settings = [("temperature", 0.5), ("temperature", 1.0), ("guidance", 0.0)]
    shares = {"precision": 0.9, "recall": 0.4, "coverage": 0.97}
    points = [
        {"parameter": name, "value": value, "denoised": denoised, "samples": 100, "frechet": 3.0, **shares}
        for name, value in settings
        for denoised in (False, True)
    ]
    panels = draw_sweep(points).axes
    assert [panel.get_xlabel() for panel in panels] == ["temperature", "guidance"] * 4
    titles = [panel.get_title(loc="left") for panel in panels[::2]]
    assert [title.split(",")[0] for title in titles] == ["Fréchet distance", "precision", "recall", "coverage"]
    assert all(panel.get_ylim()[0] == 0.0 for panel in panels)
    assert [panel.get_ylim() for panel in panels[2:]] == [(0.0, 1.0)] * 6
