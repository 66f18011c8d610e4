"""The training loop: one for one device, several, and several machines."""

import json
import math
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen import random
from tfgen.data.batches import Batches, evaluation_batches
from tfgen.errors import DivergedError, Interrupted, RunError
from tfgen.models.contract import GenerativeModel
from tfgen.models.optimizer_step import CompiledGradients

# Steps are run in chunks inside TensorFlow; after each, Python looks at the clock, the progress bar and Ctrl-C.
CHUNK_SECONDS = 0.5
EVALUATION_BATCH = 250


class Progress(tf.train.experimental.PythonState):
    """How far a run is, as its checkpoint keeps it beside the weights.

    Attributes:
        epoch: epochs that are complete.
        best: the best validation score so far.
        seconds: spent in the epoch that is not complete.
        metrics: running metrics of that epoch, [replicas][variables]. Their sum would not do: added up in another order
            after a restart, it would end in other bits.
    """

    def __init__(self):
        self.epoch, self.best, self.seconds = 0, math.inf, 0.0
        self.metrics: list[list[float]] = []

    def serialize(self) -> str:
        return json.dumps([self.epoch, self.best, self.seconds, self.metrics])

    def deserialize(self, string_value: str) -> None:
        self.epoch, self.best, self.seconds, self.metrics = json.loads(string_value)


