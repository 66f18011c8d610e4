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
        self._has_tensorflow = False

    def begin_import(self) -> None:
        """Begin to import TensorFlow in a thread of its own. After the import, a further call does nothing."""
        # Every page that is opened calls this method.
        if not self._has_tensorflow:
            threading.Thread(target=self.finish_import, name="tensorflow", daemon=True).start()

    def wait(self) -> None:
        """Wait for the end of the import or the computation that runs."""
        with self._lock:
            pass

    def finish_import(self) -> None:
        """Import TensorFlow, or wait until another thread has imported TensorFlow."""
        with self._lock:
            if not self._has_tensorflow:
                from tfgen.startup import start_tensorflow

                start_tensorflow(show_python=True)
                self._has_tensorflow = True

    @contextlib.contextmanager
    def using(self, name: str) -> "Iterator[GenerativeModel]":
        """Yield the model of that name. No other thread computes until the `with` block ends.

        Raises:
            RunError: if no model has that name, or the file of the model cannot be read.
        """
        run = self.catalogue.model_run(name)
        with self._lock:
            self.finish_import()
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
