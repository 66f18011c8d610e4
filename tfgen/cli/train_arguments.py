"""The command line of `train.py`, generated from the configuration's dataclasses."""

import argparse
import dataclasses
import typing
from collections.abc import Sequence
from typing import Any

from tfgen.config import MODEL_CONFIGS, MachineConfig, RunConfig, base_type, choices_of
from tfgen.config.presets import PRESETS, run_config
from tfgen.errors import ConfigError


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog):
        super().__init__(prog, max_help_position=30, width=110)


@dataclasses.dataclass(frozen=True)
class TrainArguments:
    """What the command line asks for.

    Attributes:
        config: of a new run; None where an old one goes on.
        resume: folder of the run to go on with.
        run: folder of the run to begin, or to go on with where it has begun.
        out: folder in which a new run's numbered folder is made, if `run` names none.
        dry_run: whether only to say what would be done.
        epochs: with `resume`, how far to train.
        machine: where to train.
    """

    config: RunConfig | None
    resume: str | None = None
    run: str | None = None
    out: str = "runs"
    dry_run: bool = False
    epochs: int | None = None
    machine: MachineConfig = dataclasses.field(default_factory=MachineConfig)


def _main_options(parser: argparse.ArgumentParser, model: str | None) -> None:
    main = parser.add_argument_group("main")
    main.add_argument("--model", choices=sorted(MODEL_CONFIGS), help="family; with --help: lists all its options")
    names = list(PRESETS[model]) if model else sorted({name for presets in PRESETS.values() for name in presets})
    main.add_argument("--preset", choices=names, default="quick", help="starting point [quick]")
    main.add_argument("--out", metavar="DIR", default="runs", help="folder in which the run's folder is made [runs]")
    main.add_argument("--run", metavar="RUN", help="the run's folder itself: begun, or gone on with if it has begun")
    main.add_argument("--resume", metavar="RUN", help="go on with this run's folder, exactly where it stopped")
    main.add_argument("--dry-run", action="store_true", help="print what would be trained, then stop")


def _shown(default: Any) -> str:
    if isinstance(default, tuple):
        return " ".join(map(str, default))
    if isinstance(default, bool):
        return "yes" if default else "no"
    return "none" if default is None else str(default)


def _section_options(parser: argparse.ArgumentParser, title: str, section: Any) -> None:
    group = parser.add_argument_group(title)
    hints = typing.get_type_hints(type(section))
    for spec in dataclasses.fields(section):
        kind, many, _ = base_type(hints[spec.name])
        default = getattr(section, spec.name)
        flag = "--" + spec.name.replace("_", "-")
        shown = _shown(default)
        help_text = f"{spec.metadata['help']} [{shown}]".replace("%", "%%")
        settings: dict[str, Any] = {"dest": spec.name, "default": argparse.SUPPRESS, "help": help_text}
        if kind is bool:
            group.add_argument(flag, action=argparse.BooleanOptionalAction, **settings)
            continue
        if choices := choices_of(hints[spec.name]):
            settings["choices"] = choices
        elif members := [m for m in typing.get_args(hints[spec.name]) if choices_of(m)]:
            settings["choices"] = choices_of(members[0])
        else:
            settings["metavar"] = {"int": "N", "float": "X", "str": "NAME"}[kind.__name__]
        group.add_argument(flag, type=kind, nargs="+" if many else None, **settings)


def parse(argv: Sequence[str] | None = None, prog: str = "train.py") -> TrainArguments:
    """Read the command line; on a mistake, print what was expected and exit with status 2.

    The model and the preset are read first: they decide which options exist and what their defaults are.
    """
    peek = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    peek.add_argument("--model")
    peek.add_argument("--preset", default="quick")
    peek.add_argument("--arch")
    first, _ = peek.parse_known_args(argv)

    parser = argparse.ArgumentParser(
        prog=prog,
        description="Train a generative model of images; the run's folder holds samples, curves, metrics and weights.",
        epilog="Options of a family: %(prog)s --model NAME --help",
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    model = first.model if first.model in MODEL_CONFIGS else None
    _main_options(parser, model)
    if model is not None:
        try:
            start = run_config(model, first.preset, **({"arch": first.arch} if first.arch else {}))
        except ConfigError:
            start = run_config(model)
        see = "".join(f"\n  {name}: {preset.see}" for name, preset in PRESETS[model].items())
        parser.epilog = f"presets, and what one should see:{see}"
        _section_options(parser, f"{model} (defaults of preset {start.preset})", start.architecture)
        _section_options(parser, "data", start.data)
        _section_options(parser, "training", start.train)
    else:
        parser.add_argument("--epochs", type=int, default=argparse.SUPPRESS, help="with --resume: train to this epoch")
    _section_options(parser, "machine (may differ when a run goes on)", MachineConfig())
    given = vars(parser.parse_args(argv))
    main = {name: given.pop(name) for name in ("out", "run", "resume", "dry_run")}
    family, preset = given.pop("model"), given.pop("preset")
    try:
        main["machine"] = MachineConfig(
            **{spec.name: given.pop(spec.name) for spec in dataclasses.fields(MachineConfig) if spec.name in given}
        )
        if main["resume"] is None and family is not None:
            return TrainArguments(run_config(family, preset, **given), **main)
    except ConfigError as error:
        parser.error(str(error))
    if main["resume"] is None:
        parser.error(f"expected --model {', '.join(MODEL_CONFIGS)} (or --resume RUN)")
    if main["run"] is not None:
        parser.error("expected --run or --resume. Received: both")
    if others := sorted(given.keys() - {"epochs"}):
        parser.error(f"--resume takes everything but --epochs from the run's configuration. Received: {others}")
    return TrainArguments(None, **main, epochs=given.get("epochs"))
