"""Any command line gives a result or one sentence, and never a traceback. The lines are generated from the options."""

import argparse
import importlib
import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfgen.cli import train_arguments
from tfgen.cli.main import main, modules
from tfgen.config import RunConfig
from tfgen.config.families import FAMILIES

COMMANDS = sorted(modules())
#: Commands whose first argument is a run or an exported model. A missing one ends them before anything is computed.
ON_A_RUN = ("encode", "evaluate", "export", "interpolate", "outliers", "sample", "score", "compare", "serve", "web")
NAMES = ["nowhere", "mnist-gna", ".", "/dev/null", "~nosuch/run", "a" * 300, "data [set]*?", "ü/é", "x.keras", "-1"]
TEXTS = [*NAMES, "", "--", "=", "a\0b", "\ud800", "\udcff", "a\nb", "%s", "None", "{}", "x.png/", "/dev/full.png"]
NUMBERS = ["0", "-1", "1", "2", "0.5", "-0.0", "1e39", "1e-320", "nan", "-inf", "1e400", str(2**31), str(10**20), "1_0"]
VALUES = st.one_of(st.sampled_from(TEXTS + NUMBERS), st.text(max_size=8), st.integers().map(str), st.floats().map(str))
LIMITS = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def parser_of(command: str, model: str | None = None):
    if model is not None:
        first = argparse.Namespace(model=model, preset="quick", arch=None, data=None, init_from=None)
        return train_arguments.build_parser(first)
    return importlib.import_module(modules()[command]).build_parser()


@st.composite
def options_of(draw, parser) -> list[str]:
    """Some options of a parser with values of any kind, some of them misspelt."""
    words: list[str] = []
    actions = [action for action in parser._actions if action.option_strings and action.dest != "help"]
    for action in draw(st.lists(st.sampled_from(actions), max_size=3)) if actions else ():
        flag = draw(st.sampled_from(action.option_strings))
        if draw(st.integers(0, 9)) == 0:
            flag = flag[:-1]
        known = [str(choice) for choice in action.choices or ()]
        value = draw(st.sampled_from(known) if known and draw(st.booleans()) else VALUES)
        if action.nargs == 0:
            words += [flag] if draw(st.integers(0, 4)) else [f"{flag}={value}"]
        else:
            words += [f"{flag}={value}"] if draw(st.booleans()) else [flag, value]
    return words


def outcome(function, *arguments) -> tuple[object, str]:
    """(exit status, or 0 after a return; standard error). Any exception but SystemExit fails the test."""
    out, error = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(error):
        try:
            function(*arguments)
        except SystemExit as stop:
            return stop.code, error.getvalue()
    return 0, error.getvalue()


def assert_one_sentence(status: object, message: str) -> None:
    assert status in (0, 2)
    lines = [line for line in message.splitlines() if not line.startswith("warning: ")]
    if status == 2:
        assert message.count("error: ") == 1 and lines[0].startswith("error: ")
        assert len(lines[0]) > len("error: ")
    assert "Traceback" not in message and "usage:" not in message


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "train"])
def test_any_options_are_read_or_refused_in_one_sentence(command):
    parser = parser_of(command)

    @LIMITS
    @given(st.data())
    def check(data):
        words = data.draw(st.lists(st.sampled_from(NAMES + TEXTS), max_size=2)) + data.draw(options_of(parser))
        assert_one_sentence(*outcome(parser.parse_args, words))

    check()


@pytest.mark.parametrize("model", FAMILIES)
def test_any_options_of_a_training_give_a_configuration_that_is_stored_or_one_sentence(model):
    parser = parser_of("train", model)

    @LIMITS
    @given(options_of(parser))
    def check(words):
        found = []
        status, message = outcome(lambda: found.append(train_arguments.parse(["--model", model, *words])))
        assert_one_sentence(status, message)
        if found and found[0].config is not None:
            stored = json.loads(json.dumps(found[0].config.to_dict(), allow_nan=False))
            assert RunConfig.from_dict(stored) == found[0].config

    check()


@pytest.mark.parametrize("command", ON_A_RUN)
def test_any_name_of_a_run_that_is_none_is_refused_in_one_sentence(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.keras").write_text("no archive")
    parser = parser_of(command)
    required = ["--to", "saved_model"] if command == "export" else []
    pictures = ["nothing"] if command in ("encode", "score") else []

    @LIMITS
    @given(st.sampled_from(TEXTS), options_of(parser))
    def check(name, words):
        status, message = outcome(main, [command, name, *pictures, *required, *words])
        assert_one_sentence(status, message)
        assert status == 2

    check()


def test_any_first_word_is_a_command_or_one_sentence():
    @LIMITS
    @given(VALUES)
    def check(word):
        if word not in COMMANDS:
            assert_one_sentence(*outcome(main, [word]))

    check()
