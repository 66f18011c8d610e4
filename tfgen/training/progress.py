"""The progress of a training on standard error or standard output, with the time left."""

import sys
import time
from numbers import Real
from typing import Any

import keras
from tqdm import tqdm

from tfgen.training.plan_text import duration

#: Entries of a row that are not printed after each epoch.
HIDDEN = ("epoch", "step", "best", "seconds", "images_per_second", "learning_rate")
#: Seconds without a line after which a line is printed inside an epoch, if there is no terminal.
QUIET_SECONDS = 30.0
#: Number of metrics for which a bar has room.
BAR_METRICS = 2


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
        numbers = {name: value for name, value in row.items() if name not in HIDDEN and isinstance(value, Real)}
        if self.bar.disable:
            metrics = "  ".join(f"{name} {value:.4f}" for name, value in numbers.items())
            speed = f"{row['seconds']:.1f} s  {row['images_per_second']:.0f} images/s"
            self._print(f"epoch {epoch + 1}/{self.epochs}  {metrics}  {speed}{self._time_left()}")
        else:
            main = [name for name in numbers if "bits" in name or "loss" in name or name == "modes"]
            # Validation first: the bar has room for few.
            main = sorted(main, key=lambda name: not name.startswith("val_"))[:BAR_METRICS]
            self.bar.set_postfix({name: f"{numbers[name]:.4f}" for name in main})

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
