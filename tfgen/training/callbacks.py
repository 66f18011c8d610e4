"""What is written while a run trains, as ordinary Keras callbacks: each takes the epoch's row and does one thing."""

import sys
from numbers import Real
from typing import Any

import keras
import tensorflow as tf
from tqdm import tqdm

from tfgen.config import TrainConfig
from tfgen.files import replacing
from tfgen.models.contract import GenerativeModel
from tfgen.plots.curves import save_curves
from tfgen.plots.density import save_density
from tfgen.plots.grid import save_grid
from tfgen.runs.run import Run

GRID_SEED = 0
GRID_PICTURES = 64


class MetricsFile(keras.callbacks.Callback):
    """One JSON line an epoch, in `metrics.jsonl`."""

    def __init__(self, run: Run):
        super().__init__()
        self.run = run

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None):
        row = dict(logs or {})
        self.run.add_metrics({**row, "epoch": int(row["epoch"]), "step": int(row["step"]), "best": bool(row["best"])})


class TensorBoard(keras.callbacks.Callback):
    """Every number of the epoch's row as a TensorBoard scalar, over the steps."""

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


def is_drawn(epoch: int, train: TrainConfig) -> bool:
    """Whether pictures are made after that many epochs: every so many, or at 1, 2, 5, 10, 20, 50, …; and at the end."""
    if epoch == train.epochs:
        return True
    if train.sample_every:
        return epoch % train.sample_every == 0
    while epoch and epoch % 10 == 0:
        epoch //= 10
    return epoch in (1, 2, 5)


class BestModel(keras.callbacks.Callback):
    """`model.keras`, replaced by every epoch that is the best so far; unvalidated, by every epoch that is drawn."""

    def __init__(self, run: Run, validated: bool):
        super().__init__()
        self.run, self.validated = run, validated

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None):
        if logs and logs["best"] and (self.validated or is_drawn(epoch + 1, self.run.config.train)):
            with replacing(self.run.model_file) as fresh:
                self.model.save(fresh, include_optimizer=False)


class SampleGrids(keras.callbacks.Callback):
    """Pictures of the same 64 seeds at the start and along the way, in `samples/`; for points, the density."""

    def __init__(self, run: Run, points=None):
        super().__init__()
        self.run, self.points = run, points

    def on_train_begin(self, logs=None):
        if not any((self.run.path / "samples").iterdir()):
            self._draw(0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None):
        if is_drawn(epoch + 1, self.run.config.train):
            self._draw(epoch + 1)

    def _draw(self, epoch: int) -> None:
        model: GenerativeModel = self.model
        path = self.run.path / "samples" / f"epoch-{epoch:04d}.png"
        if not model.is_image:
            save_density(model, self.points, path)
            return
        save_grid(model.sample(GRID_PICTURES, seed=GRID_SEED).numpy(), path)
        if model.can("sample_pixels"):
            pixels = model.sample_pixels(GRID_PICTURES, seed=GRID_SEED).numpy()
            save_grid(pixels, path.with_name(f"{path.stem}-pixels.png"))


class Curves(keras.callbacks.Callback):
    """`curves.png`: every metric over the epochs, beside the yardstick. Drawn as seldom as the samples are."""

    def __init__(self, run: Run, baselines: dict[str, float]):
        super().__init__()
        self.run, self.baselines = run, baselines

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None):
        if is_drawn(epoch + 1, self.run.config.train):
            save_curves(self.run.metrics(), self.run.path / "curves.png", self.baselines)


class Progress(keras.callbacks.Callback):
    """On a terminal a bar over the whole training with the time left; otherwise one line an epoch."""

    def __init__(self, epochs: int, steps_per_epoch: int, step: int):
        super().__init__()
        self.epochs = epochs
        self.bar = tqdm(
            total=epochs * steps_per_epoch,
            initial=step,
            unit="step",
            file=sys.stderr,
            disable=not sys.stderr.isatty(),
            dynamic_ncols=True,
        )

    def on_train_batch_end(self, batch: int, logs=None):
        self.bar.update(batch - self.bar.n)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None):
        row = dict(logs or {})
        hidden = ("epoch", "step", "best", "seconds", "images_per_second", "learning_rate")
        shown = "  ".join(
            f"{name} {value:.4f}" for name, value in row.items() if name not in hidden and isinstance(value, Real)
        )
        if self.bar.disable:
            speed = f"{row['seconds']:.1f} s  {row['images_per_second']:.0f} images/s"
            print(f"epoch {epoch + 1}/{self.epochs}  {shown}  {speed}", flush=True)
        else:
            best = {name: value for name, value in row.items() if "loss" in name or "bits" in name or name == "modes"}
            self.bar.set_postfix({name: f"{value:.4f}" for name, value in best.items()})

    def on_train_end(self, logs=None):
        self.bar.close()
