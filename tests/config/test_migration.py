"""Configurations of version 1 are read, with the same meaning."""

import pytest

from tfgen.config import FlowConfig, PointFlowConfig, RunConfig, VAEConfig, run_config
from tfgen.config.migration import VERSION, migrate_hyperparameters
from tfgen.errors import ConfigError

#: All options of a flow, as version 1 wrote them.
FLOW_1 = {
    "dequantization": "variational",
    "alpha": 1e-4,
    "checkerboard": 0,
    "squeeze": [4],
    "couplings": [0],
    "sweeps": 2,
    "at_once": [3],
    "wavefront": True,
    "bins": 8,
    "width": 12,
    "blocks": 1,
    "dropout": 0.1,
    "hidden": [16],
    "point_couplings": 3,
    "activation": "gelu",
    "actnorm": False,
    "invertible_1x1": True,
    "prior_scale": 0.3,
}
IMAGES = FlowConfig(
    dequantization="variational",
    alpha=1e-4,
    checkerboard=0,
    squeeze=(4,),
    couplings=(0,),
    multiscale_passes=2,
    group_size=(3,),
    autoregressive=True,
    bins=8,
    width=12,
    blocks=1,
    dropout=0.1,
    activation="gelu",
    actnorm=False,
    prior_scale=0.3,
)
POINTS = PointFlowConfig(hidden=(16,), couplings=3, activation="gelu", actnorm=False, prior_scale=0.3)


def run_1(model, preset, architecture, data="digits"):
    return {
        "version": 1,
        "model": model,
        "preset": preset,
        "architecture": architecture,
        "data": {"data": data},
        "train": {},
    }


def test_a_run_of_images_keeps_the_options_of_images():
    run = RunConfig.from_dict(run_1("flow", "best", FLOW_1, "mnist"))
    assert run.architecture == IMAGES
    assert run.preset == "autoregressive"
    assert run.to_dict()["version"] == VERSION == 2


def test_a_run_of_points_keeps_the_options_of_points():
    run = RunConfig.from_dict(run_1("flow", "practical", FLOW_1, "rings"))
    assert run.architecture == POINTS
    assert run.preset == "tutorial"


def test_early_runs_lack_options_that_came_later():
    early = {name: FLOW_1[name] for name in ("alpha", "squeeze", "couplings", "checkerboard", "hidden")}
    run = RunConfig.from_dict(run_1("flow", "quick", early | {"couplings": [2]}))
    assert run.architecture == FlowConfig(alpha=1e-4, squeeze=(4,), couplings=(2,), checkerboard=0)
    assert RunConfig.from_dict(run_1("flow", "quick", early, "moons")).architecture == PointFlowConfig(hidden=(16,))


def test_other_families_had_the_same_options():
    run = RunConfig.from_dict(run_1("vae", "better", {"beta": 2.0, "hidden": [8]}))
    assert run.architecture == VAEConfig(beta=2.0, hidden=(8,))
    assert run.preset == "convolutional"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"architecture": None}, "FlowConfig: expected a mapping"),
        ({"data": None}, "DataConfig: expected a mapping"),
        ({"model": None}, "model: expected one of"),
        ({"architecture": {"wavefront": 1}}, "autoregressive: expected bool. Received: 1"),
        ({"architecture": {"wavefront": True, "autoregressive": True}}, "autoregressive: expected once"),
        ({"architecture": {"wavefrontt": True}}, "FlowConfig: expected options among"),
    ],
)
def test_errors_in_version_1_are_refused_by_name(change, message):
    with pytest.raises(ConfigError, match=message):
        RunConfig.from_dict(run_1("flow", "quick", FLOW_1) | change)


def test_version_2_has_no_old_names():
    entries = run_config("flow").to_dict()
    entries["architecture"]["wavefront"] = True
    with pytest.raises(ConfigError, match="Received: 'wavefront'"):
        RunConfig.from_dict(entries)


def test_hyperparameters_of_a_saved_model_get_their_present_names():
    saved = {"event_shape": [8, 8, 1], "levels": 17, "name": "flow", **FLOW_1}
    migrated = migrate_hyperparameters("flow", saved)
    # Options that version 1 did not have get their defaults.
    options = {name: migrated.pop(name) for name in FlowConfig.option_names() if name in migrated}
    assert FlowConfig.from_dict(options) == IMAGES
    assert migrated == {"event_shape": [8, 8, 1], "levels": 17, "name": "flow"}
    assert PointFlowConfig.from_dict(migrate_hyperparameters("flow", FLOW_1, points=True)) == POINTS


def test_present_hyperparameters_stay_as_they_are():
    for family, options, points in (("flow", IMAGES, False), ("flow", POINTS, True), ("vae", VAEConfig(), False)):
        assert migrate_hyperparameters(family, options.to_dict(), points) == options.to_dict()
    assert migrate_hyperparameters("flow", {"sweeps": 1}) == {"multiscale_passes": 1}
    assert migrate_hyperparameters("flow", {"point_couplings": 4}, points=True) == {"couplings": 4}
    # A name that no version had is kept, so that the configuration refuses it.
    assert migrate_hyperparameters("flow", {"width": 4}, points=True) == {"width": 4}
