"""Images are ranked by their likelihood, and the commands outliers and interpolate draw real images."""

import numpy as np
import pytest
from PIL import Image

from tfgen import pretrained
from tfgen.cli import interpolate, outliers
from tfgen.data import load
from tfgen.errors import UndefinedError
from tfgen.evaluation.outliers import rank_by_likelihood
from tfgen.plots.ranking import draw_ranking


def refusal(command, capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as stop:
        command.main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    return next(line for line in capsys.readouterr().err.splitlines() if line.startswith("error: "))


def test_images_are_ranked_by_their_likelihood(tiny_models, digits):
    model = tiny_models("vae-mixture")
    images = digits[:40].copy()
    images[7] = np.random.default_rng(0).integers(0, 17, images[7].shape)  # noise among digits
    bits, order = rank_by_likelihood(model, images, samples=4, seed=3)
    assert sorted(order) == [*range(40)]
    assert (np.diff(bits[order]) <= 0).all()
    assert order[0] == 7
    np.testing.assert_allclose(bits, model.bits_per_dim(images, samples=4, seed=3).bits_per_dim, rtol=1e-4)


@pytest.mark.parametrize("name", ["gan", "points"])
def test_a_model_without_likelihood_or_of_points_is_refused(tiny_models, tiny_data, name):
    with pytest.raises(UndefinedError):
        rank_by_likelihood(tiny_models(name), tiny_data[name])


@pytest.mark.parametrize(("shape", "count"), [((5, 8, 8, 1), 24), ((30, 6, 6, 3), 13)])
def test_the_picture_shows_both_ends_of_the_order(shape, count):
    images = np.random.default_rng(0).integers(0, 17, shape).astype(np.uint8)
    bits = np.linspace(1.0, 2.0, len(images))
    drawn = draw_ranking(images, 17, bits, np.argsort(-bits), count)
    shown = [axes.get_title().split("\n") for axes in drawn.axes if axes.get_images()]
    kept = min(count, len(images))
    last = len(images) - 1
    assert [int(number) for _, number in shown] == [*range(last, last - kept, -1), *range(kept)]
    assert shown[0][0] == "2.00" and shown[kept][0] == "1.00"


@pytest.mark.slow
def test_the_command_draws_a_pretrained_model_s_ranking(tmp_path, capsys):
    outliers.main(["digits-flow", "--first", "30", "--n", "5", "--out", str(tmp_path / "o.png")])
    said = capsys.readouterr().out
    bits, order = rank_by_likelihood(pretrained_model(), load("digits").test.examples[:30])
    assert f"number {order[0]} ({bits[order[0]]:.3f} bits/dim) is the least likely" in said
    with Image.open(tmp_path / "o.png") as picture:
        assert picture.width > 1000
    assert "no tractable likelihood" in refusal(outliers, capsys, "digits-gan", "--out", tmp_path / "x.png")


@pytest.mark.parametrize(
    ("name", "tolerance"), [("digits-flow", 1e-3), pytest.param("digits-gan", 0.2, marks=pytest.mark.slow)]
)
def test_a_row_leads_from_one_real_image_to_another(name, tolerance, tmp_path, capsys, monkeypatch):
    path, rows = tmp_path / "i.png", []
    monkeypatch.setattr(
        "tfgen.plots.interpolation.save_interpolation", lambda images, path: rows.append(images.numpy())
    )
    interpolate.main([name, "--real", "--pairs", "2", "--seed", "3", "--out", str(path)])
    assert "the first row from test image 3" in capsys.readouterr().out
    # A flow decodes an encoded image to the image itself, so the ends are the test images. The latents of a GAN are
    # searched, and give similar images.
    ends = rows[0][:, [0, -1]].reshape(4, 8, 8, 1)
    errors = np.sqrt(np.mean((ends - load("digits").test.examples[3:7] / 16.0) ** 2, axis=(1, 2, 3)))
    assert errors.max() < tolerance
    assert np.abs(rows[0][:, 3] - ends[::2]).max() > 0.3
    assert "two of the 300 test images for each row" in refusal(
        interpolate, capsys, "digits-flow", "--real", "--seed", 299, "--out", path
    )


def pretrained_model():
    from tfgen.runs.run import Run

    assert "digits-flow" in pretrained.names()
    return Run.open("digits-flow").load_model()
