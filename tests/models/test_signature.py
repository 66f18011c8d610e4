"""Model classes show every hyperparameter of their configuration in their signature."""

import inspect

import pytest

import tfgen
from tfgen.config import FlowConfig, PointFlowConfig
from tfgen.config.families import FAMILIES


@pytest.mark.parametrize("name", FAMILIES)
def test_a_signature_has_every_option_with_its_type_and_default(name):
    family = FAMILIES[name]
    parameters = inspect.signature(getattr(tfgen, family.model_class)).parameters
    own = ["event_shape", "levels", "classes", "class_frequencies", "ema", "seed", "name"]
    assert list(parameters)[: len(own)] == own
    kinds = [kind for kind in (family.config, family.point_config) if kind is not None]
    assert set(parameters) == {*own, *(option for kind in kinds for option in kind.option_names())}
    for option in family.config.options().values():
        parameter = parameters[option.name]
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.default == option.default
        assert parameter.annotation is not inspect.Parameter.empty
    # `help` shows the type of the values, and not the bounds.
    assert "Annotated" not in str(inspect.signature(getattr(tfgen, family.model_class)))


def test_a_flow_has_the_options_of_images_and_of_points():
    parameters = inspect.signature(tfgen.Flow).parameters
    assert parameters["width"].default == FlowConfig().width
    assert parameters["hidden"].default == PointFlowConfig().hidden
    assert parameters["couplings"].default == FlowConfig().couplings
