"""One step of training and of validation, the same for every family."""

import contextlib
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgen import random
from tfgen.errors import ConfigError
from tfgen.models.inputs import check_examples
from tfgen.models.labels import Labels
from tfgen.models.moving_average import MovingAverage
from tfgen.models.optimizer_step import OptimizerStep

# Added to the seed of the training noise. It separates the noise of validation from the noise of training.
EVALUATION = 0x5EED


class TrainingStep(Labels):
    """`train_step` and `test_step` of a generative model, for `fit` and for tfgen's own training loop.

    A training step is a list of `OptimizerStep`s. Its noise is a function of the model's seed and of the number of
    steps done, so that a resumed training equals an uninterrupted one. A family with other losses or with several
    optimizers overrides `optimizer_steps`.
    """

    #: Names of the losses and metrics of each example. The first one is minimized.
    loss_names: tuple[str, ...] = ("loss",)
    #: The one of `loss_names` whose value on the validation set selects the best epoch.
    selection_metric = "loss"
    #: Largest global norm of the gradient, or None for no clipping. Set by `compile`.
    clip_norm: float | None = None
    #: (optimizer step, batch, rng) → (losses, gradients). The training loop may replace it by compiled programs.
    differentiate: Callable

    seed: int
    optimizer: Any
    trackers: dict[str, keras.metrics.Metric]
    #: Number of rows since the start of the evaluation.
    evaluated_rows: keras.metrics.Sum
    average: MovingAverage | None
    losses_of: Callable
    event_shape: tuple
    levels: Any
    weights: Any
    trainable_variables: Any

    @property
    def communicates(self) -> bool:
        """Whether the losses use numbers of other replicas, which a program compiled with XLA cannot receive."""
        return False

    # -- variables ----------------------------------------------------------------------------------------------------

    @property
    def step(self) -> tf.Tensor:
        """Number of training steps done, scalar int64. It determines the noise of the next step."""
        return tf.cast(tf.convert_to_tensor(self.optimizer.iterations), tf.int64)

    @property
    def optimizers(self) -> list:
        """Every optimizer of the model."""
        return [self.optimizer]

    @property
    def state(self) -> list[tf.Variable]:
        """All variables that the next steps depend on: weights, moving averages and variables of the optimizers."""
        parts = [*self.weights, *(variable for optimizer in self.optimizers for variable in optimizer.variables)]
        return [variable.value for variable in parts]

    @property
    def optimized_variables(self) -> list:
        """The variables that `optimizer` updates."""
        return self.trainable_variables

    @property
    def averaged_variables(self) -> list:
        """The variables whose moving average the model keeps if `ema` > 0."""
        return self.trainable_variables

    def averaged_weights(self) -> contextlib.AbstractContextManager:
        """Context manager that gives the model its averaged weights. Without averages, the weights do not change."""
        if self.average is None:
            return contextlib.nullcontext()
        return self.average.swapped(self.averaged_variables)

    # -- training -----------------------------------------------------------------------------------------------------

    def optimizer_steps(self) -> list[OptimizerStep]:
        """The optimizer steps of one training step, in order."""
        return [
            OptimizerStep(
                lambda rng, examples, *label: self.losses_of(examples, rng, training=True, **self.given(*label)),
                self.loss_names[0],
                self.optimizer,
                self.optimized_variables,
            )
        ]

    def split_data(self, data) -> tuple[tuple[Any, ...], Any]:
        """Split the data of a Keras step, examples or (examples, labels, weights), into (batch, weights).

        The batch holds the labels only if the model is conditional.

        Raises:
            ConfigError: if the model is conditional and the data have no labels.
        """
        examples, labels, weight = keras.utils.unpack_x_y_sample_weight(data)
        examples = check_examples(examples, self.event_shape, self.levels)
        if not self.is_conditional:
            return (examples,), weight
        if labels is None:
            raise ConfigError("Expected pairs (examples, labels) for a conditional model. Received: examples only")
        return (examples, tf.cast(labels, tf.int32)), weight

    def update(self, *batch) -> dict[str, tf.Tensor]:
        """Do one training step on this replica's batch; return the losses of each example, [n] each.

        Args:
            *batch: examples [n, *event_shape] and, for a conditional model, labels int32 [n].
        """
        losses: dict[str, tf.Tensor] = {}
        with random.StepRng(self.seed, self.step) as rng:
            for optimizer_step in self.optimizer_steps():
                optimizer_step.before_step()
                found, gradients = self.differentiate(optimizer_step, optimizer_step.select(batch), rng)
                optimizer_step.apply(gradients, self.clip_norm)
                losses |= found
        if self.average is not None:
            self.average.update(self.averaged_variables, self.step)
        return losses

    def train_step(self, data) -> dict[str, tf.Tensor]:
        """Do one training step on examples, or on a tuple (examples, labels); return the mean metrics.

        A model that is not conditional ignores the labels.
        """
        batch, _ = self.split_data(data)
        return self._track(self.update(*batch))

    def test_step(self, data) -> dict[str, tf.Tensor]:
        """Compute the losses of a batch and return the mean metrics. A sample weight weighs the rows, if given.

        The noise of a batch depends on its position in the evaluation, and not on the weights.
        """
        (examples, *label), weight = self.split_data(data)
        # The number of rows evaluated so far serves as the step of the noise, so that every evaluation has the same
        # noise. On several replicas, each counts its own rows only.
        replicas, _ = random.replica()
        evaluated = replicas * tf.cast(tf.convert_to_tensor(self.evaluated_rows.result()), tf.int64)
        self.evaluated_rows.update_state(tf.cast(random.rows(examples), tf.float32))
        with random.StepRng(self.seed + EVALUATION, evaluated) as rng:
            return self._track(self.losses_of(examples, rng, **self.given(*label)), weight)

    def reset_metrics(self) -> None:
        """Set the metrics to their start, and the position in the evaluation to its first row."""
        for metric in (*self.trackers.values(), self.evaluated_rows):
            metric.reset_state()

    def _track(self, losses: dict[str, tf.Tensor], weight=None) -> dict[str, tf.Tensor]:
        for name, tracker in self.trackers.items():
            tracker.update_state(losses[name], sample_weight=weight)
        return {name: tracker.result() for name, tracker in self.trackers.items()}
