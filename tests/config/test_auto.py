"""The preset auto chooses valid options from any facts, and states them as a command that needs no rules."""

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.cli.train_arguments import parse
from tfgen.config import RunConfig, auto_gan
from tfgen.config.auto import auto_config, choose, choose_length, has_rules, options_of_rules
from tfgen.config.auto_facts import Facts, batch_choice, power_of_two_up_to
from tfgen.config.auto_training import PASS_FACTOR
from tfgen.config.command import to_command
from tfgen.config.families import FAMILIES
from tfgen.config.presets import run_config

FACTS = st.builds(
    Facts,
    height=st.integers(4, 512),
    width=st.integers(4, 512),
    channels=st.sampled_from([1, 3]),
    levels=st.sampled_from([2, 17, 256]),
    examples=st.integers(1, 2_000_000),
    classes=st.sampled_from([0, 2, 10, 100]),
    device=st.sampled_from(["cpu", "gpu"]),
    replicas=st.sampled_from([1, 2, 3, 8]),
    minutes=st.floats(0.1, 10_000),
    bfloat16_speedup=st.floats(0.1, 4.0),
)
PICTURES = {"data": "./pictures"}


def chosen(model: str, facts: Facts, steps: int, epochs: int, options: dict | None = None) -> RunConfig:
    """The configuration that the rules give."""
    options = {**PICTURES, **(options or {})}
    config = run_config(model, "auto", **options)
    config = auto_config(config, choose(model, facts, options))
    return auto_config(config, choose_length(config, facts.examples, options, steps, epochs))


@pytest.mark.parametrize("model", FAMILIES)
@settings(max_examples=12, deadline=None)
@given(facts=FACTS, steps=st.integers(1, 10**7), epochs=st.integers(1, 50))
def test_any_facts_give_a_valid_configuration_and_its_command(model, facts, steps, epochs):
    config = chosen(model, facts, steps, epochs)
    assert has_rules(config)
    assert RunConfig.from_dict(config.to_dict()) == config
    line = to_command(config)
    assert line is not None
    arguments = parse(shlex.split(line)[2:])
    assert arguments.config == config
    assert config.train.batch_size % facts.replicas == 0
    if model.endswith("gan"):
        network = config.architecture
        # The probability adapts for a few hundred pictures, and is constant for a few thousand.
        assert bool(network.differentiable_augmentation) == (facts.examples < auto_gan.MANY_PICTURES)
        assert (network.ada_target is not None) == (facts.examples < auto_gan.VERY_FEW_PICTURES)
        if auto_gan.VERY_FEW_PICTURES <= facts.examples < auto_gan.MANY_PICTURES:
            passes = steps * config.train.batch_size / facts.examples
            assert network.augmentation_probability == pytest.approx(min(0.5, passes / 1_000), abs=6e-4)


@pytest.mark.parametrize("model", FAMILIES)
@settings(max_examples=12, deadline=None)
@given(facts=FACTS, others=FACTS, steps=st.integers(1, 10**7))
def test_the_command_gives_the_same_configuration_for_all_data_and_machines(model, facts, others, steps):
    config = chosen(model, facts, steps, 50)
    said = dict(parse(shlex.split(to_command(config))[2:]).given)
    again = chosen(model, others, 10, 5, said)
    # What no flag can say is the absence of a value, and the rules of this machine are asked for it.
    unsaid = {n for section in config.sections for n, v in section if v in (None, ()) and n not in said}
    for one, other in zip(config.sections, again.sections, strict=True):
        different = {name for name, value in one if getattr(other, name) != value}
        assert different <= unsaid


@pytest.mark.parametrize("model", FAMILIES)
@settings(max_examples=12, deadline=None)
@given(facts=FACTS, steps=st.integers(1, 10**7))
def test_the_rules_choose_only_what_they_declare_and_leave_what_is_given(model, facts, steps):
    given_options = {"batch_size": 24, "epochs": 7, "learning_rate": 0.5}
    choices = choose(model, facts, given_options)
    config = auto_config(run_config(model, "auto", **PICTURES, **given_options), choices)
    choices += choose_length(config, facts.examples, given_options, steps, 50)
    names = [choice.option for choice in choices]
    assert len(set(names)) == len(names)
    assert set(names) <= options_of_rules(model)
    assert not set(names) & given_options.keys()
    for choice in choices:
        assert choice.reason and not choice.reason.endswith("."), choice


@settings(max_examples=200, deadline=None)
@given(examples=st.integers(1, 2_000_000), steps=st.integers(1, 10**7), epochs=st.integers(1, 50))
def test_the_epochs_fill_the_time_and_do_not_exceed_it(examples, steps, epochs):
    config = run_config("vae", "auto", **PICTURES, batch_size=min(64, examples))
    train = auto_config(config, choose_length(config, examples, {}, steps, epochs)).train
    pass_steps = max(1, examples // train.batch_size)
    planned = train.epochs * (train.steps_per_epoch or pass_steps)
    assert 0.5 * steps < planned <= max(1, steps)
    assert train.epochs <= PASS_FACTOR * epochs
    assert train.warmup <= 0.05 * steps
    assert 0.0 < train.ema < 1.0


def test_more_steps_give_a_longer_warmup_and_average():
    config = run_config("flow", "auto", **PICTURES)

    def value(option, steps):
        return {c.option: c.value for c in choose_length(config, 5_000, {}, steps, 50)}[option]

    for option in ("warmup", "ema"):
        values = [value(option, steps) for steps in (10, 100, 1_000, 10_000, 100_000)]
        assert values == sorted(values)
        assert values[0] < values[-1]


def test_a_batch_fits_the_training_set_and_the_replicas():
    def facts(examples, replicas=1):
        return Facts(8, 8, 1, 256, examples, replicas=replicas)

    assert [batch_choice(64, facts(n), "wanted").value for n in (1, 5, 63, 64, 1000)] == [1, 4, 32, 64, 64]
    assert batch_choice(64, facts(1000, 3), "wanted").value == 63
    assert batch_choice(64, facts(5, 3), "wanted").reason == "the training set has no more pictures"
    assert [power_of_two_up_to(n) for n in (0, 1, 2, 3, 4.5, 1023)] == [1, 1, 2, 2, 4, 512]


def test_products_are_in_bfloat16_where_that_is_faster_and_xla_is_not_asked_for():
    def precision(given=None, model="vae", bfloat16_speedup=1.8, **facts):
        facts = Facts(32, 32, 3, 256, 5_000, bfloat16_speedup=bfloat16_speedup, **facts)
        return chosen(model, facts, 1_000, 10, given).train.precision

    assert precision() == precision(model="flow") == "bfloat16_products"
    # Processors with the instructions can be slower with them.
    assert precision(bfloat16_speedup=0.6) == precision(bfloat16_speedup=1.2) == "float32"
    assert precision(device="gpu") == precision(model="gan") == "float32"
    assert precision({"xla": "on"}) == precision({"precision": "float32"}) == "float32"


def test_digits_and_points_keep_their_recipe():
    for model in FAMILIES:
        assert not has_rules(run_config(model, "auto"))
        assert not has_rules(run_config(model, "quick", **PICTURES))
        assert has_rules(run_config(model, "auto", **PICTURES))
        assert has_rules(run_config(model, "auto", init_from="runs/x"))
