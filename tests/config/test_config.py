import dataclasses
import json
import subprocess
import sys

import pytest

from tfgen import config
from tfgen.config import (
    DataConfig,
    DropoutGANConfig,
    FlowConfig,
    GANConfig,
    MADGANConfig,
    RunConfig,
    TrainConfig,
    VAEConfig,
)
from tfgen.errors import ConfigError

SECTIONS = [VAEConfig, GANConfig, DropoutGANConfig, MADGANConfig, FlowConfig, DataConfig, TrainConfig]
CHANGED = [
    VAEConfig(arch="conv", hidden=(64, 32), free_bits=0.25, prior="flow"),
    GANConfig(generator_hidden=(16,), loss="minimax"),
    DropoutGANConfig(discriminators=3, loss="hinge", packing=2),
    MADGANConfig(generators=8, own_layers=1, r1=0.5),
    FlowConfig(squeeze=(2,), couplings=(3,), actnorm=False, alpha=0.05),
    DataConfig(data="pictures", image_size=16, color="rgb", train_size=5),
    TrainConfig(epochs=3, clip_norm=1.0, schedule="cosine", seed=2**31 - 1),
]


def run_of(architecture, model):
    return RunConfig(model, "quick", architecture, DataConfig(), TrainConfig())


@pytest.mark.parametrize("section", [kind() for kind in SECTIONS] + CHANGED, ids=lambda section: type(section).__name__)
def test_a_section_is_the_same_after_json(section):
    read = type(section).from_dict(json.loads(json.dumps(section.to_dict())))
    assert read == section
    assert all(type(a) is type(b) for a, b in zip(vars(read).values(), vars(section).values(), strict=True))


@pytest.mark.parametrize(("model", "kind"), config.MODEL_CONFIGS.items())
def test_a_run_is_the_same_after_json(model, kind):
    run = run_of(kind(), model)
    assert RunConfig.from_dict(json.loads(json.dumps(run.to_dict()))) == run


@pytest.mark.parametrize("kind", SECTIONS)
def test_every_option_has_a_help_text_and_a_default_within_its_own_bounds(kind):
    kind()
    for spec in dataclasses.fields(kind):
        assert spec.metadata["help"], spec.name


def test_an_unknown_option_is_refused_with_the_nearest_one():
    with pytest.raises(
        ConfigError, match=r"VAEConfig: expected .*beta.*Received: 'latent_dims'\. Did you mean 'latent_dim'"
    ):
        VAEConfig.from_dict({"latent_dims": 3})


def test_nothing_is_suggested_where_nothing_is_near():
    with pytest.raises(ConfigError) as refused:
        VAEConfig.from_dict({"xyzzy": 3})
    assert "Did you mean" not in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "option", "value", "message"),
    [
        (VAEConfig, "latent_dim", "3", "latent_dim: expected int. Received: '3'"),
        (VAEConfig, "latent_dim", 3.0, "latent_dim: expected int. Received: 3.0"),
        (VAEConfig, "latent_dim", True, "latent_dim: expected int. Received: True"),
        (VAEConfig, "latent_dim", None, "latent_dim: expected int. Received: None"),
        (VAEConfig, "latent_dim", 0, "latent_dim: expected at least 1. Received: 0"),
        (VAEConfig, "beta", True, "beta: expected float. Received: True"),
        (VAEConfig, "beta", float("nan"), "beta: expected a finite number. Received: nan"),
        (TrainConfig, "learning_rate", float("inf"), "learning_rate: expected a finite number. Received: inf"),
        (VAEConfig, "dropout", 1.0, "dropout: expected 0.0 to 0.95. Received: 1.0"),
        (VAEConfig, "dropout", -0.1, "dropout: expected 0.0 to 0.95. Received: -0.1"),
        (VAEConfig, "hidden", 512, "hidden: expected a list of int. Received: 512"),
        (VAEConfig, "hidden", "512", "hidden: expected a list of int. Received: '512'"),
        (VAEConfig, "hidden", [512, "a"], "hidden: expected int. Received: 'a'"),
        (VAEConfig, "hidden", [512, 0], "hidden: expected at least 1. Received: 0"),
        (VAEConfig, "arch", "resnet", "arch: expected one of mlp, conv. Received: 'resnet'"),
        (VAEConfig, "arch", 1, "arch: expected str. Received: 1"),
        (FlowConfig, "actnorm", 1, "actnorm: expected bool. Received: 1"),
        (DataConfig, "color", "blue", "color: expected one of grey, rgb. Received: 'blue'"),
        (DataConfig, "image_size", 2, "image_size: expected 4 to 1024. Received: 2"),
        (TrainConfig, "seed", 2**31, f"seed: expected 0 to {2**31 - 1}. Received: {2**31}"),
        (TrainConfig, "clip_norm", "1", "clip_norm: expected float. Received: '1'"),
    ],
)
def test_a_bad_value_is_refused_by_name_with_what_was_expected_and_received(kind, option, value, message):
    for refused in (lambda: kind(**{option: value}), lambda: kind.from_dict({option: value})):
        with pytest.raises(ConfigError) as error:
            refused()
        assert str(error.value) == message


def test_lists_become_tuples_and_integers_become_floats():
    vae = VAEConfig(hidden=[512, 256], beta=2)  # type: ignore[arg-type]
    assert vae.hidden == (512, 256)
    assert isinstance(vae.hidden, tuple)
    assert vae.beta == 2.0
    assert isinstance(vae.beta, float)
    assert isinstance(TrainConfig(clip_norm=1).clip_norm, float)


def test_an_optional_value_may_be_none_and_keeps_its_choices():
    assert DataConfig(color=None, image_size=None).color is None
    assert DataConfig(color="grey").color == "grey"
    hints = {"color": config.Literal["grey", "rgb"] | None, "size": int | None}
    assert config.choices_of(hints["color"]) == ("grey", "rgb")
    assert config.base_type(hints["color"]) == (str, False, True)
    assert config.base_type(hints["size"]) == (int, False, True)
    assert config.base_type(tuple[int, ...]) == (int, True, False)


def test_a_section_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        VAEConfig().beta = 2.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 99}, "version: expected 1. Received: 99"),
        ({"model": "diffusion"}, "model: expected one of vae, gan, dropout_gan, mad_gan, flow. Received: 'diffusion'"),
        ({"model": ["vae"]}, r"model: expected one of vae, gan, dropout_gan, mad_gan, flow. Received: \['vae'\]"),
        ({"architecture": {"betta": 1.0}}, "Did you mean 'beta'"),
        ({"architecture": None}, "VAEConfig: expected a mapping of options. Received: None"),
        ({"train": {"epochs": 0}}, "epochs: expected at least 1. Received: 0"),
    ],
)
def test_a_runs_bad_entry_is_named(change, message):
    with pytest.raises(ConfigError, match=message):
        RunConfig.from_dict(run_of(VAEConfig(), "vae").to_dict() | change)


def test_a_runs_missing_entries_are_named():
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


def test_the_configuration_needs_no_tensorflow():
    code = "import sys, tfgen.config; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
