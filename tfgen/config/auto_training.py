"""Rules of the preset auto that all families share: number format, length of the training and what depends on it."""

from collections.abc import Mapping
from typing import Any

from tfgen.config.auto_facts import Choice, Facts
from tfgen.config.run import RunConfig

OPTIONS = frozenset({"precision", "epochs", "steps_per_epoch", "warmup", "ema"})
#: Smallest measured speedup of products for which a training uses bfloat16. Other operations gain nothing.
BFLOAT16_SPEEDUP = 1.3
#: Largest and smallest half-life of the moving average of the weights, in steps, and its share of the training.
EMA_STEPS, EMA_SMALLEST, EMA_SHARE = 1_400, 10, 0.01
#: Largest number of warm-up steps of the learning rate, and the share of the training.
WARMUP_STEPS, WARMUP_SHARE = 500, 0.05
#: Largest number of epochs for which a training is planned. Each ends with a validation and a row of metrics.
MOST_EPOCHS = 50
#: A pass over the training set is an epoch if the training has between a half and twice as many passes as epochs.
PASS_FACTOR = 2.0


def may_use_bfloat16(model: str, given: Mapping[str, Any]) -> bool:
    """Whether a rule may choose products in bfloat16 on a CPU, for a family and the options that the user has set.

    GANs stay in float32: the effect of bfloat16 on their samples is not known.
    """
    return model in ("vae", "flow") and given.get("xla") != "on" and "precision" not in given


def rules(model: str, facts: Facts, given: Mapping[str, Any]) -> list[Choice]:
    """The number format of a training on this device."""
    if facts.device == "gpu" or not may_use_bfloat16(model, given) or facts.bfloat16_speedup < BFLOAT16_SPEEDUP:
        return []
    reason = f"products are {facts.bfloat16_speedup:.1f} times as fast as in float32 on this processor"
    return [Choice("precision", "bfloat16_products", reason)]


def length_rules(config: RunConfig, examples: int, given: Mapping[str, Any], steps: int, epochs: int) -> list[Choice]:
    """Epochs, warm-up of the learning rate and moving average for a training of so many steps.

    Args:
        config: the configuration so far, which determines the batch size.
        examples: number of training examples.
        given: options that the user has set.
        steps: number of training steps that fit in the time.
        epochs: number of epochs whose validations fit in the time.
    """
    found = []
    if "epochs" not in given:
        found += _epochs(config, examples, given, steps, epochs)
    found.append(
        Choice(
            "warmup",
            min(WARMUP_STEPS, int(WARMUP_SHARE * steps)),
            f"a twentieth of the training, at most {WARMUP_STEPS} steps: Adam's and Muon's first estimates are noisy "
            "(Ma, Yarats 2021)",
        )
    )
    half_life = min(EMA_STEPS, max(EMA_SMALLEST, EMA_SHARE * steps))
    found.append(
        Choice(
            "ema",
            round(0.5 ** (1.0 / half_life), 5),
            f"half-life of a hundredth of the training, at most {EMA_STEPS} steps: a longer average lags behind "
            "(Karras et al. 2024, EDM2)",
        )
    )
    return found


def _epochs(config: RunConfig, examples: int, given: Mapping[str, Any], steps: int, epochs: int) -> list[Choice]:
    steps = max(1, steps)
    reason = f"{steps:,} steps fit in the time"
    if "steps_per_epoch" in given:
        return [Choice("epochs", max(1, round(steps / given["steps_per_epoch"])), reason)]
    passes = steps / max(1, examples // config.train.batch_size)
    if max(1.0, epochs / PASS_FACTOR) <= passes <= epochs * PASS_FACTOR:
        return [
            Choice("epochs", int(passes), f"{reason}; an epoch is a pass over the training set"),
            Choice("steps_per_epoch", None, "an epoch is a pass over the training set"),
        ]
    number = max(1, min(epochs, steps))
    return [
        Choice("epochs", number, f"{reason}; each epoch ends with a validation"),
        Choice("steps_per_epoch", max(1, steps // number), f"{reason}, in {number} epochs of equal length"),
    ]
