"""The command line of the training, generated from the options of `tfgen.config`."""

import argparse
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfgen.cli.arguments import DEFAULT, Parser
from tfgen.config.arguments import TrainArguments
from tfgen.config.data import DataConfig, is_point_data
from tfgen.config.families import FAMILIES
from tfgen.config.machine import MachineConfig
from tfgen.config.migration import RENAMED_OPTIONS, current_preset
from tfgen.config.option import Option
from tfgen.config.preset import Preset
from tfgen.config.presets import run_config
from tfgen.config.run import RunConfig
from tfgen.config.schema import Options
from tfgen.config.train import TrainConfig
from tfgen.errors import ConfigError

__all__ = ["TrainArguments", "build_parser", "parse"]

_DESCRIPTION = (
    "Train a generative model. A run is a folder with the configuration, metrics, curves, samples, checkpoints and the "
    "best weights. A preset sets all options; further flags change single options."
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
    model, preset = given.pop("model"), given.pop("preset")
    main = {name: given.pop(name) for name in ("out", "run", "resume", "dry_run")}
    try:
        machine = {name: given.pop(name) for name in MachineConfig.option_names() if name in given}
        main["machine"] = MachineConfig.from_dict(machine)
        if main["resume"] is None and model is not None:
            return TrainArguments(run_config(model, preset, **given), **main)
        if "epochs" in given:
            TrainConfig(epochs=given["epochs"])
    except ConfigError as error:
        parser.error(str(error))
    if main["resume"] is None:
        parser.error(f"expected --model {', '.join(FAMILIES)} (or --resume RUN). Received: neither")
    if main["run"] is not None:
        parser.error("expected --run or --resume. Received: both")
    if others := sorted(given.keys() - {"epochs"}):
        flags = ", ".join("--" + name.replace("_", "-") for name in others)
        parser.error(f"--resume takes all options but --epochs from the run's configuration. Received: {flags}")
    return TrainArguments(None, **main, epochs=given.get("epochs"))


# -- the words of the command line -------------------------------------------------------------------------------------


def _first_pass(words: Sequence[str], prog: str) -> argparse.Namespace:
    """The arguments that decide which options exist and what their defaults are."""
    parser = Parser(prog, "", add_help=False)
    parser.add_argument("--model")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--arch")
    parser.add_argument("--data")
    return parser.parse_known_args(words)[0]


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
        _add_section(parser, _title(model, start), start.architecture)
        _add_section(parser, "data", start.data)
        _add_section(parser, "training", start.train)
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
    options = {"arch": first.arch} if first.arch else {}
    try:
        start = run_config(model, first.preset)
        if first.data and is_point_data(first.data) != is_point_data(start.data.data):
            options["data"] = first.data
        return run_config(model, first.preset, **options)
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
        choices=list(FAMILIES[model].presets) if model else None,
        metavar=None if model else "NAME",
        default="quick",
        help=f"Named set of options to start from; see the list below {DEFAULT}.",
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
        "With --epochs, training continues to that epoch.",
    )
    group.add_argument("--dry-run", action="store_true", help="Print a summary of the training and train nothing.")


def _add_section(parser: Parser, title: str, section: Options) -> None:
    group = parser.add_argument_group(title)
    for option in section.options().values():
        help_text = _help_text(option, getattr(section, option.name))
        settings: dict[str, Any] = {"dest": option.name, "default": argparse.SUPPRESS, "help": help_text}
        if option.kind is bool:
            group.add_argument(option.flag, action=_YesOrNo, **settings)
            continue
        if option.choices:
            settings["choices"] = option.choices
        else:
            settings["metavar"] = _METAVARS[option.kind]
        group.add_argument(option.flag, type=_converter(option.kind), nargs="+" if option.is_list else None, **settings)


class _YesOrNo(argparse.BooleanOptionalAction):
    """A pair of flags, --name and --no-name, whose help text is used as it is."""

    def __init__(self, option_strings, dest, default, help):
        super().__init__(option_strings, dest, default=default)
        # Python 3.11 appends the default value to the help text.
        self.help = help


def _converter(kind: type) -> Callable[[str], Any]:
    """An argparse type that reads one value of an option."""

    def convert(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected {kind.__name__}. Received: {text!r}") from None

    return convert


def _help_text(option: Option, default: Any) -> str:
    """The help of an option: what it sets, its range and its default."""
    parts = [str(option.bounds), f"default: {_shown(option, default)}"]
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
    lines = ["presets and their expected results:"]
    for model, named in presets.items():
        for name, preset in named.items():
            title = f"  --model {model} --preset {name}"
            lines += [title, textwrap.indent(textwrap.fill(preset.expected_result, 104), "      ")]
    return "\n".join(lines)
