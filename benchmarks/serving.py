"""A server under load: python -m benchmarks.serving EXPORT_DIR [--requests 1000] [--malformed 100] [--clients 16]

Starts `serving.server` on free ports, lets the clients ask it at once over HTTP (each for one picture, each in its own
connection, as fast as it is answered), mixes malformed requests among theirs, and compares every answer with the
picture that the SavedModel makes of that seed in this process. Prints one JSON object; ends with status 1 if an answer
was wrong, the server failed (5xx, or no answer), or a malformed request was not refused with a message. The clients
share the machine with the server.
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import requests

from tfgen.serving.saved_model import SavedModel
from tfgen.startup import start_tensorflow

# The largest difference of two pictures of one seed, as between two numbers of threads.
TOLERANCE = 1e-5
MALFORMED = [
    b"{nope",
    b"[" * 5000,
    b"[1, 2]",
    b"{}",
    b'{"instances": []}',
    b'{"instances": [{"seed": 1}]}',
    b'{"inputs": {"seed": ["1"], "temperature": [1.0]}}',
    b'{"inputs": {"seed": [1.5], "temperature": [1.0]}}',
    b'{"inputs": {"seed": [[1]], "temperature": [1.0]}}',
    b'{"inputs": {"seed": [1, 2], "temperature": [1.0]}}',
    b'{"inputs": {"seed": [1], "temperature": [NaN]}}',
    b'{"inputs": {"seed": [1], "temperature": [1e39]}}',
    b'{"inputs": {"seed": [99999999999], "temperature": [1.0]}}',
    b'{"signature_name": "draw", "inputs": {"seed": [1], "temperature": [1.0]}}',
    b'{"signature_name": "decode", "inputs": [[1.0, 2.0], [3.0]]}',
    json.dumps({"inputs": {"seed": [1] * 5000, "temperature": [1.0] * 5000}}).encode(),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export", help="folder that tfgen export wrote")
    parser.add_argument("--requests", type=int, default=1000, help="well-formed ones [1000]")
    parser.add_argument("--malformed", type=int, default=100, help="others among them [100]")
    parser.add_argument("--clients", type=int, default=16, help="at once [16]")
    options = parser.parse_args()
    start_tensorflow(probability=False)
    model = SavedModel(options.export)
    expected = [
        model.call("sample", {"seed": [seed], "temperature": [1.0]})["images"][0] for seed in range(options.requests)
    ]
    with running_server(options.export) as url:
        result = load(url, expected, options)
    print(json.dumps({"export": Path(options.export).name, "cores": os.cpu_count(), **result}, indent=2))
    sys.exit(bool(result["wrong"] or result["failed"] or result["malformed_not_refused"]))


class running_server:
    """A server in a process of its own, in a `with` block; gives the address of its predict call."""

    def __init__(self, export: str):
        command = [sys.executable, "-m", "tfgen", "serve", export, "--port=0", "--grpc-port=0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> str:
        for line in self.process.stdout:
            if found := re.search(r"http://\S+:predict", line):
                return found.group()
        raise SystemExit("The server did not start.")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=30)


def load(url: str, expected: list[np.ndarray], options) -> dict:
    """Ask for every seed's picture from several threads; counts, throughput and latencies."""
    tasks: list[int | bytes] = [*range(options.requests)]
    tasks += [MALFORMED[index % len(MALFORMED)] for index in range(options.malformed)]
    random.Random(0).shuffle(tasks)
    local = threading.local()

    def ask(task):
        if not hasattr(local, "session"):
            local.session = requests.Session()
        body = task
        if isinstance(task, int):
            body = json.dumps({"signature_name": "sample", "inputs": {"seed": [task], "temperature": [1.0]}})
        started = time.perf_counter()
        try:
            response = local.session.post(url, data=body, timeout=60)
        except requests.RequestException as error:
            print(error, file=sys.stderr)
            return task, None, b"", 0.0
        return task, response.status_code, response.content, time.perf_counter() - started

    with ThreadPoolExecutor(options.clients) as clients:
        started = time.perf_counter()
        answers = list(clients.map(ask, tasks))
        elapsed = time.perf_counter() - started

    differences, latencies, wrong, failed, let_through = [], [], 0, 0, 0
    for task, status, content, seconds in answers:
        if status is None or status >= 500:
            failed += 1
        elif isinstance(task, bytes):
            let_through += not (400 <= status < 500 and json.loads(content).get("error"))
        elif status != 200:
            wrong += 1
        else:
            picture = np.asarray(json.loads(content)["outputs"], np.float32)[0]
            differences.append(float(np.abs(picture - expected[task]).max()))
            wrong += differences[-1] > TOLERANCE
            latencies.append(1000 * seconds)
    latencies.sort()
    return {
        "clients": options.clients,
        "requests": options.requests,
        "malformed": options.malformed,
        "wrong": wrong,
        "failed": failed,
        "malformed_not_refused": let_through,
        "largest_difference": max(differences, default=None),
        "requests_per_second": round(len(answers) / elapsed, 1),
        "latency_ms": {
            "median": round(statistics.median(latencies), 1),
            "p99": round(float(np.percentile(latencies, 99)), 1),
            "max": round(latencies[-1], 1),
        }
        if latencies
        else None,
    }


if __name__ == "__main__":
    main()
