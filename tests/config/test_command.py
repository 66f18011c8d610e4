"""A configuration is written as the command that trains it."""

import shlex

import pytest

from tfgen.cli.train_arguments import parse
from tfgen.config.command import to_command
from tfgen.config.families import FAMILIES
from tfgen.config.presets import run_config

PRESETS = [(model, preset) for model, family in FAMILIES.items() for preset in family.presets]


@pytest.mark.parametrize(("model", "preset"), PRESETS)
@pytest.mark.parametrize("arch", [None, "mlp", "conv"])
def test_the_command_gives_the_configuration(model, preset, arch):
    given = {
        "epochs": 7,
        "data": "./own pictures",
        "color": "grey",
        "clip_norm": 0.1,
        "learning_rate": 1 / 3,
        "evaluate_test": False,
        **({"width": 4, "actnorm": True} if model == "flow" else {"arch": arch} if arch else {}),
    }
    points = {"data": "rings", "hidden": (3, 4), "couplings": 2} if model == "flow" else {"data": "ring8"}
    # Other presets of a flow, and convolutional networks of a GAN, are refused for points.
    takes_points = preset in ("quick", "tutorial") if model == "flow" else preset != "dcgan"
    for options in ({}, given, *([points] if takes_points else [])):
        config = run_config(model, preset, **options)
        line = to_command(config)
        assert line is not None
        assert parse(shlex.split(line)[2:]).config == config
    assert to_command(run_config(model, preset)) == f"tfgen train --model {model} --preset {preset}"


def test_a_value_that_no_flag_expresses_has_no_command():
    assert to_command(run_config("flow", "quick", clip_norm=None)) is None
    assert to_command(run_config("vae", "quick", clip_norm=None)) is not None
