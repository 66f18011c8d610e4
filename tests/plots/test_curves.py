"""Training curves."""

import os

import numpy as np
import pytest
from matplotlib.figure import Figure

from tfgen.errors import DataError
from tfgen.plots import curves
from tfgen.plots.curves import draw_curves, limits, quantities, save_curves

ROWS = [
    {
        "epoch": epoch,
        "step": 10 * epoch,
        "seconds": 1.5,
        "images_per_second": 1000.0,
        "best": True,
        "loss": 3.0 / epoch,
        "bits_per_dim": 1.0 / epoch,
        "val_loss": 3.5 / epoch,
        "val_bits_per_dim": 1.2 / epoch,
    }
    for epoch in range(1, 21)
]


@pytest.fixture
def figure(monkeypatch) -> list[Figure]:
    """The figures that the test has saved."""
    saved: list[Figure] = []
    save = curves.style.save

    def keep(drawn, path):
        saved.append(drawn)
        save(drawn, path)

    monkeypatch.setattr(curves.style, "save", keep)
    return saved


def lines_of(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def test_each_quantity_has_a_panel_with_training_and_validation(figure, tmp_path):
    save_curves(ROWS, tmp_path / "curves.png")
    loss, bits = figure[0].axes
    assert [axes.get_title(loc="left") for axes in (loss, bits)] == ["loss", "bits per dimension (lower is better)"]
    lines = lines_of(bits)
    assert list(lines) == ["training 0.05", "validation 0.06"]
    np.testing.assert_allclose(lines["validation 0.06"].get_xdata(), range(1, 21))
    np.testing.assert_allclose(lines["validation 0.06"].get_ydata(), [1.2 / epoch for epoch in range(1, 21)])
    assert os.listdir(tmp_path) == ["curves.png"]
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_single_panel_equals_the_panel_among_the_others():
    assert quantities(ROWS) == ["loss", "bits_per_dim"]
    (alone,) = draw_curves(ROWS, {"bits_per_dim": 0.25}, only=["bits_per_dim"]).axes
    among = draw_curves(ROWS, {"bits_per_dim": 0.25}).axes[1]
    assert alone.get_title(loc="left") == among.get_title(loc="left") == "bits per dimension (lower is better)"
    assert list(lines_of(alone)) == list(lines_of(among))
    with pytest.raises(DataError, match="nothing to draw"):
        draw_curves(ROWS, only=["kl"])


def test_the_legend_of_a_quantity_of_samples_says_samples(figure, tmp_path):
    rows = [{"epoch": epoch, "modes": 8 - epoch % 2, "class_histogram": [1, 2, 3]} for epoch in range(1, 5)]
    save_curves(rows, tmp_path / "curves.png")
    (axes,) = figure[0].axes
    assert axes.get_title(loc="left") == "modes covered (higher is better)"
    assert list(lines_of(axes)) == ["samples 8"]


def test_the_axis_of_a_constant_count_has_whole_numbers(figure, tmp_path):
    save_curves([{"epoch": epoch, "val_active_units": 16.0} for epoch in range(1, 5)], tmp_path / "curves.png")
    (axes,) = figure[0].axes
    low, high = axes.get_ylim()
    assert low <= 15 and high >= 17
    assert all(tick == int(tick) for tick in axes.get_yticks())


def test_tiny_values_have_no_exponent_over_the_title(figure, tmp_path):
    save_curves([{"epoch": epoch, "inversion_error": 4e-7} for epoch in range(1, 5)], tmp_path / "curves.png")
    (axes,) = figure[0].axes
    low, high = axes.get_ylim()
    assert 3.9e-7 < low < 4e-7 < high < 4.1e-7
    assert axes.yaxis.get_offset_text().get_text() == ""


def test_a_baseline_is_a_dashed_line_in_the_panel_of_its_quantity(figure, tmp_path):
    save_curves(ROWS, tmp_path / "curves.png", {"bits_per_dim": 0.25})
    loss, bits = figure[0].axes
    assert list(lines_of(bits))[2] == "baseline (independent pixels) 0.25"
    assert lines_of(bits)["baseline (independent pixels) 0.25"].is_dashed()
    assert len(loss.get_lines()) == 2


def test_a_baseline_outside_of_the_panel_is_in_the_legend(figure, tmp_path):
    save_curves(ROWS, tmp_path / "curves.png", {"bits_per_dim": 50.0})
    bits = figure[0].axes[1]
    assert "baseline (independent pixels) 50 ↑" in lines_of(bits)
    assert bits.get_ylim()[1] < 2


def test_gaps_and_missing_validation_are_drawn_as_gaps(figure, tmp_path):
    rows = [
        {"epoch": 1, "loss": 2.0, "val_loss": 2.5},
        {"epoch": 2, "loss": float("nan")},
        {"epoch": 3, "loss": None},
        {"epoch": 4, "loss": np.float32(1.0), "val_loss": float("inf")},
    ]
    save_curves(rows, tmp_path / "curves.png")
    training, validation = figure[0].axes[0].get_lines()
    np.testing.assert_array_equal(training.get_ydata(), [2.0, np.nan, np.nan, 1.0])
    np.testing.assert_array_equal(validation.get_xdata(), [1, 4])


def test_one_epoch_is_enough(figure, tmp_path):
    save_curves(ROWS[:1], tmp_path / "curves.png")
    assert figure[0].axes[0].get_lines()[0].get_marker() == "o"


@pytest.mark.parametrize(
    "rows", [[], [{"epoch": 1, "seconds": 2.0, "best": True}], [{"epoch": 1, "loss": float("nan")}]]
)
def test_a_history_without_finite_values_is_refused(rows, tmp_path):
    with pytest.raises(DataError, match="nothing to draw"):
        save_curves(rows, tmp_path / "curves.png")
    assert not os.listdir(tmp_path)


def test_the_limits_ignore_the_first_epoch_and_an_outlier():
    values = np.concatenate([[100.0], np.linspace(2.0, 1.0, 99)])
    values[50] = 1e6
    low, high = limits([values])
    assert 0.8 < low < 1.0
    assert 2.0 < high < 3.0


def test_the_limits_contain_all_later_values_of_a_smooth_curve():
    values = np.linspace(2.0, 1.0, 30)
    low, high = limits([values, values + 0.5])
    assert low < 1.0
    assert high > values[2] + 0.5


def test_a_near_baseline_widens_the_panel_and_a_far_one_does_not():
    values = np.linspace(2.0, 1.0, 30)
    assert limits([values], 2.5)[1] > 2.5
    assert limits([values], 25.0) == limits([values])


def test_the_limits_of_a_constant_curve_differ():
    low, high = limits([np.zeros(10)])
    assert low < 0 < high
    low, high = limits([np.full(10, 1e3)])
    assert low < 1e3 < high
