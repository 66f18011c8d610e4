"""The training loop: one for one device, several, and several machines."""

import math
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen import noise
from tfgen.data.batches import Batches, evaluation_batches
from tfgen.errors import DivergedError, Interrupted, RunError
from tfgen.models.contract import GenerativeModel

# Steps are run in chunks inside TensorFlow; after each, Python looks at the clock, the progress bar and Ctrl-C.
CHUNK_SECONDS = 0.5
CHECKPOINT_SECONDS = 60.0
EVALUATION_BATCH = 250


class Loop:
    """Trains a compiled model on batches, validates it, and can be stopped and resumed at any step.

    Which batch comes at step t, and the noise of step t, follow from the seed and t. So the model, its optimizers, its
    metrics and three numbers are all there is to save, and a resumed run is the uninterrupted one, bit for bit.

    Args:
        model: compiled, built inside the scope of the strategy.
        batches: the training batches.
        validation: examples [n, …], or None.
        epochs: how far to train.
        folder: for the checkpoints.
        xla: whether the step is compiled with XLA.
        resume_hint: how to go on, for the message after Ctrl-C.
    """

    def __init__(
        self,
        model: GenerativeModel,
        batches: Batches,
        validation: np.ndarray | None,
        epochs: int,
        folder: Path,
        *,
        xla: bool = False,
        resume_hint: str = "",
    ):
        self.model, self.batches, self.validation, self.epochs = model, batches, validation, epochs
        self.resume_hint = resume_hint
        self.strategy = tf.distribute.get_strategy()
        self.callbacks = keras.callbacks.CallbackList([], model=model)
        self.best = tf.Variable(math.inf, dtype=tf.float64, name="best")
        self.epoch = tf.Variable(0, dtype=tf.int64, name="epoch")
        self.seconds = tf.Variable(0.0, dtype=tf.float64, name="seconds")
        self._run = self._compiled_run(xla)
        self._evaluate = self._compiled_evaluate(xla)
        # A flat list, because TensorFlow does not look into the lists and dictionaries that Keras tracks.
        checkpoint = tf.train.Checkpoint(state=model.state, best=self.best, epoch=self.epoch, seconds=self.seconds)
        self.checkpoints = tf.train.CheckpointManager(checkpoint, str(folder), max_to_keep=1)
        self._stop: int | None = None

    # -- compiled parts -----------------------------------------------------------------------------------------------

    def _compiled_run(self, xla: bool) -> Callable:
        model, batches = self.model, self.batches
        # Replicas must meet outside of any function within a function: with several, neither XLA nor a nested one.
        several = self.strategy.num_replicas_in_sync > 1
        step_on_batch = self._compiled_step() if xla and not several else model.train_step

        # The models are written in TensorFlow's own operators; autograph would only slow their tracing.
        @tf.autograph.experimental.do_not_convert
        def replica_step():
            replicas, index = noise.replica()
            return step_on_batch(batches.at(model.step, index, replicas))

        @tf.function
        def run(steps):
            finite = tf.constant(True)
            for _ in tf.range(steps):
                if finite:
                    results = self.strategy.run(replica_step)
                    results = tf.nest.map_structure(
                        lambda value: self.strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None), results
                    )
                    finite = tf.reduce_all([tf.math.is_finite(value) for value in tf.nest.flatten(results)])
            return finite

        return run

    def _compiled_step(self) -> Callable:
        """The step as one XLA program, its noise drawn outside of it."""
        model, batch = self.model, self.batches.at(0)
        supply = noise.Supply(model.train_step, tf.TensorSpec(batch.shape, batch.dtype))

        @tf.function(autograph=False, jit_compile=True)
        def step(examples, drawn):
            with supply.given(drawn):
                return model.train_step(examples)

        return lambda examples: step(examples, supply.draw(model.seed, model.step))

    def _compiled_evaluate(self, xla: bool) -> Callable:
        model = self.model
        several = self.strategy.num_replicas_in_sync > 1
        test_step = tf.function(model.test_step, autograph=False, jit_compile=xla) if not several else model.test_step

        @tf.function(autograph=False)
        def evaluate(examples, mask):
            self.strategy.run(test_step, args=((examples, None, mask),))

        return evaluate

    # -- the loop -----------------------------------------------------------------------------------------------------

    @property
    def step(self) -> int:
        """Updates made so far."""
        return int(self.model.optimizer.iterations.numpy())

    def restore(self) -> None:
        """Go back to the last checkpoint. Raises `RunError` where there is none, or one that does not fit the model."""
        path = self.checkpoints.latest_checkpoint
        if path is None:
            raise RunError(f"Expected a checkpoint in {self.checkpoints.directory}. Found none.")
        try:
            self.checkpoints.checkpoint.restore(path).assert_consumed()
        except Exception as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise RunError(f"Expected a checkpoint of this run's model in {path}. Received: {reason}") from None

    def save(self) -> None:
        """Write a checkpoint; it takes the old one's place once it is whole."""
        self.checkpoints.save(checkpoint_number=self.step)

    def run(self, callbacks: Iterable[keras.callbacks.Callback] = ()) -> None:
        """Train from wherever the model is to the last epoch.

        Args:
            callbacks: Keras callbacks; `on_epoch_end` gets the epoch's row, `on_train_batch_end` comes after each chunk
                with the number of updates made so far.

        Raises:
            DivergedError: at the first step with a loss that is not finite; the last checkpoint stays.
            Interrupted: after SIGINT or SIGTERM, with everything saved.
        """
        self.callbacks = keras.callbacks.CallbackList(list(callbacks), model=self.model)
        handlers = {s: signal.signal(s, self._ask_to_stop) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            self.callbacks.on_train_begin()
            if self.step == 0:
                self.save()
            self._train()
            self.callbacks.on_train_end()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _ask_to_stop(self, number, frame):
        if self._stop is not None:
            raise KeyboardInterrupt
        self._stop = number

    def _train(self) -> None:
        per_epoch = self.batches.steps_per_epoch
        saved = time.monotonic()
        while int(self.epoch.numpy()) < self.epochs:
            epoch = int(self.epoch.numpy())
            self.callbacks.on_epoch_begin(epoch)
            chunk = 1
            while (remaining := (epoch + 1) * per_epoch - self.step) > 0:
                steps = min(chunk, remaining)
                started = time.monotonic()
                finite = bool(self._run(tf.constant(steps, tf.int64)))
                elapsed = time.monotonic() - started
                self.seconds.assign_add(elapsed)
                if not finite:
                    raise self._diverged()
                chunk = max(1, min(int(steps * CHUNK_SECONDS / max(elapsed, 1e-6)), 4 * steps))
                self.callbacks.on_train_batch_end(self.step)
                if self._stop is not None:
                    self.save()
                    raise Interrupted(
                        f"Stopped in epoch {epoch + 1} after {self.step} updates; nothing is lost. {self.resume_hint}"
                    )
                if time.monotonic() - saved > CHECKPOINT_SECONDS:
                    self.save()
                    saved = time.monotonic()
            self._end_epoch(epoch)
            if time.monotonic() - saved > CHECKPOINT_SECONDS / 6 or int(self.epoch.numpy()) == self.epochs:
                self.save()
                saved = time.monotonic()

    def _end_epoch(self, epoch: int) -> None:
        seconds = float(self.seconds.numpy())
        row: dict[str, Any] = {
            "epoch": epoch + 1,
            "step": self.step,
            **self._read_metrics(),
            "learning_rate": float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            "seconds": round(seconds, 3),
            "images_per_second": round(self.batches.steps_per_epoch * self.batches.batch_size / max(seconds, 1e-9), 1),
        }
        with self.model.averaged_weights():
            if self.validation is not None and self.model.can("log_prob"):
                row |= {f"val_{name}": value for name, value in self.evaluate(self.validation).items()}
            score = row.get("val_" + self.model.selection_metric, -math.inf)
            row["best"] = score < float(self.best.numpy()) or not math.isfinite(score)
            if row["best"]:
                self.best.assign(score if math.isfinite(score) else math.inf)
            self.epoch.assign(epoch + 1)
            self.seconds.assign(0.0)
            self.callbacks.on_epoch_end(epoch, row)

    def evaluate(self, examples: np.ndarray) -> dict[str, float]:
        """Mean losses over a set of examples, the last short batch counted exactly."""
        self.model.reset_metrics()
        for batch, mask in evaluation_batches(examples, min(EVALUATION_BATCH, len(examples))):
            self._evaluate(batch, mask)
        return self._read_metrics()

    def _read_metrics(self) -> dict[str, float]:
        values = {name: float(value) for name, value in self.model.get_metrics_result().items()}
        self.model.reset_metrics()
        return values

    def _diverged(self) -> DivergedError:
        values = {name: float(value) for name, value in self.model.get_metrics_result().items()}
        broken = [f"{name} is {value}" for name, value in values.items() if not math.isfinite(value)]
        return DivergedError(
            f"Expected finite losses. Received at step {self.step} (epoch {int(self.epoch.numpy()) + 1}): "
            f"{', '.join(broken)}. "
            "A smaller --learning-rate or a --clip-norm often helps; the last checkpoint is untouched."
        )
