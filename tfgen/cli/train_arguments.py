"""The command line of the training, generated from the options of `tfgen.config`."""

import argparse
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from tfgen.cli.arguments import DEFAULT, Parser
from tfgen.config.arguments import TrainArguments
from tfgen.config.auto import has_rules, options_of_rules
from tfgen.config.auto_facts import DEFAULT_MINUTES
from tfgen.config.data import DataConfig, is_point_data
from tfgen.config.families import AUTO, FAMILIES, find_preset
from tfgen.config.machine import MachineConfig
from tfgen.config.migration import RENAMED_OPTIONS, current_preset
from tfgen.config.option import Option
from tfgen.config.phase import CHANGEABLE
from tfgen.config.preset import Preset
from tfgen.config.presets import default_preset, run_config
from tfgen.config.run import RunConfig
from tfgen.config.schema import Options
from tfgen.config.train import TrainConfig
from tfgen.errors import ConfigError

__all__ = ["TrainArguments", "build_parser", "parse"]

_DESCRIPTION = (
    "Train a generative model. A run is a folder with the configuration, metrics, curves, samples, checkpoints and the "
    "best weights. A preset sets all options; further flags change single options. Without a preset, the options "
    "follow from the data (preset auto), or are those of the preset quick for digits and points."
)
_METAVARS = {int: "N", float: "X", str: "NAME"}


def parse(argv: Sequence[str] | None = None) -> TrainArguments:
    """Read the command line. On a mistake, print one sentence on standard error and exit with status 2.

    Args:
        argv: the arguments without the name of the program; None for those of this process.
    """
    prog = "train.py" if Path(sys.argv[0]).name == "train.py" else "tfgen train"
    words = list(sys.argv[1:] if argv is None else argv)
    words = _with_current_names(words, _first_pass(words, prog).model)
    first = _first_pass(words, prog)
    parser = build_parser(first, prog)
    given = vars(parser.parse_args(words))
    model = given.pop("model")
    preset = given.pop("preset") or default_preset(given.get("data"), given.get("init_from"))
    main = {name: given.pop(name) for name in ("out", "run", "resume", "dry_run", "minutes", "accept_changed_data")}
    if main["minutes"] is not None and (main["resume"] is not None or "epochs" in given):
        other = "--resume" if main["resume"] is not None else "--epochs"
        parser.error(f"expected --minutes or {other}. Received: both")
    try:
        machine = {name: given.pop(name) for name in MachineConfig.option_names() if name in given}
        main["machine"] = MachineConfig.from_dict(machine)
        if main["resume"] is None and model is not None:
            return TrainArguments(run_config(model, preset, **given), given, **main)
        TrainConfig.from_dict({name: value for name, value in given.items() if name in CHANGEABLE})
    except ConfigError as error:
        parser.error(str(error))
    if main["resume"] is None:
        parser.error(f"expected --model {', '.join(FAMILIES)} (or --resume RUN). Received: neither")
    if main["run"] is not None:
        parser.error("expected --run or --resume. Received: both")
    if others := sorted(given.keys() - set(CHANGEABLE)):
        flags = ", ".join(map(_flag, others))
        parser.error(
            f"--resume takes all options but {', '.join(map(_flag, CHANGEABLE))} from the run's configuration. "
            f"Received: {flags}"
        )
    return TrainArguments(None, given, **main)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


# -- the words of the command line -------------------------------------------------------------------------------------


def _first_pass(words: Sequence[str], prog: str) -> argparse.Namespace:
    """The arguments that decide which options exist and what their defaults are."""
    parser = Parser(prog, "", add_help=False)
    parser.add_argument("--model")
    for flag in ("--preset", "--arch", "--data", "--init-from"):
        parser.add_argument(flag)
    first = parser.parse_known_args(words)[0]
    first.preset = first.preset or default_preset(first.data, first.init_from)
    return first


def _with_current_names(words: list[str], model: str | None) -> list[str]:
    """The command line with the present names in place of those of version 0.1, each with a warning."""
    flags = {old.replace("_", "-"): new.replace("_", "-") for old, new in RENAMED_OPTIONS.items()}
    current: list[str] = []
    for word in words:
        flag, equals, value = word.partition("=")
        for start in ("--", "--no-"):
            old = flag.removeprefix(start)
            if flag.startswith(start) and model == "flow" and old in flags:
                _warn(flag, start + flags[old])
                flag = start + flags[old]
        if current and current[-1] == "--preset":
            flag = _current_preset(model, flag)
        elif flag == "--preset" and equals:
            value = _current_preset(model, value)
        current.append(flag + equals + value)
    return current


def _current_preset(model: str | None, preset: str) -> str:
    name = current_preset(model or "", preset)
    if name != preset:
        _warn(f"the preset {preset}", name)
    return name


def _warn(old: str, new: str) -> None:
    print(f"warning: {old} is now {new}; the old name will be removed", file=sys.stderr)


# -- the parser --------------------------------------------------------------------------------------------------------


