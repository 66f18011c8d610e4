"""`tfgen COMMAND`: the list of commands, their help texts, and answers to mistakes."""

import argparse
import importlib
import re
import subprocess
import sys

import pytest

import tfgen
from tfgen.cli.arguments import DeprecatedOption, Parser
from tfgen.cli.main import OLD_NAMES, build_parser, help_text, main, modules
from tfgen.config.families import FAMILIES

NAMES = sorted(modules())


def parsers() -> dict[str, Parser]:
    found = {f"tfgen {name}": importlib.import_module(modules()[name]).build_parser() for name in NAMES}
    train = importlib.import_module("tfgen.cli.train").build_parser
    for family in FAMILIES:
        chosen = argparse.Namespace(model=family, preset="quick", arch=None, data=None)
        found[f"tfgen train --model {family}"] = train(chosen)
    return found


def refusal(arguments, capsys) -> str:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_help_lists_every_command_under_a_heading(capsys):
    main(["--help"])
    text = capsys.readouterr().out
    assert text == help_text() + "\n"
    for name in NAMES:
        assert re.search(rf"^  {name} +[A-Z].*\.$", text, re.MULTILINE), name


def test_version_is_that_of_the_package(capsys):
    main(["--version"])
    assert capsys.readouterr().out == f"tfgen {tfgen.__version__}\n"


@pytest.mark.parametrize("line", ["--help", "--version", "models --help", "sample --help", "train --model flow --help"])
def test_help_imports_no_heavy_package(line):
    program = (
        "import sys, contextlib\nfrom tfgen.cli.main import main\n"
        f"with contextlib.suppress(SystemExit): main({line.split()!r})\n"
        "heavy = {'tensorflow', 'keras', 'numpy', 'matplotlib', 'gradio', 'PIL', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def test_an_unknown_command_is_answered_with_the_nearest_one(capsys):
    said = refusal(["smaple"], capsys)
    assert "Received: 'smaple'" in said and "Did you mean 'sample'?" in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sample", "digits-gan", "--sed", "3"], ["Received: '--sed'", "Did you mean '--seed'?"]),
        (["evaluate", "digits-gan", "--only", "qualty"], ["--only: expected one of", "Did you mean 'quality'?"]),
        (["sample", "digits-gan", "--seed=--"], ["--seed: expected a value"]),
        (["sample", "digits-gan", "--pixels=1"], ["--pixels: expected no value. Received: '1'"]),
        (["sample", "digits-gan", "extra"], ["Expected no further argument. Received: 'extra'"]),
        (["sample", "digits-gan", "--n", "many"], ["--n: expected an integer from 1 to 1000000. Received: 'many'"]),
        (["train", "--model", "vea"], ["Did you mean 'vae'?"]),
        (["train", "--model", "vae", "--epoch", "3"], ["Received: '--epoch'", "Did you mean '--epochs'?"]),
    ],
)
def test_a_mistake_is_one_sentence_and_not_the_usage(arguments, words, capsys):
    said = refusal(arguments, capsys)
    for word in words:
        assert word in said
    assert "usage:" not in said and said.count("\n") <= 2


@pytest.mark.parametrize("old", OLD_NAMES)
def test_old_names_of_commands_work_with_a_warning(old, capsys):
    with pytest.raises(SystemExit) as stop:
        main([old, "--help"])
    assert stop.value.code == 0
    assert f"tfgen {old} is now tfgen {OLD_NAMES[old]}" in capsys.readouterr().err


def test_every_help_text_is_a_sentence_with_at_most_one_default():
    for command, parser in parsers().items():
        for action in parser._actions:
            if action.help is argparse.SUPPRESS or isinstance(action, argparse._HelpAction | DeprecatedOption):
                continue
            place = f"{command} {'/'.join(action.option_strings) or action.dest}: {action.help}"
            assert action.help, place
            text = re.sub(r"\s*\[default:.*?\]\.?$", ".", action.help)
            assert text[0].isupper() or text[0].isdigit(), place
            assert text.rstrip().endswith("."), place
            assert action.help.count("[default") <= 1, place
            assert "[]" not in parser._get_formatter()._expand_help(action), place


def test_options_that_mean_the_same_are_spelled_the_same():
    spelled = {option for parser in parsers().values() for option in parser._option_string_actions}
    for wrong in (
        "--number",
        "--num",
        "--output",
        "--random-seed",
        "--temp",
        "--data-folder",
        "--budget",
        "--bed",
        "--count",
    ):
        visible = [
            parser.prog
            for parser in parsers().values()
            if wrong in parser._option_string_actions
            and not isinstance(parser._option_string_actions[wrong], DeprecatedOption)
        ]
        assert not visible, (wrong, visible)
    assert {"--n", "--seed", "--temperature", "--out", "--data-dir"} <= spelled


def test_completion_knows_commands_and_the_options_of_the_named_one():
    parser = build_parser("sample")
    (commands,) = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    assert set(commands.choices) == set(NAMES)
    assert "--temperature" in commands.choices["sample"]._option_string_actions
