"""Optimizers and the course of their step size."""

import math

import keras

from tfgen.config import TrainConfig
from tfgen.networks.mlp import LAST

#: Matrices with fewer rows or columns have too few directions to be worth making even.
SMALLEST_MATRIX = 16
#: The step of Muon over that of Adam, both as root mean squares of a matrix's entries, at one learning rate.
MUON_RMS = 0.5


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


@keras.saving.register_keras_serializable("tfgen")
class Muon(keras.optimizers.Muon):
    """Keras's Muon, for the kernels of convolutions too; Adam for what is no kernel, and for each network's last one.

    The momentum M of a kernel, as a matrix of what each filter sees by the filters [h·w·in, out], is replaced by
    about the nearest matrix with orthonormal rows or columns, U Vᵀ of M = U S Vᵀ: no direction is left behind because
    its gradient is small. A step's root mean square is then the same for every matrix, `rms_rate` times the learning
    rate. Keras's own leaves all but plain matrices to Adam, and decays weights unless told not to.

    Args:
        learning_rate: of matrices and of Adam alike.
        **options: Keras's.

    Reference: Jordan et al.: Muon, an optimizer for hidden layers in neural networks, 2024; Liu et al.: Muon is
    scalable for LLM training, 2025 (the step's size).
    """

    def __init__(self, learning_rate=1e-3, **options):
        options = {"weight_decay": None, "adam_weight_decay": None, "epsilon": 1e-8, "rms_rate": MUON_RMS, **options}
        super().__init__(learning_rate, **options)

    def _should_use_adamw(self, variable):
        layer, _, name = variable.path.rpartition("/")
        return name != "kernel" or layer.rpartition("/")[2] == LAST or min(_as_matrix(variable.shape)) < SMALLEST_MATRIX

    def zeropower_via_newtonschulz5(self, x, steps: int):
        even = super().zeropower_via_newtonschulz5(keras.ops.reshape(x, _as_matrix(x.shape)), steps)
        return keras.ops.reshape(even, x.shape)

    def lr_adjust(self, x):
        return x * (self.rms_rate * math.sqrt(max(_as_matrix(x.shape))))


def _as_matrix(shape) -> tuple[int, int]:
    """Rows and columns of a kernel: what it sees, by what it makes."""
    return math.prod(shape[:-1]), shape[-1]


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
    if config.optimizer == "muon":
        return Muon(rate, adam_beta_1=config.beta_1, adam_beta_2=config.beta_2)
    return keras.optimizers.Adam(rate, beta_1=config.beta_1, beta_2=config.beta_2, epsilon=1e-8)
