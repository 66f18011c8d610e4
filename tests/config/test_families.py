"""One registry names the parts of every family."""

import subprocess
import sys

import pytest

import tfgen
from tfgen.config import FlowConfig, GANConfig, PointFlowConfig
from tfgen.config.data import POINT_DATA
from tfgen.config.families import FAMILIES, config_class, find_family, model_class
from tfgen.data import POINT_NAMES
from tfgen.errors import ConfigError
from tfgen.models import family


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_has_a_model_that_the_package_exports(name):
    assert family(name) is model_class(name) is getattr(tfgen, FAMILIES[name].model_class)
    assert FAMILIES[name].presets
    assert FAMILIES[name].title


def test_every_public_name_of_the_package_exists():
    assert {"VAE", "GAN", "DropoutGAN", "MADGAN", "Flow", "load", "load_data", "show", "Run"} == set(tfgen.__all__)
    assert all(getattr(tfgen, name) for name in tfgen.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Vae'"):
        _ = tfgen.Vae


def test_only_the_flow_has_other_options_for_points():
    assert config_class("flow") is FlowConfig
    assert config_class("flow", points=True) is PointFlowConfig
    assert config_class("gan", points=True) is config_class("gan") is GANConfig


def test_an_unknown_family_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match=r"model: expected one of .*Received: 'vea'\. Did you mean 'vae'"):
        find_family("vea")


def test_the_names_of_point_data_are_those_of_the_data_package():
    assert POINT_DATA == POINT_NAMES


def test_the_registry_needs_no_tensorflow():
    code = "import sys, tfgen, tfgen.config.families, tfgen.models; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