def build_parser(first: argparse.Namespace | None = None, prog: str = "tfgen train") -> Parser:
    """The parser of the training.

    Args:
        first: values of `model`, `preset`, `arch` and `data`, which decide which options the parser has and which
            defaults it shows. Without a model it has the options that all families share.
        prog: the command as the user types it.
    """
    model = first.model if first is not None and first.model in FAMILIES else None
    parser = Parser(prog, _DESCRIPTION, usage="%(prog)s --model NAME [--preset NAME] [OPTIONS]")
    _add_main_options(parser, model)
    if first is not None and model is not None:
        start = _starting_point(model, first)
        chosen = options_of_rules(model) if has_rules(start) else frozenset()
        _add_section(parser, _title(model, start), start.architecture, chosen)
        _add_section(parser, "data", start.data)
        _add_section(parser, "training", start.train, chosen)
        parser.epilog = _presets_text({model: FAMILIES[model].presets})
    else:
        _add_section(parser, "data (a preset may have other defaults)", DataConfig())
        _add_section(parser, "training (a preset may have other defaults)", TrainConfig())
        presets = {name: family.presets for name, family in FAMILIES.items()}
        parser.epilog = f"The options of a model: {prog} --model NAME --help\n\n{_presets_text(presets)}"
    _add_section(parser, "machine (a resumed run may use other devices)", MachineConfig())
    return parser


def _starting_point(model: str, first: argparse.Namespace) -> RunConfig:
    """The configuration whose options and defaults the help shows."""
    options = {name: getattr(first, name, None) for name in ("arch", "data", "init_from")}
    try:
        return run_config(model, first.preset, **{name: value for name, value in options.items() if value})
    except ConfigError:
        # The parser reports the mistake.
        return run_config(model)


def _title(model: str, start: RunConfig) -> str:
    """The heading of the options of a family."""
    family = FAMILIES[model]
    kind = " of points" if is_point_data(start.data.data) else " of images"
    return f"{family.title}{kind if family.point_config else ''} (defaults of the preset {start.preset})"


def _add_main_options(parser: Parser, model: str | None) -> None:
    group = parser.add_argument_group("main")
    group.add_argument("--model", choices=list(FAMILIES), help="Family of the model. Each family has its own options.")
    group.add_argument(
        "--preset",
        choices=[AUTO, *FAMILIES[model].presets] if model else None,
        metavar=None if model else "NAME",
        help="Named set of options to start from; see the list below [default: quick for digits and points, auto for "
        "all other data].",
    )
    group.add_argument(
        "--minutes",
        type=_minutes,
        metavar="N",
        help="Plan the number of epochs for a training of N minutes, from the measured time of some steps [more than "
        f"0; default: {DEFAULT_MINUTES:g} with the preset auto, else the preset's number of epochs].",
    )
    group.add_argument(
        "--out", metavar="DIR", default="runs", help=f"Folder in which a new run gets a numbered folder {DEFAULT}."
    )
    group.add_argument(
        "--run",
        metavar="RUN",
        help="Run folder. Created if it does not exist; otherwise training resumes from it [default: a new numbered "
        "folder in --out].",
    )
    group.add_argument(
        "--resume",
        metavar="RUN",
        help="Folder of an existing run, whose training continues from the last checkpoint with the run's own options. "
        "With --epochs, training continues to that epoch; with --learning-rate, --batch-size or another option of the "
        "training, as a new phase with these options.",
    )
    group.add_argument(
        "--accept-changed-data",
        action="store_true",
        help="Resume although the data have changed since the training began.",
    )
    group.add_argument("--dry-run", action="store_true", help="Print a summary of the training and train nothing.")


def _add_section(parser: Parser, title: str, section: Options, chosen: Set[str] = frozenset()) -> None:
    """Add the options of a section. The rules of the preset auto choose the options named in `chosen`."""
    group = parser.add_argument_group(title)
    for option in section.options().values():
        default = "chosen from the data" if option.name in chosen else _shown(option, getattr(section, option.name))
        help_text = _help_text(option, default)
        settings: dict[str, Any] = {"dest": option.name, "default": argparse.SUPPRESS, "help": help_text}
        if option.kind is bool:
            group.add_argument(option.flag, action=_YesOrNo, **settings)
            continue
        if option.choices:
            settings["choices"] = option.choices
        else:
            settings["metavar"] = option.metavar or _METAVARS[option.kind]
        group.add_argument(option.flag, type=_converter(option.kind), nargs="+" if option.is_list else None, **settings)


class _YesOrNo(argparse.BooleanOptionalAction):
    """A pair of flags, --name and --no-name, whose help text is used as it is."""

    def __init__(self, option_strings, dest, default, help):
        super().__init__(option_strings, dest, default=default)
        # Python 3.11 appends the default value to the help text.
        self.help = help


def _minutes(text: str) -> float:
    """An argparse type: a finite number of minutes, more than 0."""
    value = _converter(float)(text)
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a finite number of minutes, more than 0. Received: {text!r}")
    return value


def _converter(kind: type) -> Callable[[str], Any]:
    """An argparse type that reads one value of an option."""

    def convert(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected {kind.__name__}. Received: {text!r}") from None

    return convert


def _help_text(option: Option, default: str) -> str:
    """The help of an option: what it sets, its range and its default."""
    parts = [str(option.bounds), f"default: {default}"]
    return f"{option.help} [{'; '.join(part for part in parts if part)}].".replace("%", "%%")


def _shown(option: Option, value: Any) -> str:
    """A default value as help texts show it."""
    if value == option.default and option.default_text:
        return option.default_text
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _presets_text(presets: Mapping[str, Mapping[str, Preset]]) -> str:
    """The presets of families, with the expected result of each."""
    auto = find_preset(next(iter(presets)), AUTO).expected_result
    lines = ["presets and their expected results:", f"  --preset {AUTO}"]
    lines.append(textwrap.indent(textwrap.fill(auto, 104), "      "))
    for model, named in presets.items():
        for name, preset in named.items():
            title = f"  --model {model} --preset {name}"
            data = f" Data: {preset.data['data']}, unless --data names others." if preset.data else ""
            lines += [title, textwrap.indent(textwrap.fill(preset.expected_result + data, 104), "      ")]
    return "\n".join(lines)
