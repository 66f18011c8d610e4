"""The app under load: python benchmarks/app_load.py [--clients 32] [--seconds 60] [--bad 0.1]

Starts the app and lets so many clients (gradio_client) sample from it at once, a share of their requests bad. Prints
one JSON object: answers and refusals, those that were wrong, statuses of 500 and more, seconds that an answer took,
resident memory of the app and bytes of its pictures along the way. Every answer is compared, byte for byte, with the
model's own picture of its seed. Exit status 1 if anything was wrong.
"""

import argparse
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: Arguments of `sample` that are refused, by what the sentence says.
BAD = [
    (["no such model", 1, 0, 1.0], "not there"),
    (["../runs", 1, 0, 1.0], "not there"),
    ([None, 0, 0, 1.0], "count: expected"),
    ([None, 1000, 0, 1.0], "count: expected"),
    ([None, "x", 0, 1.0], "count: expected"),
    ([None, 1, 2**31, 1.0], "seed: expected"),
    ([None, 1, 0.5, 1.0], "seed: expected"),
    ([None, 1, 0, -1.0], "temperature: expected"),
    ([None, 1, 0, None], "temperature: expected"),
]


class App:
    """`python app.py` in a process of its own."""

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
        """MB of its memory that are in use."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)

    def kept(self) -> float:
        """MB of the pictures that it keeps."""
        total = 0
        for path in self.cache.glob("tfgen-app-*/**/*"):
            total += path.stat().st_size if path.is_file() else 0
        return round(total / 1e6, 2)

    def complaints(self) -> str:
        """What it wrote to standard error."""
        return self.log.read_text()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


class Tally:
    """Counts what was said, by many threads."""

    def __init__(self):
        self.counts, self._turn = {"right": 0, "refused": 0, "status 5xx": 0}, threading.Lock()

    def add(self, what: str) -> None:
        with self._turn:
            self.counts[what] = self.counts.get(what, 0) + 1


@contextlib.contextmanager
def counting_failures(tally: Tally):
    """Count the statuses of 500 and more of whatever gradio_client asks."""
    import httpx

    send = httpx.Client.send

    def counted(*args, **kwargs):
        response = send(*args, **kwargs)
        if response.status_code >= 500:
            tally.add("status 5xx")
        return response

    httpx.Client.send = counted
    try:
        yield
    finally:
        httpx.Client.send = send


def expected(models: list[str], seeds: int) -> dict[tuple[str, int], bytes]:
    """The models' own pictures of the seeds 0, 1, …, as the app sends them."""
    from gradio.processing_utils import encode_pil_to_bytes

    import tfgen
    from tfgen.app.pictures import grid_picture

    found = {}
    for name in models:
        model = tfgen.load(name)
        for seed in range(seeds):
            found[name, seed] = encode_pil_to_bytes(grid_picture(model.sample(1, seed=seed)), "png")
    return found


def visit(number: int, url: str, pictures: dict, share: float, until: float, folder: Path, tally: Tally) -> list[float]:
    """Ask until it is time; the seconds that each good answer took."""
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    client = Client(
        url,
        verbose=False,
        analytics_enabled=False,
        download_files=folder / str(number),
        httpx_kwargs={"timeout": 120},
    )
    dice, took, asked = random.Random(number), [], list(pictures)
    while time.monotonic() < until:
        name, seed = dice.choice(asked)
        if dice.random() < share:
            values, words = dice.choice(BAD)
            try:
                client.predict(values[0] or name, *values[1:], api_name="/sample")
                tally.add("bad, but answered")
            except AppError as error:
                is_sentence = words in str(error) and "\n" not in str(error)
                tally.add("refused" if is_sentence else f"refused by another sentence: {error}")
            except Exception as error:
                tally.add(f"refused by {type(error).__name__}")
            continue
        started = time.monotonic()
        try:
            path, _ = client.predict(name, 1, seed, 1.0, api_name="/sample")
        except Exception as error:
            tally.add(f"no answer: {type(error).__name__}: {str(error)[:80]}")
            continue
        took.append(time.monotonic() - started)
        tally.add("right" if Path(path).read_bytes() == pictures[name, seed] else "wrong picture")
        Path(path).unlink()
    return took


def load(clients: int, seconds: float, share: float, models: list[str], seeds: int = 256) -> dict:
    """Let that many clients ask for that long, and say what came of it."""
    from concurrent.futures import ThreadPoolExecutor

    from gradio_client import Client

    pictures, tally = expected(models, seeds), Tally()
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder))
        try:
            memory = {"at the start": app.resident()}
            first = Client(app.url, verbose=False, analytics_enabled=False, download_files=Path(folder) / "first")
            for name in models:
                for seed in range(50):
                    first.predict(name, 1, seed, 1.0, api_name="/sample")
            memory["after 50 pictures of each model"] = app.resident()
            along: list[list[float]] = []
            ended = threading.Event()

            def watch() -> None:
                started = time.monotonic()
                while not ended.wait(seconds / 6):
                    along.append([round(time.monotonic() - started, 1), app.resident(), app.kept()])

            watching = threading.Thread(target=watch, daemon=True)
            watching.start()
            until = time.monotonic() + seconds
            with counting_failures(tally), ThreadPoolExecutor(clients) as pool:
                visits = [
                    pool.submit(visit, number, app.url, pictures, share, until, Path(folder), tally)
                    for number in range(clients)
                ]
                took = sorted(second for each in visits for second in each.result())
            ended.set()
            watching.join()
            memory["at the end"] = app.resident()
            complaints = app.complaints()
        finally:
            app.close()
    return {
        "clients": clients,
        "seconds": seconds,
        "answers": tally.counts,
        "answers a second": round(len(took) / seconds, 1),
        "seconds an answer took": {
            "median": round(statistics.median(took), 2),
            "95 %": round(took[int(0.95 * (len(took) - 1))], 2),
            "largest": round(took[-1], 2),
        },
        "resident, MB": memory,
        "seconds, resident MB, pictures MB": along,
        "standard error": complaints,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--bad", type=float, default=0.1, metavar="SHARE", help="of the requests [0.1]")
    parser.add_argument("--models", nargs="+", default=["mnist-vae", "digits-gan"], help="pretrained ones")
    options = parser.parse_args()
    found = load(options.clients, options.seconds, options.bad, options.models)
    print(json.dumps(found, indent=2))
    raise SystemExit(bool(sum(found["answers"].values()) - found["answers"]["right"] - found["answers"]["refused"]))


if __name__ == "__main__":
    main()
