"""The command line of the training is generated from the configuration, and mistakes get one sentence."""

import argparse
import re
import subprocess
import sys

import pytest

from tfgen.cli.train_arguments import build_parser, parse
from tfgen.config import MachineConfig, PointFlowConfig, run_config
from tfgen.config.families import FAMILIES


def parsed(text: str):
    return parse(text.split())


def refusal(text: str, capsys) -> str:
    with pytest.raises(SystemExit) as stopped:
        parsed(text)
    assert stopped.value.code == 2
    return capsys.readouterr().err


def help_of(text: str, capsys) -> str:
    """The help in one line, without the breaks of its layout."""
    with pytest.raises(SystemExit) as stopped:
        parsed(text)
    assert stopped.value.code == 0
    return " ".join(capsys.readouterr().out.split())


def test_flags_override_the_preset():
    config = parsed("--model vae --preset tutorial --epochs 3 --hidden 64 32 --learning-rate 0.01").config
    assert config.train.epochs == 3
    assert config.architecture.hidden == (64, 32)
    assert config.train.learning_rate == 0.01
    assert config.data.train_size == 45_000  # the preset's own


def test_a_preset_may_depend_on_the_architecture():
    assert parsed("--model vae --preset tutorial").config.architecture.activation == "relu"
    assert parsed("--model vae --preset tutorial --arch conv").config.architecture.activation == "gelu"
    assert parsed("--model vae --preset tutorial --arch conv --activation elu").config.architecture.activation == "elu"


def test_quick_on_digits_is_the_default():
    for model in FAMILIES:
        config = parsed(f"--model {model}").config
        assert (config.preset, config.data.data) == ("quick", "digits")


def test_a_flow_of_points_has_its_own_options(capsys):
    config = parsed("--model flow --data moons --couplings 3 --hidden 8 8").config
    assert config.architecture == PointFlowConfig(couplings=3, hidden=(8, 8))
    points = help_of("--model flow --data=moons --help", capsys)
    assert "normalizing flow of points" in points
    assert "--hidden" in points
    assert "--squeeze" not in points


def test_help_lists_only_the_options_of_the_family(capsys):
    flow, vae = help_of("--model flow --help", capsys), help_of("--model vae --help", capsys)
    assert "--couplings" in flow
    assert "--couplings" not in vae.replace("--prior-couplings", "")
    assert "--kl-warmup" in vae
    assert "--kl-warmup" not in flow
    assert FAMILIES["flow"].presets["tutorial"].expected_result[:40] in flow
    assert "--epochs N Number of epochs; after each epoch the model is validated [at least 1; default: 40]." in help_of(
        "--model flow --preset tutorial --help", capsys
    )


def test_help_without_a_model_lists_data_options_and_all_presets(capsys):
    text = help_of("--help", capsys)
    assert "--data-dir" in text
    assert "--learning-rate" in text
    for model, family in FAMILIES.items():
        for name, preset in family.presets.items():
            assert f"--model {model} --preset {name} {preset.expected_result}" in text


@pytest.mark.parametrize("line", ["--help", *(f"--model {model} --help" for model in FAMILIES)])
def test_every_help_text_is_a_sentence_with_one_default(line, capsys):
    text = help_of(line, capsys)
    assert "[]" not in text
    assert not re.search(r"default: ?[\];]", text)
    assert not re.search(r"\[default[^\]]*\][^.]*\(default", text)
    parser = build_parser(None if line == "--help" else parser_values(line.split()[1]))
    for action in parser._actions:
        if action.dest != "help":
            assert action.help[0].isupper() or ": " in action.help or action.help.startswith("adam"), action.help
            assert action.help.endswith("."), action.help
            assert action.help.count("default:") <= 1, action.help


def parser_values(model):
    return argparse.Namespace(model=model, preset="quick", arch=None, data=None)


