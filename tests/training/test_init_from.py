"""A training starts from the weights of a trained model, or says in a sentence what does not fit."""

import shutil

import numpy as np
import pytest

import tfgen
from tfgen.cli.train import main
from tfgen.config.presets import run_config
from tfgen.errors import ConfigError, RunError
from tfgen.models import build
from tfgen.models.weights import inference_variables
from tfgen.runs.run import Run
from tfgen.training.init_from import load_start

SMALL = "--hidden 8 --latent-dim 2 --train-size 128 --xla off --no-evaluate-test"


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    run = tmp_path_factory.mktemp("start") / "run"
    main(["--model", "vae", *SMALL.split(), "--epochs", "1", "--run", str(run)])
    return Run.open(run)


def weights(model) -> list[np.ndarray]:
    return [variable.numpy() for variable in inference_variables(model).values()]


def test_a_new_model_gets_the_weights_and_their_average(start):
    config = start.config.with_options({"init_from": str(start.path), "ema": 0.9})
    model = build(config, (8, 8, 1), 17)
    assert load_start(model, config).startswith(f"{len(weights(model))} arrays of weights of {start.path}")
    for one, other in zip(weights(model), weights(start.load_model()), strict=True):
        np.testing.assert_array_equal(one, other)
    with model.averaged_weights():
        np.testing.assert_array_equal(weights(model)[0], weights(start.load_model())[0])


@pytest.mark.slow
def test_without_a_preset_the_architecture_is_taken_over_and_the_start_is_recorded(start, tmp_path, monkeypatch):
    monkeypatch.chdir(start.path.parent)
    run = tmp_path / "run"
    line = ["--model", "vae", "--init-from", "run", "--train-size", "128", "--epochs", "1", "--no-evaluate-test"]
    main([*line, "--learning-rate", "1e-9", "--batch-size", "64", "--run", str(run)])
    after = Run.open(run)
    assert after.config.preset == "auto"
    assert after.config.architecture == start.config.architecture
    assert after.config.train.init_from == str(start.path)
    # With almost no learning rate, the samples are those of the start.
    np.testing.assert_allclose(tfgen.load(run).sample(4), start.load_model().sample(4), atol=1e-4)
    # A run that was killed before its first checkpoint starts from the same weights again.
    rows = after.metrics()
    shutil.rmtree(run / "checkpoints")
    (run / "metrics.jsonl").unlink()
    main(["--resume", str(run)])
    assert [row["loss"] for row in after.metrics()] == [row["loss"] for row in rows]


@pytest.mark.parametrize(
    ("options", "shape", "message"),
    [
        ({"hidden": (9,)}, (8, 8, 1), r"expected the architecture of .*Received: hidden \[9\], not \[8\]"),
        ({}, (12, 8, 3), r"expected data of shape 8×8×1, .*Received: 12×8×3. Pass --image-size 8x8 --color grey"),
        ({"conditional": True}, (8, 8, 1), "expected a model without labels, .*Received: --conditional"),
    ],
)
def test_what_does_not_fit_is_named(start, options, shape, message):
    config = start.config.with_options({"init_from": str(start.path), **options})
    with pytest.raises(ConfigError, match=f"--init-from: {message}"):
        load_start(build(config, shape, 17, ("a", "b"), (0.5, 0.5)), config)


def test_other_families_and_missing_runs_are_refused(start, tmp_path):
    config = run_config("gan", init_from=str(start.path), generator_hidden=(8,), discriminator_hidden=(8,))
    with pytest.raises(ConfigError, match=r"--init-from: expected a gan. Received: .*run, a vae"):
        load_start(build(config, (8, 8, 1), 17), config)
    config = config.with_options({"init_from": str(tmp_path / "none")})
    with pytest.raises(RunError, match=r"--init-from: Expected the folder of a run.*does not exist"):
        load_start(build(config, (8, 8, 1), 17), config)


def test_weights_of_another_number_of_classes_are_new(tmp_path, monkeypatch):
    def conditional(classes):
        config = run_config("vae", hidden=(8,), latent_dim=2, conditional=True, init_from="runs/x")
        names = tuple(f"class {index}" for index in range(classes))
        return config, build(config, (8, 8, 1), 17, names, (1.0 / classes,) * classes)

    config, source = conditional(3)
    _, target = conditional(5)
    before = weights(target)

    class Start:
        path, load_model = tmp_path, staticmethod(lambda: source)

    Start.config = config
    monkeypatch.setattr("tfgen.training.init_from.open_start", lambda config: Start)
    assert "that depend on the number of classes, which are new" in load_start(target, config)
    for own, was, given in zip(weights(target), before, weights(source), strict=True):
        np.testing.assert_array_equal(own, given if own.shape == given.shape else was)
