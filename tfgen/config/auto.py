"""The preset auto: options chosen from the data, the device and the time, by written rules.

The rules of each family stand in `auto_vae`, `auto_gan` and `auto_flow`, those that all families share in
`auto_training`. A rule is a function of plain facts. It gives the value of an option and the reason, with the source
where the rule is not tfgen's own. What the rules choose is stored as plain numbers in `config.json`: the preset's name
there says only where they come from.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tfgen.config import auto_flow, auto_gan, auto_training, auto_vae
from tfgen.config.auto_facts import Choice, Facts
from tfgen.config.families import AUTO, config_class
from tfgen.config.presets import default_preset
from tfgen.config.run import RunConfig
from tfgen.config.train import TrainConfig

_RULES = {"vae": auto_vae, "gan": auto_gan, "dropout_gan": auto_gan, "mad_gan": auto_gan, "flow": auto_flow}


def has_rules(config: RunConfig) -> bool:
    """Whether the rules choose options of this configuration: the preset is auto, and the data have no fixed recipe."""
    return config.preset == AUTO and default_preset(config.data.data, config.train.init_from) == AUTO


def options_of_rules(model: str) -> frozenset[str]:
    """Names of all options that the rules may choose for a family."""
    return _RULES[model].OPTIONS | auto_training.OPTIONS


def choose(model: str, facts: Facts, given: Mapping[str, Any]) -> list[Choice]:
    """Choose the options of the architecture and those of the training that do not depend on its length.

    Args:
        model: name of the family.
        facts: what is known about the data, the device and the time.
        given: options that the user has set, by name. They are left out of the result, and other options follow them.
    """
    return _left_to_rules(model, [*_RULES[model].rules(facts, given), *auto_training.rules(model, facts, given)], given)


def choose_length(config: RunConfig, examples: int, given: Mapping[str, Any], steps: int, epochs: int) -> list[Choice]:
    """Choose the options that depend on the number of training steps that fit in the time.

    Args:
        config: the configuration so far.
        examples: number of training examples.
        given: options that the user has set.
        steps: number of training steps.
        epochs: number of epochs for which the time of the validations was planned.
    """
    choices = auto_training.length_rules(config, examples, given, steps, epochs)
    # The rules of a family come last and replace those that all families share.
    choices += _RULES[config.model].length_rules(config, examples, steps)
    return _left_to_rules(config.model, choices, given)


def auto_config(config: RunConfig, choices: Iterable[Choice]) -> RunConfig:
    """A copy of a configuration with the chosen options."""
    return config.with_options({choice.option: choice.value for choice in choices})


def _left_to_rules(model: str, choices: Iterable[Choice], given: Mapping[str, Any]) -> list[Choice]:
    """The choices, without those of options that the user has set or that the family does not have or allow."""
    section, kept = config_class(model), {}
    known = {**section.options(), **TrainConfig.options()}
    for choice in choices:
        option = known.get(choice.option)
        if option is None or choice.option in given:
            continue
        values = choice.value if isinstance(choice.value, tuple) else (choice.value,)
        if option.choices is not None and not set(values) <= set(option.choices):
            continue
        kept[choice.option] = choice
    return list(kept.values())