def test_help_states_the_unit_the_range_and_the_default(capsys):
    text = help_of("--model flow --help", capsys)
    assert (
        "Maximum number of pixels of a block generated in parallel, one value per level [at least 1; default: 1 per "
        "level]." in text
    )
    assert (
        "--dropout X Dropout rate inside the gated residual blocks, during training [0.0 to 0.9; default: 0.0]." in text
    )


def test_booleans_have_both_forms():
    assert parsed("--model flow --no-actnorm").config.architecture.actnorm is False
    assert parsed("--model flow --preset tutorial --actnorm").config.architecture.actnorm is True


def test_machine_options_are_no_part_of_the_run():
    arguments = parsed("--model vae --devices GPU:0 GPU:1 --checkpoint-seconds 5")
    assert arguments.machine == MachineConfig(devices=("GPU:0", "GPU:1"), checkpoint_seconds=5.0)
    assert arguments.config == run_config("vae")


def test_resume_takes_options_of_the_training():
    arguments = parsed("--resume runs/x --epochs 5 --learning-rate 1e-4 --accept-changed-data")
    assert (arguments.config, arguments.resume) == (None, "runs/x")
    assert arguments.given == {"epochs": 5, "learning_rate": 1e-4}
    assert arguments.accept_changed_data


def test_other_data_than_digits_and_points_get_the_preset_auto():
    for model in FAMILIES:
        arguments = parsed(f"--model {model} --data ./pictures --epochs 3")
        assert arguments.config.preset == "auto"
        assert arguments.given == {"data": "./pictures", "epochs": 3}
    assert parsed("--model flow --data moons").config.preset == "quick"
    assert parsed("--model vae --init-from runs/x").config.preset == "auto"
    assert parsed("--model vae --preset tutorial --data ./pictures").config.data.train_size is None


def test_the_preset_auto_has_the_recipe_of_quick_for_digits_and_points():
    for model, data in [*((model, "digits") for model in FAMILIES), ("flow", "moons"), ("gan", "rings")]:
        auto = parsed(f"--model {model} --preset auto --data {data}").config
        assert auto.replace(preset="quick") == run_config(model, "quick", data=data)


def test_help_says_which_options_are_chosen_from_the_data(capsys):
    text = help_of("--model gan --data pictures --help", capsys)
    assert "default: chosen from the data" in text
    assert "defaults of the preset auto" in text
    assert "default: chosen from the data" not in help_of("--model gan --help", capsys)


