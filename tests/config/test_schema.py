"""Configurations check every value, and say what they expected."""

import copy
import json
import pickle
import subprocess
import sys

import pytest

from tfgen.config import (
    DataConfig,
    DropoutGANConfig,
    FlowConfig,
    GANConfig,
    MachineConfig,
    MADGANConfig,
    PointFlowConfig,
    TrainConfig,
    VAEConfig,
)
from tfgen.errors import ConfigError

CLASSES = [
    VAEConfig,
    GANConfig,
    DropoutGANConfig,
    MADGANConfig,
    FlowConfig,
    PointFlowConfig,
    DataConfig,
    TrainConfig,
    MachineConfig,
]
CHANGED = [
    VAEConfig(arch="conv", hidden=(64, 32), free_bits=0.25, prior="flow"),
    GANConfig(generator_hidden=(16,), loss="minimax"),
    DropoutGANConfig(discriminators=3, loss="hinge", packing=2),
    MADGANConfig(generators=8, own_layers=1, r1=0.5),
    FlowConfig(squeeze=(2,), couplings=(3,), actnorm=False, alpha=0.05),
    PointFlowConfig(couplings=3, hidden=(8,)),
    DataConfig(data="pictures", image_size=16, color="rgb", train_size=5),
    TrainConfig(epochs=3, clip_norm=1.0, schedule="cosine", seed=2**31 - 1),
    MachineConfig(devices=("GPU:0", "GPU:1")),
]


@pytest.mark.parametrize("options", [kind() for kind in CLASSES] + CHANGED, ids=lambda options: type(options).__name__)
def test_options_are_the_same_after_json(options):
    read = type(options).from_dict(json.loads(json.dumps(options.to_dict())))
    assert read == options
    assert hash(read) == hash(options)
    assert all(type(a) is type(b) for a, b in zip(vars(read).values(), vars(options).values(), strict=True))


@pytest.mark.parametrize("options", CHANGED, ids=lambda options: type(options).__name__)
def test_options_can_be_copied_and_pickled(options):
    assert copy.copy(options) == copy.deepcopy(options) == pickle.loads(pickle.dumps(options)) == options


@pytest.mark.parametrize("kind", CLASSES)
def test_every_option_has_a_help_text_and_a_default_within_its_own_bounds(kind):
    kind()
    assert list(kind.options()) == list(kind.option_names())
    for option in kind.options().values():
        assert option.help, option.name
        assert option.help[0].isupper() or ": " in option.help or option.help.startswith("adam"), option.help
        assert option.help[-1] not in ".,;:[", option.help


@pytest.mark.parametrize("kind", CLASSES)
def test_every_number_has_an_upper_bound(kind):
    for option in kind.options().values():
        if option.kind in (int, float) and not option.choices:
            assert option.bounds.high is not None or option.bounds.limit is not None, option.name


def test_an_unknown_option_is_refused_with_the_nearest_name():
    for refused in (lambda: VAEConfig.from_dict({"latent_dims": 3}), lambda: VAEConfig(latent_dims=3)):
        with pytest.raises(
            ConfigError, match=r"VAEConfig: expected .*beta.*Received: 'latent_dims'\. Did you mean 'latent_dim'"
        ):
            refused()


def test_nothing_is_suggested_if_no_name_is_near():
    with pytest.raises(ConfigError) as refused:
        VAEConfig.from_dict({"xyzzy": 3})
    assert "Did you mean" not in str(refused.value)


@pytest.mark.parametrize("values", [None, [], "beta", 3])
def test_only_a_mapping_is_read(values):
    with pytest.raises(ConfigError) as refused:
        VAEConfig.from_dict(values)
    assert str(refused.value) == f"VAEConfig: expected a mapping of options. Received: {values!r}"