class Loop:
    """Trains a compiled model on batches, validates it, and can be stopped and resumed at any step.

    Which batch comes at step t, and the noise of step t, follow from the seed and t. So the model, its optimizers and
    its `Progress` are all there is to save, and a resumed run is the uninterrupted one, bit for bit.

    With several workers each runs this loop in step with the others: whatever depends on a clock or a signal is agreed
    upon, and all read the metrics and save together, since that takes numbers from all of them.

    Args:
        model: compiled, built inside the scope of the strategy. The loop is made inside that scope too.
        batches: the training batches.
        validation: examples [n, …], or None.
        epochs: how far to train.
        folder: of the checkpoints.
        scratch: where to write them instead, on a worker that is not the chief.
        xla: whether the step is compiled with XLA.
        checkpoint_seconds: between checkpoints inside an epoch; at an epoch's end a sixth of it is enough.
        resume_hint: how to go on, for the message after Ctrl-C.
        all_reduce_mean: the means over the workers of a few numbers; see `DistributionContext.all_reduce_mean`.
        track: from the number of complete epochs to more entries for the epoch's row; see `tracking.tracker`.
    """

    def __init__(
        self,
        model: GenerativeModel,
        batches: Batches,
        validation: np.ndarray | None,
        epochs: int,
        folder: Path,
        *,
        scratch: Path | None = None,
        xla: bool = False,
        checkpoint_seconds: float = 60.0,
        resume_hint: str = "",
        all_reduce_mean: Callable[[Sequence[float]], Sequence[float]] = tuple,
        track: Callable[[int], dict[str, Any]] = lambda epoch: {},
    ):
        self.model, self.batches, self.validation, self.epochs = model, batches, validation, epochs
        self.checkpoint_seconds, self.resume_hint = checkpoint_seconds, resume_hint
        self.all_reduce_mean, self.track = all_reduce_mean, track
        self.strategy = tf.distribute.get_strategy()
        self.callbacks = keras.callbacks.CallbackList([], model=model)
        self.progress = Progress()
        self._run = self._compiled_run(xla)
        self._evaluate = self._compiled_evaluate()
        self._collect, self._spread = self._compiled_metrics()
        # A flat list, because TensorFlow does not look into the lists and dictionaries that Keras tracks.
        checkpoint = tf.train.Checkpoint(state=model.state, progress=self.progress)
        self.checkpoints = tf.train.CheckpointManager(checkpoint, str(folder), max_to_keep=1)
        self._written = tf.train.CheckpointManager(checkpoint, str(scratch), 1) if scratch else self.checkpoints
        self._stop: int | None = None

    # -- compiled parts -----------------------------------------------------------------------------------------------

    def _compiled_run(self, xla: bool) -> Callable:
        model, batches = self.model, self.batches
        replicas, step_on_batch = self.strategy.num_replicas_in_sync, model.train_step
        if xla and replicas == 1:
            step_on_batch = self._compiled_step()
        elif xla:
            # Replicas must meet outside of any function within a function.
            share = batches.at(0, 0, replicas)
            model.differentiate = CompiledGradients(model.optimizer_steps(), tf.TensorSpec(share.shape, share.dtype))

        # The models are written in TensorFlow's own operators; autograph would only slow their tracing.
        @tf.autograph.experimental.do_not_convert
        def replica_step():
            replicas, index = random.replica()
            return step_on_batch(batches.at(model.step, index, replicas))

        def one(done, _):
            results = self.strategy.run(replica_step)
            results = tf.nest.map_structure(
                lambda value: self.strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None), results
            )
            return done + 1, tf.reduce_all([tf.math.is_finite(value) for value in tf.nest.flatten(results)])

        @tf.function(autograph=False)
        def run(steps):
            start = (tf.constant(0, tf.int64), tf.constant(True))
            return tf.while_loop(lambda done, finite: (done < steps) & finite, one, start)[1]

        return run

    def _compiled_step(self) -> Callable:
        """The step as one XLA program, its noise drawn outside of it."""
        model, batch = self.model, self.batches.at(0)
        precomputed = random.PrecomputedNoise(model.train_step, tf.TensorSpec(batch.shape, batch.dtype))

        @tf.function(autograph=False, jit_compile=True)
        def step(examples, drawn):
            with precomputed.replay(drawn):
                return model.train_step(examples)

        return lambda examples: step(examples, precomputed.precompute(random.StepRng(model.seed, model.step)))

    def _compiled_evaluate(self) -> Callable:
        # Without XLA, which would draw other noise: a validation then says the same however a run is trained.
        model = self.model

        @tf.autograph.experimental.do_not_convert
        def replica_step(examples, mask):
            replicas, index = random.replica()
            if replicas > 1:
                shares = (replicas, mask.shape[0] // replicas)
                examples = tf.reshape(examples, (*shares, *examples.shape[1:]))[index]
                mask = tf.reshape(mask, shares)[index]
            model.test_step((examples, None, mask))

        @tf.function(autograph=False)
        def evaluate(examples, mask):
            self.strategy.run(replica_step, args=(examples, mask))

        return evaluate

    def _compiled_metrics(self) -> tuple[Callable, Callable]:
        """Functions that read the running metrics of every replica, [replicas, variables], and set them."""
        variables = [variable for tracker in self.model.metrics for variable in tracker.variables]

        def read():
            return tf.stack([tf.cast(variable.value, tf.float32) for variable in variables])[None]

        def write(values):
            _, index = random.replica()
            for variable, value in zip(variables, tf.unstack(values[index], len(variables)), strict=True):
                variable.assign(tf.cast(value, variable.dtype))

        @tf.function(autograph=False)
        def collect():
            if self.strategy.num_replicas_in_sync == 1:
                return read()
            return self.strategy.gather(self.strategy.run(read), axis=0)

        @tf.function(autograph=False)
        def spread(values):
            self.strategy.run(write, args=(values,))

        return collect, spread

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
        values, replicas = np.array(self.progress.metrics, np.float32), self.strategy.num_replicas_in_sync
        if len(values) != replicas:
            # The run goes on with another number of replicas: the sums are right, if not to the last bit.
            values = np.concatenate([values.sum(axis=0)[None], np.zeros((replicas - 1, values.shape[1]), np.float32)])
        self._spread(tf.constant(values))

    def save(self) -> None:
        """Write a checkpoint; it takes the old one's place once it is whole."""
        self.progress.metrics = self._collect().numpy().tolist()
        self._written.save(checkpoint_number=self.step)

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
        chunk = 1
        while self.progress.epoch < self.epochs:
            epoch = self.progress.epoch
            self.callbacks.on_epoch_begin(epoch)
            while (remaining := (epoch + 1) * per_epoch - self.step) > 0:
                steps = min(chunk, remaining)
                started = time.monotonic()
                finite = bool(self._run(tf.constant(steps, tf.int64)))
                elapsed = time.monotonic() - started
                self.progress.seconds += elapsed
                if not finite:
                    raise self._diverged()
                self.callbacks.on_train_batch_end(self.step)
                stop, due, elapsed = self.all_reduce_mean(
                    (self._stop is not None, time.monotonic() - saved > self.checkpoint_seconds, elapsed)
                )
                if stop or due:
                    self.save()
                    saved = time.monotonic()
                if stop:
                    raise Interrupted(
                        f"Stopped in epoch {epoch + 1} after {self.step} updates; nothing is lost. {self.resume_hint}"
                    )
                chunk = max(1, min(int(steps * CHUNK_SECONDS / max(elapsed, 1e-6)), 4 * steps))
            self._end_epoch(epoch)
            (due,) = self.all_reduce_mean((time.monotonic() - saved > self.checkpoint_seconds / 6,))
            if due or self.progress.epoch == self.epochs:
                self.save()
                saved = time.monotonic()

    def _end_epoch(self, epoch: int) -> None:
        seconds = self.progress.seconds
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
            row["best"] = score < self.progress.best or not math.isfinite(score)
            if row["best"]:
                self.progress.best = score if math.isfinite(score) else math.inf
            row |= {name: value for name, value in self._diagnose().items() if name not in row}
            row |= self.track(epoch + 1)
            self.progress.epoch = epoch + 1
            self.progress.seconds = 0.0
            self.callbacks.on_epoch_end(epoch, row)

    def _diagnose(self) -> dict[str, float]:
        """The model's diagnostics on the validation set, or without one on some of the training set."""
        if self.validation is not None:
            return {f"val_{name}": value for name, value in self.model.diagnostics(self.validation).items()}
        return self.model.diagnostics(self.batches.examples[:EVALUATION_BATCH].numpy())

    def evaluate(self, examples: np.ndarray) -> dict[str, float]:
        """Mean losses over a set of examples, shared by the replicas, the last short batch counted exactly."""
        self.model.reset_metrics()
        size = min(EVALUATION_BATCH, len(examples))
        size += -size % self.strategy.num_replicas_in_sync
        for batch, mask in evaluation_batches(examples, size):
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
            f"Expected finite losses. Received at step {self.step} (epoch {self.progress.epoch + 1}): "
            f"{', '.join(broken)}. "
            "A smaller --learning-rate or a --clip-norm often helps; the last checkpoint is untouched."
        )
