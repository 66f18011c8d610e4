"""Loaded models, and one computation at a time."""

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


class Engine:
    """Models by name, loaded when first asked for; the ones used last stay in memory.

    TensorFlow uses all cores for one computation: two at once would both take longer, so they wait for each other here.

    Args:
        catalogue: where the names come from.
        keep: how many models stay loaded.
    """

    def __init__(self, catalogue: Catalogue, keep: int = 4):
        self.catalogue, self.keep = catalogue, keep
        self._models: OrderedDict[tuple, GenerativeModel] = OrderedDict()
        self._turn = threading.RLock()

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """Imports TensorFlow beside the `with` block, so that the page need not wait for it nor it for the page."""
        thread = threading.Thread(target=self._import, name="tensorflow", daemon=True)
        thread.start()
        try:
            yield
        finally:
            # Until it is done, what is written to standard error is held back, messages of this block included.
            thread.join()

    def _import(self) -> None:
        from tfgen.startup import start_tensorflow

        with self._turn:
            start_tensorflow()

    @contextlib.contextmanager
    def using(self, name: str) -> "Iterator[GenerativeModel]":
        """The model of that name, for the length of a `with` block in which nothing else is computed.

        Raises:
            RunError: if there is no such model, or its file cannot be read.
        """
        run = self.catalogue.model_run(name)
        with self._turn:
            # A run in training replaces its file; the new one is another model.
            key = (str(run.path), self._changed(run))
            if key not in self._models:
                for old in [old for old in self._models if old[0] == key[0]]:
                    del self._models[old]
                self._models[key] = run.load_model()
                while len(self._models) > self.keep:
                    self._models.popitem(last=False)
            self._models.move_to_end(key)
            yield self._models[key]

    @staticmethod
    def _changed(run: "Run") -> int:
        try:
            return run.model_file.stat().st_mtime_ns
        except OSError:
            raise RunError(f"Expected the model of {run.path.name}. Received: none; it was removed just now") from None
