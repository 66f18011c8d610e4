"""The command line is generated from the configuration, and mistakes get a sentence."""

import shlex
import subprocess
import sys

import pytest

from tfgen.cli.train_arguments import parse
from tfgen.config.command import to_command
from tfgen.config.presets import PRESETS, run_config


def parsed(text: str):
    return parse(text.split())


def refusal(text: str, capsys) -> str:
    with pytest.raises(SystemExit) as stopped:
        parsed(text)
    assert stopped.value.code == 2
    return capsys.readouterr().err


def help_of(text: str, capsys) -> str:
    with pytest.raises(SystemExit) as stopped:
        parsed(text)
    assert stopped.value.code == 0
    return capsys.readouterr().out


def test_flags_override_the_preset():
    config = parsed("--model vae --preset practical --epochs 3 --hidden 64 32 --learning-rate 0.01").config
    assert config.train.epochs == 3
    assert config.architecture.hidden == (64, 32)
    assert config.train.learning_rate == 0.01
    assert config.data.train_size == 45_000  # the preset's own


def test_a_preset_may_depend_on_the_architecture():
    assert parsed("--model vae --preset practical").config.architecture.activation == "relu"
    assert parsed("--model vae --preset practical --arch conv").config.architecture.activation == "gelu"
    assert parsed("--model vae --preset practical --arch conv --activation elu").config.architecture.activation == "elu"


def test_quick_on_digits_is_the_default():
    for model in PRESETS:
        config = parsed(f"--model {model}").config
        assert (config.preset, config.data.data) == ("quick", "digits")


def test_help_lists_only_what_a_family_understands(capsys):
    flow, vae = help_of("--model flow --help", capsys), help_of("--model vae --help", capsys)
    assert "--couplings" in flow
    assert "--couplings" not in vae.replace("--prior-couplings", "")
    assert "--kl-warmup" in vae
    assert "--kl-warmup" not in flow
    assert PRESETS["flow"]["practical"].see[:40] in flow
    assert "[40]" in help_of("--model flow --preset practical --help", capsys)


def test_booleans_have_both_forms():
    assert parsed("--model flow --no-actnorm").config.architecture.actnorm is False
    assert parsed("--model flow --preset practical --actnorm").config.architecture.actnorm is True


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "--model vae, gan, dropout_gan, mad_gan, flow"),
        ("--model diffusion", "invalid choice: 'diffusion'"),
        ("--model vae --couplings 3", "unrecognized arguments: --couplings"),
        ("--model vae --epochs 0", "epochs: expected at least 1"),
        ("--model vae --epochs many", "invalid int value: 'many'"),
        ("--model vae --learning-rate -1", "learning_rate: expected at least 0"),
        ("--model vae --learning-rate nan", "learning_rate: expected"),
        ("--model gan --generator-dropout 1.5", "expected 0.0 to 0.95"),
        ("--model vae --preset best", "invalid choice: 'best'"),
        ("--resume runs/x --batch-size 3", "batch-size"),
        ("--model vae --resume runs/x --latent-dim 3", "--resume takes everything"),
    ],
)
def test_mistakes_are_explained(line, said, capsys):
    assert said in refusal(line, capsys)


@pytest.mark.parametrize(("model", "preset"), [(m, p) for m, presets in PRESETS.items() for p in presets])
def test_every_preset_is_a_valid_configuration(model, preset):
    config = run_config(model, preset)
    assert type(config).from_dict(config.to_dict()) == config


@pytest.mark.parametrize(("model", "preset"), [(model, name) for model in PRESETS for name in PRESETS[model]])
@pytest.mark.parametrize("arch", [None, "mlp", "conv"])
def test_a_configuration_is_spelled_as_the_command_that_gives_it(model, preset, arch):
    given = {
        "epochs": 7,
        "data": "./own pictures",
        "color": "grey",
        "clip_norm": 0.1,
        "learning_rate": 1 / 3,
        "evaluate_test": False,
        **({"hidden": (3, 4), "actnorm": True} if model == "flow" else {"arch": arch} if arch else {}),
    }
    for options in ({}, given):
        config = run_config(model, preset, **options)
        line = to_command(config)
        assert line is not None
        assert parse(shlex.split(line)[2:]).config == config
    assert to_command(run_config(model, preset)) == f"python train.py --model {model} --preset {preset}"


def test_what_no_option_can_say_has_no_command():
    assert to_command(run_config("flow", "quick", clip_norm=None)) is None
    assert to_command(run_config("vae", "quick", clip_norm=None)) is not None


def test_help_and_mistakes_answer_without_tensorflow():
    program = (
        "import sys; sys.argv = ['train.py', '--model', 'flow', '--help']\n"
        "import contextlib\n"
        "from tfgen.cli.train import main\n"
        "with contextlib.suppress(SystemExit): main()\n"
        "assert 'tensorflow' not in sys.modules and 'numpy' not in sys.modules, 'imported'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)
