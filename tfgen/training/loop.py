"""The training loop for one device, several devices and several machines."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.data.batches import Batches, evaluation_batches, padded_labels
from tfgen.data.sets import ImageSet, PointSet
from tfgen.errors import DivergedError, Interrupted
from tfgen.models.contract import GenerativeModel
from tfgen.training.checkpoints import Checkpoints, Progress
from tfgen.training.compiled import compile_evaluation, compile_metrics_access, compile_training
from tfgen.training.distributed.heartbeat import BETWEEN_CHUNKS, beat
from tfgen.training.stop_signals import handle_stop_signals

#: Duration of a chunk of steps. A chunk runs inside TensorFlow; between two chunks, Python updates the progress bar,
#: writes checkpoints and handles signals.
CHUNK_SECONDS = 0.5
#: Examples in an evaluation batch.
EVALUATION_BATCH = 250


class Loop:
    """Trains a compiled model on batches and validates it. Training can be stopped and resumed at any step.

    The batch and the noise of step t are functions of the seed and t. The variables of the model and of its optimizers
    and the `Progress` are therefore the complete state: a resumed run has the same bits as an uninterrupted run.

    With several workers, each worker runs this loop in step with the others. Decisions that depend on a clock or a
    signal are made from a mean over the workers. All workers read the metrics and save at the same time, because both
    need values from every worker.

    Args:
        model: compiled, built in the scope of the strategy. The loop has to be made in that scope too.
        batches: the training batches.
        validation: a set of examples (`ImageSet` or `PointSet`), with labels if the model is conditional; or None.
        epochs: number of epochs to train to.
        steps_per_epoch: number of steps of an epoch; None for one pass over the training set.
        first_epoch, first_step: numbers of epochs and steps of the earlier phases of the training.
        folder: of the checkpoints.
        scratch: folder to write checkpoints to instead, on a worker that is not the chief.
        xla: whether to compile the training step with XLA.
        bfloat16_products: whether the training step computes products in bfloat16, see `tfgen.products`.
        checkpoint_seconds: time between checkpoints inside an epoch. At the end of an epoch, a checkpoint is written if
            a sixth of this time has passed.
        resume_hint: sentence that says how to resume, for the message after Ctrl-C.
        all_reduce_mean: means over the workers of a few numbers; see `DistributionContext.all_reduce_mean`.
        track: function from the number of complete epochs to more entries of the epoch's row; see `tracking.tracker`.
    """

    def __init__(
        self,
        model: GenerativeModel,
        batches: Batches,
        validation: ImageSet | PointSet | None,
        epochs: int,
        folder: Path,
        *,
        steps_per_epoch: int | None = None,
        first_epoch: int = 0,
        first_step: int = 0,
        scratch: Path | None = None,
        xla: bool = False,
        bfloat16_products: bool = False,
        checkpoint_seconds: float = 60.0,
        resume_hint: str = "",
        all_reduce_mean: Callable[[Sequence[float]], Sequence[float]] = tuple,
        track: Callable[[int], dict[str, Any]] = lambda epoch: {},
    ):
        self.model, self.batches, self.validation, self.epochs = model, batches, validation, epochs
        self.steps_per_epoch = steps_per_epoch or batches.steps_per_epoch
        self.first_epoch, self.first_step = first_epoch, first_step
        self.checkpoint_seconds, self.resume_hint = checkpoint_seconds, resume_hint
        self.all_reduce_mean, self.track = all_reduce_mean, track
        self.strategy = tf.distribute.get_strategy()
        self.callbacks = keras.callbacks.CallbackList([], model=model)
        self.progress = Progress()
        self._run_steps = compile_training(model, batches, xla, bfloat16_products)
        self._evaluate_batch = compile_evaluation(model)
        self._read_running_metrics, self._write_running_metrics = compile_metrics_access(model)
        self.checkpoints = Checkpoints(model.state, self.progress, folder, scratch)
        self._saved_at = time.monotonic()
        self._stop_signal: int | None = None

    @property
    def step(self) -> int:
        """Number of updates so far."""
        return int(self.model.optimizer.iterations.numpy())

    def last_step(self, epoch: int) -> int:
        """Number of updates of the run at the end of an epoch, counted from 0."""
        return self.first_step + (epoch + 1 - self.first_epoch) * self.steps_per_epoch

    def run_steps(self, steps: int) -> bool:
        """Do some training steps without callbacks and checkpoints. Returns whether losses and weights are finite."""
        return bool(self._run_steps(tf.constant(steps, tf.int64)))

    def restore(self) -> None:
        """Restore the latest checkpoint. Raises `RunError` as `Checkpoints.restore`."""
        self.checkpoints.restore()
        values, replicas = np.array(self.progress.metrics, np.float32), self.strategy.num_replicas_in_sync
        if len(values) != replicas:
            # The number of replicas changed. One replica gets the sums, whose last bits may differ.
            values = np.concatenate([values.sum(axis=0)[None], np.zeros((replicas - 1, values.shape[1]), np.float32)])
        self._write_running_metrics(tf.constant(values))

    def save(self) -> None:
        """Write a checkpoint."""
        self.progress.metrics = self._read_running_metrics().numpy().tolist()
        self.checkpoints.save(self.step)
        self._saved_at = time.monotonic()

    def run(self, callbacks: Iterable[keras.callbacks.Callback] = ()) -> None:
        """Train from the current step to the last epoch.

        Args:
            callbacks: Keras callbacks. `on_epoch_end` receives the epoch's row as `logs`; `on_train_batch_end` is
                called after each chunk of steps with the number of updates so far.

        Raises:
            DivergedError: at the first step with a loss that is infinite or NaN, if a weight is, or if the validation
                score was after every epoch. The last checkpoint stays.
            Interrupted: after SIGINT or SIGTERM, with a checkpoint written.
        """
        self.callbacks = keras.callbacks.CallbackList(list(callbacks), model=self.model)
        with handle_stop_signals(self._ask_to_stop):
            beat(BETWEEN_CHUNKS)
            self.callbacks.on_train_begin()
            if self.step == 0:
                self.save()
            self._train()
            self.callbacks.on_train_end()
            beat(BETWEEN_CHUNKS)

    def _ask_to_stop(self, number, frame):
        """Signal handler: the loop stops after the current chunk; a second signal stops at once."""
        if self._stop_signal is not None:
            raise KeyboardInterrupt
        self._stop_signal = number

    def _train(self) -> None:
        self._saved_at = time.monotonic()
        # The first step is compiled.
        beat(BETWEEN_CHUNKS)
        chunk = 1
        while self.progress.epoch < self.epochs:
            epoch = self.progress.epoch
            self.callbacks.on_epoch_begin(epoch)
            while (remaining := self.last_step(epoch) - self.step) > 0:
                chunk = self._run_chunk(min(chunk, remaining))
            beat(BETWEEN_CHUNKS)
            self._end_epoch(epoch)
            (due,) = self.all_reduce_mean((time.monotonic() - self._saved_at > self.checkpoint_seconds / 6,))
            if due or self.progress.epoch == self.epochs:
                self.save()
            beat()
        if self._is_scored and self.progress.best == math.inf:
            raise DivergedError(
                f"Expected a finite val_{self.model.selection_metric} after some epoch. Received: infinity or NaN "
                "after each epoch, so that no epoch is the best one and no model was saved"
            )

    def _run_chunk(self, steps: int) -> int:
        """Run some steps, write a checkpoint if one is due, and return the number of steps of the next chunk."""
        started = time.monotonic()
        finite = self.run_steps(steps)
        elapsed = time.monotonic() - started
        self.progress.seconds += elapsed
        if not finite:
            raise self._diverged()
        self.callbacks.on_train_batch_end(self.step)
        stop, due, elapsed = self.all_reduce_mean(
            (self._stop_signal is not None, time.monotonic() - self._saved_at > self.checkpoint_seconds, elapsed)
        )
        beat()
        if stop or due:
            beat(BETWEEN_CHUNKS)
            self.save()
            beat()
        if stop:
            raise Interrupted(
                f"Stopped in epoch {self.progress.epoch + 1} after {self.step} updates; nothing is lost. "
                f"{self.resume_hint}"
            )
        return max(1, min(int(steps * CHUNK_SECONDS / max(elapsed, 1e-6)), 4 * steps))

    def _end_epoch(self, epoch: int) -> None:
        """Validate the model and pass the epoch's row to the callbacks."""
        seconds = self.progress.seconds
        row: dict[str, Any] = {
            "epoch": epoch + 1,
            "step": self.step,
            **self._take_metrics(),
            "learning_rate": float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            "seconds": round(seconds, 3),
            "images_per_second": round(self.steps_per_epoch * self.batches.batch_size / max(seconds, 1e-9), 1),
        }
        with self.model.averaged_weights():
            if self._is_scored and self.validation is not None:
                row |= {f"val_{name}": value for name, value in self.evaluate(self.validation).items()}
            row["best"] = self._is_best(row.get("val_" + self.model.selection_metric))
            row |= {name: value for name, value in self.diagnostics().items() if name not in row}
            row |= self.track(epoch + 1)
            self.progress.epoch = epoch + 1
            self.progress.seconds = 0.0
            self.callbacks.on_epoch_end(epoch, row)

    @property
    def _is_scored(self) -> bool:
        """Whether epochs have a validation score."""
        return self.validation is not None and self.model.can("log_prob")

    def _is_best(self, score: float | None) -> bool:
        """Whether a score is the lowest so far.

        Without a score, every epoch is the best. An epoch whose score is infinite or NaN is not.
        """
        if score is None:
            return True
        best = math.isfinite(score) and score < self.progress.best
        if best:
            self.progress.best = score
        return best

    def diagnostics(self) -> dict[str, float]:
        """The model's diagnostics on the validation set; without one, on the first training examples."""
        if self.validation is None:
            examples, *label = tf.nest.flatten(self.batches.first(EVALUATION_BATCH))
            return self.model.diagnostics(examples.numpy(), **self.model.given(*label))
        given = self.model.given(self.validation.labels) if self.model.is_conditional else {}
        found = self.model.diagnostics(self.validation.examples, **given)
        return {f"val_{name}": value for name, value in found.items()}

    def evaluate(self, examples: ImageSet | PointSet) -> dict[str, float]:
        """Mean losses over a set. Every example has the same weight, also in an incomplete last batch."""
        self.model.reset_metrics()
        size = min(EVALUATION_BATCH, len(examples))
        size += -size % self.strategy.num_replicas_in_sync
        for start, (batch, mask) in enumerate(evaluation_batches(examples.examples, size)):
            labels = padded_labels(examples.labels, start * size, size) if self.model.is_conditional else None
            self._evaluate_batch(batch, labels, mask)
        return self._take_metrics()

    def _metric_values(self) -> dict[str, float]:
        return {name: float(value) for name, value in self.model.get_metrics_result().items()}

    def _take_metrics(self) -> dict[str, float]:
        """The running metrics, which are reset."""
        values = self._metric_values()
        self.model.reset_metrics()
        return values

    def _diverged(self) -> DivergedError:
        not_finite = [f"{name} is {value}" for name, value in self._metric_values().items() if not math.isfinite(value)]
        return DivergedError(
            f"Expected finite losses and weights. Received at step {self.step} (epoch {self.progress.epoch + 1}): "
            f"{', '.join(not_finite) or 'a weight is infinite or NaN'}. "
            "A smaller --learning-rate or a --clip-norm often helps. The last checkpoint is unchanged."
        )
