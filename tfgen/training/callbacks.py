"""Keras callbacks that write the files of a run while it trains. Each receives the epoch's row and does one thing."""

import math
from numbers import Real
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.config import TrainConfig
from tfgen.files import atomic_write
from tfgen.models.contract import GenerativeModel
from tfgen.plots.curves import save_curves
from tfgen.plots.density import save_density
from tfgen.plots.grid import save_grid
from tfgen.runs.run import Run

#: First seed and number of the images of a sample grid.
GRID_SEED, GRID_IMAGES = 0, 64
#: Number of images of a class in the grid of a conditional model, and largest number of classes.
GRID_COLUMNS, GRID_CLASSES = 8, 20


def is_sampled(epoch: int, train: TrainConfig) -> bool:
    """Whether samples are drawn after this epoch.

    Samples are drawn after every `sample_every`-th epoch; if that is 0, after the epochs 1, 2, 5, 10, 20, 50, …; and
    after the last epoch.

    Args:
        epoch: number of complete epochs.
        train: configuration of the training.
    """
    if epoch == train.epochs:
        return True
    if train.sample_every:
        return epoch % train.sample_every == 0
    while epoch and epoch % 10 == 0:
        epoch //= 10
    return epoch in (1, 2, 5)


class MetricsFile(keras.callbacks.Callback):
    """Appends the row of each epoch to `metrics.jsonl`. Infinity and NaN, which JSON does not have, are left out."""

    def __init__(self, run: Run):
        super().__init__()
        self.run = run

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None):
        row = {k: v for k, v in (logs or {}).items() if not isinstance(v, float) or math.isfinite(v)}
        self.run.add_metrics({**row, "epoch": int(row["epoch"]), "step": int(row["step"]), "best": bool(row["best"])})


class TensorBoard(keras.callbacks.Callback):
    """Writes every number of the epoch's row as a TensorBoard scalar, over the steps."""

    def __init__(self, run: Run):
        super().__init__()
        self.writer = tf.summary.create_file_writer(str(run.path / "tensorboard"))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None):
        row = dict(logs or {})
        step = int(row.pop("step"))
        with self.writer.as_default(step=step):
            for name, value in row.items():
                if isinstance(value, Real):
                    tf.summary.scalar(name, float(value))
        self.writer.flush()


class BestModel(keras.callbacks.Callback):
    """Saves the model to `model.keras` after every epoch that is the best so far.

    Args:
        run: the run.
        validated: whether epochs have a validation score. Without a score, every epoch counts as the best, and the
            model is saved only after the epochs for which `is_sampled` holds.
    """

    def __init__(self, run: Run, validated: bool):
        super().__init__()
        self.run, self.validated = run, validated

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None):
        if logs and logs["best"] and (self.validated or is_sampled(epoch + 1, self.run.config.train)):
            with atomic_write(self.run.model_file) as temporary:
                self.model.save(temporary, include_optimizer=False)


class SampleGrids(keras.callbacks.Callback):
    """Saves images of the same 64 seeds to `samples/`, before the first epoch and when `is_sampled` holds.

    Args:
        run: the run.
        points: test examples of a data set of points [n, 2], for which the density is drawn instead; None for images.
    """

    def __init__(self, run: Run, points=None):
        super().__init__()
        self.run, self.points = run, points

    def on_train_begin(self, logs=None):
        folder = self.run.path / "samples"
        folder.mkdir(exist_ok=True)
        # A training that was killed before its first step may have drawn some of the pictures.
        if int(self.model.optimizer.iterations.numpy()) == 0 or not any(folder.iterdir()):
            self._draw(0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None):
        if is_sampled(epoch + 1, self.run.config.train):
            self._draw(epoch + 1)

    def _draw(self, epoch: int) -> None:
        model: GenerativeModel = self.model
        path = self.run.path / "samples" / f"epoch-{epoch:04d}.png"
        if not model.is_image:
            save_density(model, self.points, path)
            return
        if model.is_conditional:
            self._draw_classes(path)
            return
        save_grid(model.sample(GRID_IMAGES, seed=GRID_SEED).numpy(), path)
        if model.can("sample_pixels"):
            pixels = model.sample_pixels(GRID_IMAGES, seed=GRID_SEED).numpy()
            save_grid(pixels, path.with_name(f"{path.stem}-pixels.png"))

    def _draw_classes(self, path: Path) -> None:
        """Draw a row of each class, of the same seeds, of at most `GRID_CLASSES` classes."""
        model: GenerativeModel = self.model
        classes = model.classes[:GRID_CLASSES]
        rows = [model.sample(GRID_COLUMNS, seed=GRID_SEED, label=label).numpy() for label in range(len(classes))]
        save_grid(np.concatenate(rows), path, columns=GRID_COLUMNS, names=classes)


class Curves(keras.callbacks.Callback):
    """Draws every metric over the epochs to `curves.png`, with the baselines, when `is_sampled` holds."""

    def __init__(self, run: Run, baselines: dict[str, float]):
        super().__init__()
        self.run, self.baselines = run, baselines

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None):
        if is_sampled(epoch + 1, self.run.config.train):
            save_curves(self.run.metrics(), self.run.path / "curves.png", self.baselines)