@pytest.mark.parametrize(
    ("kind", "option", "value", "message"),
    [
        (VAEConfig, "latent_dim", "3", "latent_dim: expected int. Received: '3'"),
        (VAEConfig, "latent_dim", 3.0, "latent_dim: expected int. Received: 3.0"),
        (VAEConfig, "latent_dim", True, "latent_dim: expected int. Received: True"),
        (VAEConfig, "latent_dim", None, "latent_dim: expected int. Received: None"),
        (VAEConfig, "latent_dim", 0, "latent_dim: expected at least 1. Received: 0"),
        (VAEConfig, "latent_dim", 65_537, "latent_dim: expected at most 65536. Received: 65537"),
        (VAEConfig, "latent_dim", 10**30, f"latent_dim: expected at most 65536. Received: {10**30}"),
        (VAEConfig, "beta", True, "beta: expected float. Received: True"),
        (VAEConfig, "beta", float("nan"), "beta: expected a finite number. Received: nan"),
        (TrainConfig, "learning_rate", float("inf"), "learning_rate: expected a finite number. Received: inf"),
        (TrainConfig, "learning_rate", 0.0, "learning_rate: expected more than 0. Received: 0.0"),
        (TrainConfig, "learning_rate", -1, "learning_rate: expected more than 0. Received: -1"),
        (TrainConfig, "clip_norm", 0, "clip_norm: expected more than 0. Received: 0"),
        (TrainConfig, "epochs", 10**7 + 1, f"epochs: expected at most {10**7}. Received: {10**7 + 1}"),
        (TrainConfig, "warmup", 2**31, f"warmup: expected at most {2**31 - 1}. Received: {2**31}"),
        (TrainConfig, "learning_rate", 1e39, "learning_rate: expected at most 1e+30. Received: 1e+39"),
        (TrainConfig, "learning_rate", 1e-320, "learning_rate: expected at least 1e-30. Received: 1e-320"),
        (TrainConfig, "clip_norm", 1e-60, "clip_norm: expected at least 1e-30. Received: 1e-60"),
        (VAEConfig, "beta", 1e300, "beta: expected at most 1e+30. Received: 1e+300"),
        (FlowConfig, "prior_scale", 1e39, "prior_scale: expected at most 1e+30. Received: 1e+39"),
        (MADGANConfig, "generators", 1000, "generators: expected at most 128. Received: 1000"),
        (VAEConfig, "dropout", 1.0, "dropout: expected 0.0 to 0.95. Received: 1.0"),
        (VAEConfig, "dropout", -0.1, "dropout: expected 0.0 to 0.95. Received: -0.1"),
        (VAEConfig, "hidden", 512, "hidden: expected a list of int. Received: 512"),
        (VAEConfig, "hidden", "512", "hidden: expected a list of int. Received: '512'"),
        (VAEConfig, "hidden", [512, "a"], "hidden: expected int. Received: 'a'"),
        (VAEConfig, "hidden", [512, 0], "hidden: expected at least 1. Received: 0"),
        (VAEConfig, "hidden", [512, 10**6], "hidden: expected at most 65536. Received: 1000000"),
        (VAEConfig, "arch", "resnet", "arch: expected one of mlp, conv, hierarchical. Received: 'resnet'"),
        (
            VAEConfig,
            "arch",
            "con",
            "arch: expected one of mlp, conv, hierarchical. Received: 'con'. Did you mean 'conv'?",
        ),
        (VAEConfig, "arch", 1, "arch: expected one of mlp, conv, hierarchical. Received: 1"),
        (FlowConfig, "actnorm", 1, "actnorm: expected bool. Received: 1"),
        (FlowConfig, "width", 10**4, "width: expected at most 4096. Received: 10000"),
        (DataConfig, "color", "blue", "color: expected one of grey, rgb. Received: 'blue'"),
        (DataConfig, "image_size", 2, "image_size: expected 4 to 1024. Received: 2"),
        (DataConfig, "data", 3, "data: expected str. Received: 3"),
        (TrainConfig, "seed", 2**31, f"seed: expected 0 to {2**31 - 1}. Received: {2**31}"),
        (TrainConfig, "clip_norm", "1", "clip_norm: expected float. Received: '1'"),
        (MachineConfig, "devices", [0], "devices: expected str. Received: 0"),
    ],
)
def test_a_bad_value_is_refused_by_name_with_what_was_expected_and_received(kind, option, value, message):
    for refused in (
        lambda: kind(**{option: value}),
        lambda: kind.from_dict({option: value}),
        lambda: kind().replace(**{option: value}),
    ):
        with pytest.raises(ConfigError) as error:
            refused()
        assert str(error.value) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"squeeze": (2,)}, r"squeeze, couplings: expected one number a level in each\. Received: \(2,\) and \(4, 4\)"),
        ({"squeeze": (), "couplings": ()}, "squeeze, couplings: expected one number a level"),
        ({"group_size": (2,)}, "squeeze, group_size: expected one number a level in each, or none in the second"),
        ({"checkerboard": 0, "couplings": (0, 0)}, r"checkerboard, .*: expected at least one coupling\. Received: 0"),
    ],
)
def test_the_levels_of_a_flow_have_to_agree(options, message):
    with pytest.raises(ConfigError, match=message):
        FlowConfig(**options)


def test_a_prior_flow_needs_two_dimensions():
    VAEConfig(latent_dim=1)
    with pytest.raises(
        ConfigError, match=r"latent_dim: expected at least 2 dimensions with a prior flow.* Received: 1"
    ):
        VAEConfig(latent_dim=1, prior="flow")


def test_lists_become_tuples_and_integers_become_floats():
    vae = VAEConfig(hidden=[512, 256], beta=2)  # type: ignore[arg-type]
    assert vae.hidden == (512, 256)
    assert isinstance(vae.hidden, tuple)
    assert vae.beta == 2.0
    assert isinstance(vae.beta, float)
    assert isinstance(TrainConfig(clip_norm=1).clip_norm, float)


def test_an_option_is_described_with_its_type_choices_and_bounds():
    color, size = DataConfig.options()["color"], DataConfig.options()["train_size"]
    hidden, rate = VAEConfig.options()["hidden"], TrainConfig.options()["learning_rate"]
    assert (color.kind, color.is_list, color.is_optional, color.choices) == (str, False, True, ("grey", "rgb"))
    assert (size.kind, size.is_list, size.is_optional, size.choices) == (int, False, True, None)
    assert (hidden.kind, hidden.is_list, hidden.is_optional) == (int, True, False)
    assert [str(option.bounds) for option in (color, size, hidden, rate)] == [
        "",
        "at least 1",
        "at least 1",
        "more than 0",
    ]
    assert rate.flag == "--learning-rate"
    assert DataConfig(color=None, image_size=None).color is None
    assert DataConfig(color="grey").color == "grey"


def test_options_cannot_be_changed():
    with pytest.raises(AttributeError, match=r"VAEConfig cannot be changed\. Use replace\(beta=…\)"):
        VAEConfig().beta = 2.0  # type: ignore[misc]
    with pytest.raises(AttributeError, match="cannot be changed"):
        del VAEConfig().beta
    assert VAEConfig().replace(beta=2.0) == VAEConfig(beta=2.0)


def test_the_configuration_needs_neither_tensorflow_nor_numpy():
    code = "import sys, tfgen.config; sys.exit('tensorflow' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