def test_minutes_are_a_number():
    assert parsed("--model vae --data ./pictures --minutes 2.5").minutes == 2.5
    assert parsed("--model vae").minutes is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "--model vae, gan, dropout_gan, mad_gan, flow (or --resume RUN)"),
        ("--model diffusion", "--model: expected one of vae, gan, dropout_gan, mad_gan, flow. Received: 'diffusion'"),
        ("--model flwo", "Received: 'flwo'. Did you mean 'flow'?"),
        ("--model", "--model: expected one argument"),
        ("--model vae --couplings 3", "Received: '--couplings'. Did you mean '--prior-couplings'?"),
        ("--model vae --epoch 3", "Received: '--epoch'. Did you mean '--epochs'?"),
        ("--model vae --epoch=3", "Received: '--epoch=3'. Did you mean '--epochs'?"),
        ("--model vae stray", "Expected no further argument. Received: 'stray'"),
        ("--model vae --epochs 0", "epochs: expected at least 1. Received: 0"),
        ("--model vae --epochs many", "--epochs: expected int. Received: 'many'"),
        ("--model vae --learning-rate -1", "learning_rate: expected more than 0. Received: -1.0"),
        ("--model vae --learning-rate nan", "learning_rate: expected a finite number"),
        ("--model vae --latent-dim 1000000000", "latent_dim: expected at most 65536"),
        ("--model gan --generator-dropout 1.5", "expected 0.0 to 0.95"),
        ("--model vae --arch con", "Received: 'con'. Did you mean 'conv'?"),
        (
            "--model vae --preset glow",
            "--preset: expected one of auto, quick, tutorial, convolutional, manifold",
        ),
        ("--model vae --preset quik", "Received: 'quik'. Did you mean 'quick'?"),
        ("--model vae --dry-run=yes", "--dry-run: expected no value. Received: 'yes'"),
        ("--model flow --no-actnorm=1", "expected no value. Received: '1'"),
        ("--model vae --hidden=--", "--hidden: expected a value. Received: '--'"),
        ("--model vae --hidden", "--hidden: expected at least one argument"),
        ("--model flow --squeeze 2 2", "squeeze, couplings: expected one number a level in each"),
        ("--model flow --data moons --squeeze 2", "Received: '--squeeze'"),
        ("--model vae --virtual-cpus 0", "virtual_cpus: expected 1 to 64. Received: 0"),
        ("--resume runs/x --batch-size 0", "batch_size: expected at least 1. Received: 0"),
        ("--resume runs/x --minutes 3", "expected --minutes or --resume. Received: both"),
        ("--model vae --epochs 3 --minutes 3", "expected --minutes or --epochs. Received: both"),
        ("--model vae --minutes 0", "expected a finite number of minutes, more than 0. Received: '0'"),
        ("--model vae --minutes soon", "--minutes: expected float. Received: 'soon'"),
        ("--resume runs/x --epochs 0", "epochs: expected at least 1. Received: 0"),
        ("--resume runs/x --run runs/y", "expected --run or --resume. Received: both"),
        ("--model vae --resume runs/x --latent-dim 3", "--resume takes all options but --epochs"),
    ],
)
def test_mistakes_are_explained_in_one_sentence(line, message, capsys):
    error = refusal(line, capsys)
    assert message in error
    assert error.startswith("error: ")
    assert len(error.splitlines()) == 2
    assert "usage" not in error
    assert "pydantic" not in error


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("--model flow --wavefront", "--model flow --autoregressive"),
        ("--model flow --no-wavefront", "--model flow --no-autoregressive"),
        ("--model flow --sweeps=2 --at-once 3", "--model flow --multiscale-passes 2 --group-size 3"),
        ("--model flow --data moons --point-couplings 4", "--model flow --data moons --couplings 4"),
        ("--model flow --preset best", "--model flow --preset autoregressive"),
        ("--preset=practical --model=vae", "--model vae --preset tutorial"),
        ("--model gan --preset better", "--model gan --preset dcgan"),
    ],
)
def test_old_names_work_with_a_warning(old, new, capsys):
    arguments = parsed(old)
    warnings = capsys.readouterr().err.splitlines()
    assert warnings
    assert all(re.fullmatch(r"warning: .* is now .*; the old name will be removed", line) for line in warnings)
    assert arguments == parsed(new)
    assert not capsys.readouterr().err


def test_present_names_give_no_warning(capsys):
    parsed("--model flow --preset multiscale --multiscale-passes 2")
    assert not capsys.readouterr().err


def test_help_and_mistakes_answer_without_tensorflow():
    program = (
        "import sys; sys.argv = ['train.py', '--model', 'flow', '--help']\n"
        "import contextlib\n"
        "from tfgen.cli.train import main\n"
        "with contextlib.suppress(SystemExit): main()\n"
        "assert 'tensorflow' not in sys.modules and 'numpy' not in sys.modules, 'imported'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)


def test_clusters_take_the_place_of_labels(capsys):
    config = parsed("--model gan --data pictures --conditional --clusters 7").config
    assert (config.data.conditional, config.data.clusters) == (True, 7)
    assert "clusters: expected --conditional beside it" in refusal("--model gan --clusters 7", capsys)
    both = "--model gan --data pictures --conditional --clusters 7 --labels a.csv"
    assert "labels, clusters: expected one of them. Received: a.csv and 7" in refusal(both, capsys)
    assert "clusters" in refusal("--model gan --conditional --clusters 1", capsys)
