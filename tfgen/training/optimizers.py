"""Optimizers and learning-rate schedules."""

import math

import keras

from tfgen.config import TrainConfig
from tfgen.networks.mlp import LAST
from tfgen.training import adam

#: Matrices with fewer rows or columns are left to Adam: they have too few directions to orthogonalize.
SMALLEST_MATRIX = 16
#: Ratio of Muon's step to Adam's step at the same learning rate, as root mean squares over a matrix's entries.
MUON_RMS = 0.5


@keras.saving.register_keras_serializable("tfgen")
class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up, then a constant rate, an exponential decay, or a cosine decay to zero.

    Keras's `CosineDecay` is not used, because trained weights would change. Its warm-up starts at a rate of 0, so that
    the first update would change nothing; here, the rate of step t is (t + 1) / warmup of the full rate. Without
    warm-up, its compiled rates differ in the last bit.

    Args:
        base: learning rate after the warm-up.
        shape: "constant", "exponential" or "cosine".
        warmup: number of warm-up steps.
        total: number of steps of the whole training; the cosine ends there.
        steps_per_epoch: number of steps after which the exponential decay multiplies the rate by `decay`.
        decay: that factor.
        first: number of the step at which the schedule begins; earlier steps belong to an earlier phase.

    Reference: Loshchilov, Hutter: SGDR. ICLR 2017 (the cosine).
    """

    def __init__(
        self, base: float, shape: str, warmup: int, total: int, steps_per_epoch: int, decay: float, first: int = 0
    ):
        self.base, self.shape, self.warmup, self.first = base, shape, warmup, first
        self.total, self.steps_per_epoch, self.decay = total, steps_per_epoch, decay

    def __call__(self, step):
        # Subtracted as integers: a float32 does not hold every step beyond 2²⁴.
        step = keras.ops.cast(step - self.first if self.first else step, "float32")
        rate = keras.ops.convert_to_tensor(self.base, "float32")
        if self.shape == "exponential":
            rate = rate * self.decay ** keras.ops.floor(step / self.steps_per_epoch)
        elif self.shape == "cosine":
            fraction = keras.ops.clip((step - self.warmup) / max(self.total - self.warmup, 1), 0.0, 1.0)
            rate = rate * 0.5 * (1.0 + keras.ops.cos(3.14159265358979 * fraction))
        if self.warmup:
            rate = rate * keras.ops.minimum(1.0, (step + 1.0) / self.warmup)
        return rate

    def get_config(self):
        return {
            "base": self.base,
            "shape": self.shape,
            "warmup": self.warmup,
            "total": self.total,
            "steps_per_epoch": self.steps_per_epoch,
            "decay": self.decay,
            "first": self.first,
        }

    @classmethod
    def from_config(cls, config):
        """Make a schedule from its configuration. Earlier versions called `shape` "course"."""
        config = dict(config)
        if "course" in config:
            config["shape"] = config.pop("course")
        return cls(**config)


@keras.saving.register_keras_serializable("tfgen")
class Muon(keras.optimizers.Muon):
    """Keras's Muon, also for the kernels of convolutions. Adam updates everything else, and each network's last kernel.

    The momentum of a kernel is a matrix M with one row for each input of a filter and one column for each filter,
    [h·w·in, out]. Muon replaces M = U S Vᵀ by approximately U Vᵀ, the nearest matrix with orthonormal rows or columns:
    directions with a small gradient move as far as directions with a large one. The root mean square of a step is
    `rms_rate` times the learning rate for every matrix. Keras's own class updates only two-dimensional variables in
    this way, and decays weights by default.

    Args:
        learning_rate: of Muon and of Adam.
        **options: options of `keras.optimizers.Muon`.

    References: Jordan et al.: Muon, an optimizer for hidden layers in neural networks, 2024. Liu et al.: Muon is
    scalable for LLM training, 2025 (size of the step).
    """

    def __init__(self, learning_rate=1e-3, **options):
        options = {"weight_decay": None, "adam_weight_decay": None, "epsilon": 1e-8, "rms_rate": MUON_RMS, **options}
        super().__init__(learning_rate, **options)

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        of_adam = adam.corrected_rate(learning_rate, self.iterations, self.adam_beta_1, self.adam_beta_2)
        super()._backend_update_step(grads, trainable_variables, (learning_rate, self.adam_lr_ratio * of_adam))

    def update_step(self, gradient, variable, learning_rate):
        of_muon, of_adam = learning_rate
        index = self._get_variable_index(variable)
        momentum, velocity = self.momentums[index], self.adam_velocities[index]
        if velocity is None:
            self._muon_update_step(gradient, variable, of_muon, momentum)
        else:
            betas = self.adam_beta_1, self.adam_beta_2
            adam.update(variable, momentum, velocity, gradient, of_adam, *betas, self.epsilon)

    def _should_use_adamw(self, variable):
        layer, _, name = variable.path.rpartition("/")
        return name != "kernel" or layer.rpartition("/")[2] == LAST or min(_as_matrix(variable.shape)) < SMALLEST_MATRIX

    def zeropower_via_newtonschulz5(self, x, steps: int):
        orthogonal = super().zeropower_via_newtonschulz5(keras.ops.reshape(x, _as_matrix(x.shape)), steps)
        return keras.ops.reshape(orthogonal, x.shape)

    def lr_adjust(self, x):
        return x * (self.rms_rate * math.sqrt(max(_as_matrix(x.shape))))


def _as_matrix(shape) -> tuple[int, int]:
    """Rows and columns of a kernel of this shape: inputs of a filter, filters."""
    return math.prod(shape[:-1]), shape[-1]


def make_optimizer(
    config: TrainConfig, steps_per_epoch: int, first_epoch: int = 0, first_step: int = 0
) -> keras.optimizers.Optimizer:
    """Make the optimizer of a training configuration.

    Args:
        config: the configuration.
        steps_per_epoch: number of updates of an epoch.
        first_epoch, first_step: numbers of epochs and steps of the earlier phases. The schedule begins after them.
    """
    rate = Schedule(
        config.learning_rate,
        config.schedule,
        config.warmup,
        (config.epochs - first_epoch) * steps_per_epoch,
        steps_per_epoch,
        config.decay,
        first_step,
    )
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(rate)
    if config.optimizer == "muon":
        return Muon(rate, adam_beta_1=config.beta_1, adam_beta_2=config.beta_2)
    return adam.Adam(rate, beta_1=config.beta_1, beta_2=config.beta_2, epsilon=1e-8)
