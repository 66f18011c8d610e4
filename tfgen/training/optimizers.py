"""Optimizers and the course of their step size."""

import keras

from tfgen.config import TrainConfig


@keras.saving.register_keras_serializable("tfgen")
class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up, then constant, exponential by epoch, or half a cosine down to zero.

    Args:
        base: step size after the warm-up.
        course: "constant", "exponential" or "cosine".
        warmup: steps of warm-up.
        total: steps of the whole training, for the cosine.
        steps_per_epoch: for the exponential, which falls by `decay` once an epoch.
        decay: that factor.

    Reference: Loshchilov, Hutter: SGDR. ICLR 2017 (the cosine).
    """

    def __init__(self, base: float, course: str, warmup: int, total: int, steps_per_epoch: int, decay: float):
        self.base, self.course, self.warmup = base, course, warmup
        self.total, self.steps_per_epoch, self.decay = total, steps_per_epoch, decay

    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
        rate = keras.ops.convert_to_tensor(self.base, "float32")
        if self.course == "exponential":
            rate = rate * self.decay ** keras.ops.floor(step / self.steps_per_epoch)
        elif self.course == "cosine":
            part = keras.ops.clip((step - self.warmup) / max(self.total - self.warmup, 1), 0.0, 1.0)
            rate = rate * 0.5 * (1.0 + keras.ops.cos(3.14159265358979 * part))
        if self.warmup:
            rate = rate * keras.ops.minimum(1.0, (step + 1.0) / self.warmup)
        return rate

    def get_config(self):
        return {
            "base": self.base,
            "course": self.course,
            "warmup": self.warmup,
            "total": self.total,
            "steps_per_epoch": self.steps_per_epoch,
            "decay": self.decay,
        }


def make_optimizer(config: TrainConfig, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """The optimizer of a training configuration."""
    rate = Schedule(
        config.learning_rate,
        config.schedule,
        config.warmup,
        config.epochs * steps_per_epoch,
        steps_per_epoch,
        config.decay,
    )
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(rate)
    return keras.optimizers.Adam(rate, beta_1=config.beta_1, epsilon=1e-8)
