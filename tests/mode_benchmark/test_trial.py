"""The methods of the benchmark differ only in the options that each names, and trials count their steps."""

import pytest

from tfgen.errors import ConfigError
from tfgen.mode_benchmark.datasets import DATASETS
from tfgen.mode_benchmark.methods import DEFAULT_METHODS, METHODS, REFERENCE
from tfgen.mode_benchmark.trial import Trial, make_trials


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("method", DEFAULT_METHODS)
def test_networks_data_and_training_are_the_same_for_all_methods(dataset, method):
    plain, other = (Trial(dataset, name, 0, DATASETS[dataset].steps).config for name in ("gan", method))
    assert other.data == plain.data
    assert other.train == plain.train
    own = {*METHODS[method].options, *METHODS[method].penalties}
    for name in plain.architecture.option_names():
        if hasattr(other.architecture, name) and name not in own:
            assert getattr(other.architecture, name) == getattr(plain.architecture, name), name


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_averaged_method_is_the_relativistic_one_except_for_average_optimizer_and_filters(dataset):
    plain, averaged = (Trial(dataset, name, 0, DATASETS[dataset].steps).config for name in ("relativistic", "averaged"))
    assert (averaged.model, averaged.data) == (plain.model, plain.data)
    assert averaged.architecture == plain.architecture.replace(discriminator_filters=32)
    assert averaged.train == plain.train.replace(ema=0.999, beta_2=0.99, schedule="cosine", warmup=1_000)


def test_only_the_averaged_method_is_not_a_default():
    assert set(METHODS) - set(DEFAULT_METHODS) == {"averaged"}
    assert REFERENCE not in METHODS


def test_the_length_of_a_trial_is_its_number_of_steps():
    config = Trial("ring8", "gan", 0, 1200).config
    assert config.train.epochs * (config.data.train_size // config.train.batch_size) == 1200
    other = Trial("ring8", "gan", 0, 1200, train_size=12_800).config
    assert (other.data.train_size, other.train.epochs) == (12_800, 12)


@pytest.mark.parametrize(("steps", "train_size"), [(401, None), (100, None), (10, 50)])
def test_a_number_of_steps_that_is_no_whole_number_of_epochs_is_refused(steps, train_size):
    with pytest.raises(ConfigError, match=f"--steps: expected a multiple of .* Received: {steps}"):
        make_trials(["ring8"], ["gan"], 1, steps=steps, train_size=train_size)


def test_trials_are_ordered_by_dataset_method_and_seed_and_have_folders_of_their_own():
    trials = make_trials(list(DATASETS), [*METHODS, "gan"], 3)
    assert [trial.name for trial in trials[:4]] == ["ring8-gan-0", "ring8-gan-1", "ring8-gan-2", "ring8-packing-0"]
    assert len({trial.name for trial in trials}) == len(trials) == 3 * len(DATASETS) * len(METHODS)
    assert {trial.steps for trial in trials if trial.dataset == "ring8"} == {DATASETS["ring8"].steps}
