"""The configuration of a run: everything that determines the run, together with the code."""

from dataclasses import dataclass
from typing import Any

from pydantic.json_schema import models_json_schema

from tfgen.config.data import DataConfig, is_point_data
from tfgen.config.families import FAMILIES, config_class, find_family
from tfgen.config.migration import VERSION, migrate_run
from tfgen.config.phase import Phase
from tfgen.config.schema import Options
from tfgen.config.train import TrainConfig
from tfgen.errors import ConfigError, did_you_mean

_ENTRIES = ("model", "preset", "architecture", "data", "train")
#: The entry that only a run with earlier phases has.
_PHASES = "earlier_phases"


@dataclass(frozen=True)
class RunConfig:
    """Everything that determines a run, together with its code.

    Attributes:
        model: name of the family, a key of `tfgen.config.families.FAMILIES`.
        preset: name of the preset from which the options started.
        architecture: options of the family.
        data, train: options of the data set and of the training.
        earlier: the phases before the present one, whose options are `train`. Empty unless a resumed training got other
            options.
    """

    model: str
    preset: str
    # The class depends on the family.
    architecture: Any
    data: DataConfig
    train: TrainConfig
    earlier: tuple[Phase, ...] = ()

    @property
    def sections(self) -> tuple[Any, DataConfig, TrainConfig]:
        """The three groups of options."""
        return self.architecture, self.data, self.train

    def to_dict(self) -> dict[str, Any]:
        """The entries of `config.json`."""
        return {
            "version": VERSION,
            "model": self.model,
            "preset": self.preset,
            "architecture": self.architecture.to_dict(),
            "data": self.data.to_dict(),
            "train": self.train.to_dict(),
            **({_PHASES: [phase.to_dict() for phase in self.earlier]} if self.earlier else {}),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "RunConfig":
        """Read the entries of a `config.json`, of this version or of version 1.

        Raises:
            ConfigError: with the name of the entry that is wrong.
        """
        if not isinstance(values, dict):
            raise ConfigError(f"Expected a mapping with the entries of a run. Received: {values!r}")
        # True == 1 in Python.
        if type(version := values.get("version")) is not int or not 1 <= version <= VERSION:
            raise ConfigError(f"version: expected 1 to {VERSION}. Received: {version!r}")
        if version == 1:
            values = migrate_run(values)
        if unknown := sorted(values.keys() - {"version", *_ENTRIES, _PHASES}):
            raise ConfigError(
                f"Expected the entries version, {', '.join(_ENTRIES)} and {_PHASES}. Received: {unknown[0]!r}."
                f"{did_you_mean(unknown[0], _ENTRIES)}"
            )
        if missing := set(_ENTRIES) - values.keys():
            raise ConfigError(f"Expected the entries {', '.join(sorted(missing))} too. Received: {sorted(values)}")
        find_family(values["model"])
        if not isinstance(values["preset"], str):
            raise ConfigError(f"preset: expected a name. Received: {values['preset']!r}")
        data = DataConfig.from_dict(values["data"])
        return cls(
            model=values["model"],
            preset=values["preset"],
            architecture=config_class(values["model"], is_point_data(data.data)).from_dict(values["architecture"]),
            data=data,
            train=TrainConfig.from_dict(values["train"]),
            earlier=_phases(values.get(_PHASES, [])),
        )

    def replace(self, **changes: Any) -> "RunConfig":
        """A copy with some attributes replaced."""
        return RunConfig(**{**vars(self), **changes})

    def with_options(self, options: dict[str, Any]) -> "RunConfig":
        """A copy with some options replaced, each in the section that has an option of this name.

        A change of the data set from images to points, or back, may change the class of the architecture's options.
        The options that both classes have keep their values; the others get the defaults of the new class.

        Raises:
            ConfigError: on an unknown name, or a value out of range.
        """
        data = self.data.replace(**_chosen(options, self.data))
        architecture = self._architecture_for(data)
        sections = (architecture, self.data, self.train)
        known = [name for section in sections for name in section.option_names()]
        for name in options:
            if name not in known:
                raise ConfigError(
                    f"Expected options of a {self.model}: {', '.join(sorted(known))}. "
                    f"Received: {name!r}.{did_you_mean(name, known)}"
                )
        return RunConfig(
            self.model,
            self.preset,
            architecture.replace(**_chosen(options, architecture)),
            data,
            self.train.replace(**_chosen(options, self.train)),
            self.earlier,
        )

    def _architecture_for(self, data: DataConfig) -> Options:
        """The options of the architecture, in the class that the family has for this data set."""
        wanted = config_class(self.model, is_point_data(data.data))
        if isinstance(self.architecture, wanted):
            return self.architecture
        here, there = self.architecture.options(), wanted.options()
        kept = [name for name in there if name in here and here[name].is_list == there[name].is_list]
        return wanted.from_dict({name: getattr(self.architecture, name) for name in kept})

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON schema (draft 2020-12) of `config.json`, for editors and other programs."""
        architectures = {
            name: [family.config, *([family.point_config] if family.point_config else [])]
            for name, family in FAMILIES.items()
        }
        classes: list[type[Options]] = [DataConfig, TrainConfig]
        classes += [kind for kinds in architectures.values() for kind in kinds]
        _, definitions = models_json_schema([(kind, "validation") for kind in classes])

        def reference(kind: type[Options]) -> dict[str, Any]:
            return {"$ref": f"#/$defs/{kind.__name__}"}

        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "RunConfig",
            "type": "object",
            "properties": {
                "version": {"const": VERSION},
                "model": {"enum": list(FAMILIES)},
                "preset": {"type": "string"},
                "architecture": {"type": "object"},
                "data": reference(DataConfig),
                "train": reference(TrainConfig),
                "earlier_phases": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "epochs": {"type": "integer", "minimum": 0},
                            "steps": {"type": "integer", "minimum": 0},
                            "train": reference(TrainConfig),
                        },
                        "required": ["epochs", "steps", "train"],
                    },
                },
            },
            "required": ["version", *_ENTRIES],
            "oneOf": [
                {
                    "properties": {
                        "model": {"const": name},
                        "architecture": {"anyOf": [reference(kind) for kind in kinds]},
                    }
                }
                for name, kinds in architectures.items()
            ],
            **definitions,
        }


def _phases(entries: Any) -> tuple[Phase, ...]:
    """The earlier phases of a `config.json`."""
    if not isinstance(entries, list):
        raise ConfigError(f"earlier_phases: expected a list. Received: {entries!r}")
    return tuple(Phase.from_dict(entry) for entry in entries)


def _chosen(options: dict[str, Any], section: Options) -> dict[str, Any]:
    """The options that this section has."""
    return {name: options[name] for name in section.option_names() if name in options}
