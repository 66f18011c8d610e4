"""The configuration of a run is read back as it was written, and names the entry that is wrong."""

import json

import pytest

from tfgen.config import DataConfig, FlowConfig, PointFlowConfig, RunConfig, TrainConfig, VAEConfig
from tfgen.config.families import FAMILIES, config_class
from tfgen.errors import ConfigError


def run_of(architecture, model, data="digits"):
    return RunConfig(model, "quick", architecture, DataConfig(data=data), TrainConfig())


@pytest.mark.parametrize("data", ["digits", "ring8"])
@pytest.mark.parametrize("model", FAMILIES)
def test_a_run_is_the_same_after_json(model, data):
    run = run_of(config_class(model, points=data == "ring8")(), model, data)
    read = RunConfig.from_dict(json.loads(json.dumps(run.to_dict())))
    assert read == run
    assert type(read.architecture) is type(run.architecture)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 99}, "version: expected 1 to 2. Received: 99"),
        ({"version": True}, "version: expected 1 to 2. Received: True"),
        ({"version": 2.0}, r"version: expected 1 to 2. Received: 2\.0"),
        ({"trian": {}}, r"Expected the entries version, model, .*Received: 'trian'\. Did you mean 'train'"),
        ({"preset": 3}, "preset: expected a name. Received: 3"),
        ({"model": "diffusion"}, "model: expected one of vae, gan, dropout_gan, mad_gan, flow. Received: 'diffusion'"),
        ({"model": "flo"}, "Received: 'flo'. Did you mean 'flow'"),
        ({"model": ["vae"]}, r"model: expected one of vae, gan, dropout_gan, mad_gan, flow. Received: \['vae'\]"),
        ({"architecture": {"betta": 1.0}}, "Did you mean 'beta'"),
        ({"architecture": None}, "VAEConfig: expected a mapping of options. Received: None"),
        ({"data": None}, "DataConfig: expected a mapping of options. Received: None"),
        ({"train": {"epochs": 0}}, "epochs: expected at least 1. Received: 0"),
    ],
)
def test_a_wrong_entry_is_named(change, message):
    with pytest.raises(ConfigError, match=message):
        RunConfig.from_dict(run_of(VAEConfig(), "vae").to_dict() | change)


def test_missing_entries_are_named():
    entries = run_of(VAEConfig(), "vae").to_dict()
    del entries["train"], entries["data"]
    with pytest.raises(ConfigError, match="Expected the entries data, train too"):
        RunConfig.from_dict(entries)
    with pytest.raises(ConfigError, match="Expected a mapping"):
        RunConfig.from_dict([])  # type: ignore[arg-type]


def test_options_replace_fields_in_whichever_section_has_them():
    run = run_of(VAEConfig(), "vae").with_options({"beta": 2, "epochs": 3, "data": "mnist"})
    assert (run.architecture.beta, run.train.epochs, run.data.data) == (2.0, 3, "mnist")
    assert run.architecture.latent_dim == VAEConfig().latent_dim
    with pytest.raises(ConfigError, match="epochs: expected at least 1"):
        run.with_options({"epochs": 0})
    with pytest.raises(ConfigError, match=r"Expected options of a vae: .*Received: 'epoch'\. Did you mean 'epochs'"):
        run.with_options({"epoch": 3})


def test_a_flow_has_other_options_for_points_than_for_images():
    images = run_of(FlowConfig(actnorm=False, width=7), "flow")
    points = images.with_options({"data": "moons", "couplings": 3})
    assert points.architecture == PointFlowConfig(actnorm=False, couplings=3)
    assert points.with_options({"data": "digits"}).architecture == FlowConfig(actnorm=False)
    assert images.with_options({"data": "mnist"}).architecture == images.architecture
    with pytest.raises(ConfigError, match="Received: 'width'"):
        images.with_options({"data": "moons", "width": 8})


def test_replace_changes_a_section():
    run = run_of(VAEConfig(), "vae")
    assert run.replace(data=run.data.replace(data="faces")).data.data == "faces"


def test_the_json_schema_names_every_option():
    schema = json.loads(json.dumps(RunConfig.json_schema()))
    definitions = schema["$defs"]
    assert {"FlowConfig", "PointFlowConfig", "VAEConfig", "DataConfig", "TrainConfig"} <= definitions.keys()
    for kind in (FlowConfig, PointFlowConfig, VAEConfig, DataConfig, TrainConfig):
        properties = definitions[kind.__name__]["properties"]
        assert set(properties) == set(kind.option_names())
        assert all(entry["description"] for entry in properties.values())
    assert definitions["TrainConfig"]["properties"]["learning_rate"]["exclusiveMinimum"] == 0.0
    assert definitions["VAEConfig"]["properties"]["hidden"]["items"]["maximum"] == 65_536
    assert [branch["properties"]["model"]["const"] for branch in schema["oneOf"]] == list(FAMILIES)
