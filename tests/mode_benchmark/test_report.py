"""The table states the results of the trials, and the figure shows them."""

import json

import numpy as np
import pytest
from PIL import Image

from tfgen.data.toys import RING8
from tfgen.mode_benchmark.figure import report_figure
from tfgen.mode_benchmark.results import MethodResult, TrialResult
from tfgen.mode_benchmark.table import report_markdown
from tfgen.plots import style


def trial(method, seed, modes, **more):
    values = {
        "high_quality": 0.5 + 0.1 * seed,
        "mode_kl": 0.25,
        "samples": 2500,
        "weights": 1000,
        "flops_per_example": 50.0 if method == "gan" else 125.0,
        "seconds": 3.0,
    }
    return TrialResult("ring8", method, seed=seed, steps=400, modes=modes, **{**values, **more})


@pytest.fixture
def results(tmp_path):
    def result(method, trials):
        folders = []
        for one in trials:
            folder = tmp_path / f"{method}-{one.seed}"
            folder.mkdir()
            if not one.diverged:
                np.savez(folder / "samples.npz", samples=RING8.centres.astype(np.float32))
                lines = [{"step": step, "modes": one.modes * step / 400} for step in (200, 400)]
                (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
            folders.append(folder)
        return MethodResult("ring8", method, tuple(trials), tuple(folders))

    return [
        result("gan", [trial("gan", 0, 2), trial("gan", 1, 4)]),
        result("r1", [trial("r1", 0, 0, diverged="loss is nan", mode_kl=None), trial("r1", 1, 8)]),
        result("data", [TrialResult("ring8", "data", modes=8, high_quality=0.989, mode_kl=0.001, samples=2500)]),
    ]


def test_the_table(results):
    text = report_markdown(results)
    assert "400 steps of 128 examples for every model, 2 seeds, 2,500 samples each" in text
    lines = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    assert lines[0] == (
        "| model | modes of 8 | of each seed | samples near a mode | KL to uniform, nats | weights | work a step "
        "| diverged |"
    )
    assert lines[1] == "| GAN | 3.0 ± 1.4 | 2, 4 | 55.0% ± 7.1% | 0.250 ± 0.000 | 1,000 | 1.00 | 0 |"
    # A trial that diverged covers no modes. It has no KL divergence, which the mean leaves out.
    assert lines[2] == "| GAN with R1 | 4.0 ± 5.7 | 0, 8 | 55.0% ± 7.1% | 0.250 | 1,000 | 2.50 | 1 |"
    assert lines[3] == "| the data itself | 8 | | 98.9% | 0.001 | | | 0 |"


def test_a_result_in_json(results):
    found = json.loads(json.dumps(results[0].to_dict()))
    assert found["modes"] == {"mean": 3.0, "standard_deviation": pytest.approx(2**0.5)}
    assert (found["dataset"], found["method"]) == ("ring8", "gan")
    assert [one["seed"] for one in found["trials"]] == [0, 1]
    assert results[0].history("modes") == [[(200, 1.0), (400, 2.0)], [(200, 2.0), (400, 4.0)]]


def test_the_figure(results, tmp_path):
    figure = report_figure(results)
    *panels, history = figure.axes
    assert [axes.get_title(loc="left").split("\n")[0] for axes in panels] == [result.title for result in results]
    gan, r1, all_modes = history.get_lines()
    np.testing.assert_allclose(gan.get_ydata(), [1.5, 3.0])
    np.testing.assert_allclose(r1.get_ydata(), [4.0, 8.0])
    assert set(all_modes.get_ydata()) == {8}
    assert [text.get_text() for text in panels[1].texts] == ["diverged"]
    style.save(figure, tmp_path / "figure.png")
    with Image.open(tmp_path / "figure.png") as picture:
        assert np.asarray(picture).std() > 0
