"""The learning-rate schedule of a discriminator that makes several steps for each step of the generator."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("tfgen")
@keras.saving.register_keras_serializable("tfgen", "Divided")  # the class name in older `.keras` files
class SlowedSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A learning-rate schedule that advances once in `divisor` steps.

        rate(t) = schedule(t // divisor)

    With `divisor` = `discriminator_steps`, discriminator and generator have the same learning rate at all times.

    Args:
        schedule: the generator's schedule.
        divisor: steps of the discriminator for each step of the generator.
    """

    def __init__(self, schedule, divisor: int):
        self.schedule, self.divisor = schedule, divisor

    def __call__(self, step):
        return self.schedule(keras.ops.cast(step, "int64") // self.divisor)

    def get_config(self):
        return {"schedule": keras.optimizers.schedules.serialize(self.schedule), "divisor": self.divisor}

    @classmethod
    def from_config(cls, config):
        return cls(keras.optimizers.schedules.deserialize(config["schedule"]), config["divisor"])


def slowed_copy(optimizer, divisor: int):
    """Create an unbuilt optimizer with the settings of `optimizer`, whose schedule advances once in `divisor` steps.

    A constant learning rate stays as it is.
    """
    config: dict[str, Any] = optimizer.get_config()
    rate = config["learning_rate"]
    if divisor > 1 and isinstance(rate, dict):
        slowed = SlowedSchedule(keras.optimizers.schedules.deserialize(rate), divisor)
        config["learning_rate"] = keras.optimizers.schedules.serialize(slowed)
    return type(optimizer).from_config(config)
