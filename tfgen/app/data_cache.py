"""Test sets by run, so that a picture of a test set is shown without reading the data at each click."""

import json
import threading
from collections import OrderedDict

from tfgen.data.sets import ImageSet, PointSet
from tfgen.runs.run import Run


class TestSetCache:
    """Reads the data of a run at its first use and keeps the most recently used test sets in memory.

    Data that change while the app runs are read again only after the other test sets were used.

    Args:
        capacity: number of test sets that stay in memory.
    """

    #: pytest must not collect the class as tests.
    __test__ = False

    def __init__(self, capacity: int = 4):
        self.capacity = capacity
        #: Test sets by the options of their data, least recently used first.
        self._sets: OrderedDict[str, ImageSet | PointSet] = OrderedDict()
        self._lock = threading.Lock()

    def test_set(self, run: Run) -> ImageSet | PointSet:
        """Return the test set of a run's data. Nothing is downloaded.

        Raises:
            DataError: if the data are not on this machine.
        """
        key = json.dumps(run.config.data.to_dict(), sort_keys=True, default=str)
        with self._lock:
            if key not in self._sets:
                self._sets[key] = run.local_dataset.test
                while len(self._sets) > self.capacity:
                    self._sets.popitem(last=False)
            self._sets.move_to_end(key)
            return self._sets[key]
