"""Who is compared in the lab differs in nothing but what is compared."""

import dataclasses
import subprocess
import sys

import pytest

from tfgen.cli import benchmark_modes as collapse
from tfgen.errors import ConfigError
from tfgen.mode_benchmark.datasets import BEDS, COMPARED, ENTRANTS, Trial


@pytest.mark.parametrize("bed", BEDS)
@pytest.mark.parametrize("entrant", COMPARED)
def test_networks_data_and_training_are_the_same_for_all(bed, entrant):
    plain, other = (Trial(bed, name, 0, BEDS[bed].budget).config for name in ("gan", entrant))
    assert other.data == plain.data
    assert other.train == plain.train
    wanted = {*ENTRANTS[entrant].options, *ENTRANTS[entrant].penalized}
    for field in dataclasses.fields(plain.architecture):
        if hasattr(other.architecture, field.name) and field.name not in wanted:
            assert getattr(other.architecture, field.name) == getattr(plain.architecture, field.name), field.name


@pytest.mark.parametrize("bed", BEDS)
def test_the_averaged_game_is_the_relativistic_one_but_for_average_optimizer_and_filters(bed):
    plain, averaged = (Trial(bed, name, 0, BEDS[bed].budget).config for name in ("relativistic", "averaged"))
    assert (averaged.model, averaged.data) == (plain.model, plain.data)
    assert averaged.architecture == dataclasses.replace(plain.architecture, discriminator_filters=32)
    assert averaged.train == dataclasses.replace(plain.train, ema=0.999, beta_2=0.99, schedule="cosine", warmup=1_000)


def test_it_is_compared_only_when_it_is_asked_for():
    assert set(ENTRANTS) - set(COMPARED) == {"averaged"}
    assert collapse.parse([]).model == list(COMPARED)
    assert collapse.parse(["--model", "averaged"]).model == ["averaged"]


def test_the_budget_is_in_steps():
    config = Trial("ring8", "gan", 0, 1200).config
    assert config.train.epochs * (config.data.train_size // config.train.batch_size) == 1200
    other = Trial("ring8", "gan", 0, 1200, train_size=12_800).config
    assert (other.data.train_size, other.train.epochs) == (12_800, 12)


@pytest.mark.parametrize(("budget", "train_size"), [(401, None), (100, None), (10, 50)])
def test_a_budget_that_is_no_whole_number_of_epochs_is_refused(budget, train_size):
    with pytest.raises(ConfigError, match=f"--budget: expected a multiple of .* Received: {budget}"):
        _ = Trial("ring8", "gan", 0, budget, train_size).config


def test_trials_have_folders_of_their_own():
    names = [Trial(bed, entrant, seed, 1).name for bed in BEDS for entrant in ENTRANTS for seed in range(3)]
    assert len(set(names)) == len(names)


def test_help_answers_without_tensorflow():
    program = "import sys, tfgen.cli.benchmark_modes as c; c.parse([]); print('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"
