"""Loaded models by name. One thread computes at a time."""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfgen.app.catalogue import Catalogue
from tfgen.errors import RunError

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run


class ModelCache:
    """Loads a model at its first use and keeps the most recently used models in memory.

    A lock lets only one thread compute at a time: TensorFlow uses all cores for one computation, so two computations at
    once would both take longer.

    Args:
        catalogue: catalogue of the names.
        capacity: number of models that stay in memory.
    """

    def __init__(self, catalogue: Catalogue, capacity: int = 4):
        self.catalogue, self.capacity = catalogue, capacity
        #: Models by (path of the run, time of the last change of the model file), least recently used first.
        self._models: OrderedDict[tuple, GenerativeModel] = OrderedDict()
        self._lock = threading.RLock()

    @contextlib.contextmanager
    def importing_tensorflow(self) -> Iterator[None]:
        """Import TensorFlow in a thread while the `with` block runs. The end of the block waits for the import."""
        thread = threading.Thread(target=self._import, name="tensorflow", daemon=True)
        thread.start()
        try:
            yield
        finally:
            # The import holds back everything that is written to standard error, so the block must not end before it.
            thread.join()

    def _import(self) -> None:
        from tfgen.startup import start_tensorflow

        with self._lock:
            start_tensorflow()

    @contextlib.contextmanager
    def using(self, name: str) -> "Iterator[GenerativeModel]":
        """Yield the model of that name. No other thread computes until the `with` block ends.

        Raises:
            RunError: if no model has that name, or the file of the model cannot be read.
        """
        run = self.catalogue.model_run(name)
        with self._lock:
            # Training replaces the file of the model. The time of the file tells the old model from the new one.
            key = (str(run.path), self._modification_time(run))
            if key not in self._models:
                for old in [old for old in self._models if old[0] == key[0]]:
                    del self._models[old]
                self._models[key] = run.load_model()
                while len(self._models) > self.capacity:
                    self._models.popitem(last=False)
            self._models.move_to_end(key)
            yield self._models[key]

    @staticmethod
    def _modification_time(run: "Run") -> int:
        try:
            return run.model_file.stat().st_mtime_ns
        except OSError:
            raise RunError(
                f"Expected the model of {run.path.name}. Received: no file; the model was removed a moment ago"
            ) from None
