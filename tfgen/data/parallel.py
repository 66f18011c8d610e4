"""Work on many picture files in several threads, with a progress bar."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from PIL import Image
from tqdm import tqdm

from tfgen.data.picture import bomb_errors

Result = TypeVar("Result")
#: Files of one task. Smaller tasks would cost more time than the work on small pictures.
CHUNK = 64


def in_chunks(work: Callable[[range], Result], count: int, title: str, size: int = CHUNK) -> Iterator[Result]:
    """Yield `work(positions)` of consecutive ranges of 0 … count − 1, in their order, from several threads.

    Threads and not processes: Pillow and zlib release Python's lock while they decode, and processes would import the
    user's program again. A bar on standard error shows the progress, if that is a terminal.

    Args:
        work: function of a range of at most `size` positions.
        count: number of positions.
        title: what the progress bar says.
        size: number of positions of a range.
    """
    # Pillow registers its formats at the first use, which is not safe in several threads.
    Image.init()
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    ranges = (range(start, min(start + size, count)) for start in range(0, count, size))
    with (
        bomb_errors(),
        ThreadPoolExecutor(workers) as executor,
        tqdm(total=count, desc=title, unit="picture", disable=None, leave=False) as bar,
    ):
        # A limited number of tasks is in flight, so that finished pictures do not pile up.
        waiting = deque((part, executor.submit(work, part)) for part in itertools.islice(ranges, 4 * workers))
        try:
            while waiting:
                part, future = waiting.popleft()
                result = future.result()
                if (following := next(ranges, None)) is not None:
                    waiting.append((following, executor.submit(work, following)))
                yield result
                bar.update(len(part))
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
