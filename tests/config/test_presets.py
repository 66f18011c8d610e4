"""Presets are valid configurations, and their old names still work."""

import pytest

from tfgen.config import PointFlowConfig
from tfgen.config.command import to_command
from tfgen.config.families import FAMILIES
from tfgen.config.migration import RENAMED_PRESETS
from tfgen.config.presets import preset_config, run_config
from tfgen.config.run import RunConfig
from tfgen.errors import ConfigError

PRESETS = [(model, preset) for model, family in FAMILIES.items() for preset in family.presets]


@pytest.mark.parametrize(("model", "preset"), PRESETS)
def test_every_preset_is_a_valid_configuration(model, preset):
    config = run_config(model, preset)
    assert type(config).from_dict(config.to_dict()) == config
    assert preset_config(config) == config


@pytest.mark.parametrize(("model", "preset"), PRESETS)
def test_every_preset_tells_the_expected_result_in_sentences(model, preset):
    result = FAMILIES[model].presets[preset].expected_result
    assert result[0].isupper() or result[0].isdigit()
    assert result.endswith(".")


def test_a_tutorial_preset_names_its_source():
    for model, preset in PRESETS:
        source = "University of Amsterdam's Deep Learning course 2020, assignment 3"
        assert (source in FAMILIES[model].presets[preset].expected_result) == (preset == "tutorial")


@pytest.mark.parametrize(
    ("model", "old", "new"), [(model, *names) for model in RENAMED_PRESETS for names in RENAMED_PRESETS[model].items()]
)
def test_an_old_name_gives_the_same_preset_with_a_warning(model, old, new):
    with pytest.warns(FutureWarning, match=f"'{old}' of a {model} is now called '{new}'"):
        assert run_config(model, old) == run_config(model, new)


def test_unknown_names_are_refused_with_the_nearest_one():
    with pytest.raises(
        ConfigError, match=r"preset: expected one of auto, quick, .*Received: 'quik'\. Did you mean 'quick'"
    ):
        run_config("vae", "quik")
    with pytest.raises(ConfigError, match="model: expected one of vae"):
        run_config("diffusion")


def test_a_preset_may_depend_on_the_architecture():
    assert run_config("vae", "tutorial").architecture.activation == "relu"
    assert run_config("vae", "tutorial", arch="conv").architecture.activation == "gelu"
    assert run_config("vae", "tutorial", arch="conv", activation="elu").architecture.activation == "elu"


def test_a_preset_for_images_can_be_used_on_points():
    config = run_config("flow", "quick", data="moons", hidden=(8,))
    assert config.architecture == PointFlowConfig(hidden=(8,))
    assert config.train == run_config("flow", "quick").train
    assert preset_config(config).architecture == PointFlowConfig()
    with pytest.raises(ConfigError, match="Received: 'squeeze'"):
        run_config("flow", "quick", data="moons", squeeze=(2,))


@pytest.mark.parametrize("preset", ["glow", "multiscale", "autoregressive", "transformer"])
def test_a_preset_of_a_flow_of_images_is_refused_for_points(preset):
    expected = f"preset: expected quick or tutorial for the points moons. Received: {preset}, of images$"
    with pytest.raises(ConfigError, match=expected):
        run_config("flow", preset, data="moons")


@pytest.mark.parametrize("model", ["gan", "dropout_gan", "mad_gan"])
@pytest.mark.parametrize("arch", ["conv", "dcgan", "residual"])
def test_convolutional_networks_of_a_gan_are_refused_for_points(model, arch):
    with pytest.raises(ConfigError, match=f"arch: expected mlp for the points ring8. Received: {arch}, networks of"):
        run_config(model, "quick", data="ring8", arch=arch)


@pytest.mark.parametrize(("model", "preset", "entry"), [("flow", "glow", {}), ("gan", "quick", {"arch": "dcgan"})])
def test_a_run_that_an_earlier_version_trained_on_points_is_still_described(model, preset, entry):
    values = run_config(model, "quick", data="ring8").to_dict()
    values["preset"] = preset
    values["architecture"].update(entry)
    config = RunConfig.from_dict(values)
    assert preset_config(config).data.data == "ring8"
    assert to_command(config) is None or "ring8" in to_command(config)


def test_a_preset_for_points_keeps_the_shared_options_on_images():
    architecture = run_config("flow", "tutorial", data="digits").architecture
    assert (architecture.activation, architecture.actnorm, architecture.prior_scale) == ("gelu", False, 0.3)
