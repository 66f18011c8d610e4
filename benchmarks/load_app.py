"""The app under load: several clients request samples at the same time, and a share of the requests is bad.

Every picture is compared byte by byte with the model's own picture of the seed. A bad request has to be refused.
"""

import contextlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT

#: Bad arguments of `sample`, and a part of the message that refuses them. None: the name of a model.
BAD = [
    (["no such model", 1, 0, 1.0], "does not exist"),
    (["../runs", 1, 0, 1.0], "does not exist"),
    ([None, 0, 0, 1.0], "count: expected"),
    ([None, 1000, 0, 1.0], "count: expected"),
    ([None, "x", 0, 1.0], "count: expected"),
    ([None, 1, 2**31, 1.0], "seed: expected"),
    ([None, 1, 0.5, 1.0], "seed: expected"),
    ([None, 1, 0, -1.0], "temperature: expected"),
    ([None, 1, 0, None], "temperature: expected"),
]


class App:
    """The program `app.py` in a process of its own."""

    def __init__(self, folder: Path):
        self.cache, self.log = folder, folder / "stderr"
        self.process = subprocess.Popen(
            [sys.executable, "app.py", "--port", "0", "--runs", str(folder / "runs")],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(folder)},
            stdout=subprocess.PIPE,
            stderr=self.log.open("wb"),
            text=True,
        )
        self.url = self.process.stdout.readline().split()[2]

    def resident(self) -> float:
        """Return the resident memory of the app in MB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)

    def cached(self) -> float:
        """Return the size of the cached pictures in MB."""
        total = 0
        for path in self.cache.glob("tfgen-app-*/**/*"):
            total += path.stat().st_size if path.is_file() else 0
        return round(total / 1e6, 2)

    def errors(self) -> str:
        """Return what the app wrote to standard error."""
        return self.log.read_text()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


class Counter:
    """Counts answers by kind. Several threads may count at the same time."""

    def __init__(self):
        self.counts, self._lock = {"right": 0, "refused": 0, "status 5xx": 0}, threading.Lock()

    def add(self, kind: str) -> None:
        with self._lock:
            self.counts[kind] = self.counts.get(kind, 0) + 1


@contextlib.contextmanager
def counting_failures(counter: Counter):
    """Count the statuses of 500 and more of all requests of gradio_client."""
    import httpx

    send = httpx.Client.send

    def counted(*args, **kwargs):
        response = send(*args, **kwargs)
        if response.status_code >= 500:
            counter.add("status 5xx")
        return response

    httpx.Client.send = counted
    try:
        yield
    finally:
        httpx.Client.send = send


def expected(models: list[str], seeds: int) -> dict[tuple[str, int], bytes]:
    """Return (model, seed) → the PNG that the app should send, for the seeds 0, 1, …"""
    import tfgen
    from tfgen.app.pictures import grid_picture, png_bytes

    found = {}
    for name in models:
        model = tfgen.load(name)
        for seed in range(seeds):
            found[name, seed] = png_bytes(grid_picture(model.sample(1, seed=seed)))
    return found


def visit(
    number: int, url: str, pictures: dict, share: float, until: float, folder: Path, counter: Counter
) -> list[float]:
    """Send requests until `until`, and return the seconds that each right answer took."""
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    client = Client(
        url,
        verbose=False,
        analytics_enabled=False,
        download_files=folder / str(number),
        httpx_kwargs={"timeout": 120},
    )
    rng, took, keys = random.Random(number), [], list(pictures)
    while time.monotonic() < until:
        name, seed = rng.choice(keys)
        if rng.random() < share:
            values, words = rng.choice(BAD)
            try:
                client.predict(values[0] or name, *values[1:], api_name="/sample")
                counter.add("bad request answered")
            except AppError as error:
                is_message = words in str(error) and "\n" not in str(error)
                counter.add("refused" if is_message else f"refused with another message: {error}")
            except Exception as error:
                counter.add(f"refused by {type(error).__name__}")
            continue
        started = time.monotonic()
        try:
            path, _ = client.predict(name, 1, seed, 1.0, api_name="/sample")
        except Exception as error:
            counter.add(f"no answer: {type(error).__name__}: {str(error)[:80]}")
            continue
        took.append(time.monotonic() - started)
        counter.add("right" if Path(path).read_bytes() == pictures[name, seed] else "wrong picture")
        Path(path).unlink()
    return took


def load(clients: int, seconds: float, share: float, models: list[str], seeds: int = 256) -> dict[str, Any]:
    """Let `clients` clients send requests for some seconds, a share of them bad, and return the results."""
    from concurrent.futures import ThreadPoolExecutor

    from gradio_client import Client

    pictures, counter = expected(models, seeds), Counter()
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder))
        try:
            memory = {"at the start": app.resident()}
            first = Client(app.url, verbose=False, analytics_enabled=False, download_files=Path(folder) / "first")
            for name in models:
                for seed in range(50):
                    first.predict(name, 1, seed, 1.0, api_name="/sample")
            memory["after 50 pictures of each model"] = app.resident()
            over_time: list[list[float]] = []
            ended = threading.Event()

            def watch() -> None:
                started = time.monotonic()
                while not ended.wait(seconds / 6):
                    over_time.append([round(time.monotonic() - started, 1), app.resident(), app.cached()])

            watching = threading.Thread(target=watch, daemon=True)
            watching.start()
            until = time.monotonic() + seconds
            with counting_failures(counter), ThreadPoolExecutor(clients) as pool:
                visits = [
                    pool.submit(visit, number, app.url, pictures, share, until, Path(folder), counter)
                    for number in range(clients)
                ]
                took = sorted(second for each in visits for second in each.result())
            ended.set()
            watching.join()
            memory["at the end"] = app.resident()
            errors = app.errors()
        finally:
            app.close()
    counts = counter.counts
    is_right = sum(counts.values()) == counts["right"] + counts["refused"] and not errors
    return {
        "clients": clients,
        "seconds": seconds,
        **counts,
        "answers a second": round(len(took) / seconds, 1),
        "median answer, s": round(statistics.median(took), 2),
        "95 %, s": round(took[int(0.95 * (len(took) - 1))], 2),
        "largest, s": round(took[-1], 2),
        **{f"memory {moment}, MB": value for moment, value in memory.items()},
        "seconds, memory MB, pictures MB": over_time,
        "standard error": errors,
        "failed": "no" if is_right else "yes",
    }
