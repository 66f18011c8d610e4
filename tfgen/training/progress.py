"""The progress of a training on standard error or standard output, with the time left."""

import sys
import time
from numbers import Real
from typing import Any

import keras
from tqdm import tqdm

from tfgen.training.plan_text import duration

#: Seconds without a line after which a line is printed inside an epoch, if there is no terminal.
QUIET_SECONDS = 30.0
#: Number of metrics for which a line and a bar have room. `metrics.jsonl` has all.
LINE_METRICS, BAR_METRICS = 4, 2


def main_metrics(row: dict[str, Any]) -> dict[str, float]:
    """The numbers of an epoch's row that tell its success: covered modes, bits per dimension, losses.

    The most important come first, and those of the validation before those of the training.
    """
    kinds = ("modes", "bits_per_dim", "loss", "generator_loss", "discriminator_loss")
    names = [prefix + kind for kind in kinds for prefix in ("val_", "")]
    return {name: float(row[name]) for name in names if isinstance(row.get(name), Real)}


class ProgressLine(keras.callbacks.Callback):
    """Shows the progress: on a terminal a bar over all steps, otherwise a line an epoch and at least every 30 seconds.

    Args:
        epochs: number of epochs of the run.
        last_step: number of steps at the end of the training.
        step: number of steps so far.
    """

    def __init__(self, epochs: int, last_step: int, step: int):
        super().__init__()
        self.epochs, self.last_step, self.step = epochs, last_step, step
        self.epoch = 0
        self._first_step, self._started = step, time.monotonic()
        self._printed_at = self._started
        self.bar = tqdm(
            total=last_step,
            initial=step,
            unit="step",
            file=sys.stderr,
            disable=not sys.stderr.isatty(),
            dynamic_ncols=True,
            bar_format="{desc}{percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} steps, {remaining} left{postfix}",
        )

    def on_epoch_begin(self, epoch: int, logs=None):
        self.epoch = epoch + 1
        self.bar.set_description_str(f"epoch {self.epoch}/{self.epochs} ", refresh=False)

    def on_train_batch_end(self, batch: int, logs=None):
        self.step = int(batch)
        self.bar.update(self.step - self.bar.n)
        if self.bar.disable and time.monotonic() - self._printed_at > QUIET_SECONDS:
            self._print(f"  step {self.step}/{self.last_step} of epoch {self.epoch}{self._time_left()}")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None):
        row = dict(logs or {})
        numbers = main_metrics(row)
        if self.bar.disable:
            metrics = "  ".join(f"{name} {value:.4f}" for name, value in list(numbers.items())[:LINE_METRICS])
            speed = f"{row['seconds']:.1f} s  {row['images_per_second']:.0f} images/s"
            self._print(f"epoch {epoch + 1}/{self.epochs}  {metrics}  {speed}{self._time_left()}")
        else:
            self.bar.set_postfix({name: f"{value:.4f}" for name, value in list(numbers.items())[:BAR_METRICS]})

    def on_train_end(self, logs=None):
        self.bar.close()

    def _time_left(self) -> str:
        """The time left, as the end of a line; empty before the first step and after the last one."""
        done, left = self.step - self._first_step, self.last_step - self.step
        if not done or not left:
            return ""
        return f"  {duration(left * (time.monotonic() - self._started) / done)} left"

    def _print(self, line: str) -> None:
        print(line, flush=True)
        self._printed_at = time.monotonic()
