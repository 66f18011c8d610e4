"""A training that cannot fit into memory is refused before it is allocated; the estimate follows the sizes."""

import pytest

from tfgen.config.presets import run_config
from tfgen.data.batches import Batches
from tfgen.errors import ConfigError
from tfgen.models import build
from tfgen.training import memory


def test_an_allocation_that_cannot_fit_is_refused_before_the_model_is_built():
    config = run_config("vae", data="./pictures", image_size=512, preset="quick")
    with pytest.raises(ConfigError, match=r"fits in the .* GB of memory.*Received: about \d+.* GB .*--arch conv"):
        memory.check_memory_before_build(config.with_options({"hidden": (65_536,)}), (512, 512, 3))
    memory.check_memory_before_build(config, (8, 8, 1))
    with pytest.raises(ConfigError, match=r"fits in the .* GB .* million values between the layers for each of the 64"):
        memory.check_memory_before_build(config.with_options({"arch": "conv"}), (1024, 1024, 3))
    memory.check_memory_before_build(config.with_options({"arch": "conv", "batch_size": 1}), (512, 512, 3))
    with pytest.raises(ConfigError, match=r"Received: about \d+.* GB"):
        memory.check_memory_before_build(run_config("flow", squeeze=(256,), couplings=(2,)), (512, 512, 3))


def test_more_memory_than_the_machine_has_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "machine_memory", lambda: 8e9)
    memory.check_memory(7.9e9)
    with pytest.raises(ConfigError, match=r"the 8.0 GB of memory .*about 8.1 GB .*--batch-size"):
        memory.check_memory(8.1e9)


@pytest.mark.parametrize("model", ["vae", "gan", "flow"])
def test_the_estimate_grows_with_the_batch_and_the_pictures(model, digits):
    config = run_config(model, **({} if model == "flow" else {"arch": "conv", "filters": 4}))
    built = build(config, (8, 8, 1), 17)

    def estimate(batch_size, examples=256):
        batches = Batches(digits[:examples], batch_size, 0)
        return memory.training_memory(config.with_options({"batch_size": batch_size}), built, batches)

    activations = [estimate(size) - estimate(1) for size in (2, 3, 5)]
    assert activations[0] > 64 * 4
    assert [round(part / activations[0], 6) for part in activations] == [1.0, 2.0, 4.0]
    assert estimate(4, 512) - estimate(4) == 256 * 64
