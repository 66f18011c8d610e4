"""A server under load: python -m benchmarks.serving EXPORT_DIR [--requests 1000] [--malformed 100] [--clients 16]

Starts `tfgen serve` on free ports. Concurrent clients, each with its own HTTP connection, send requests for one picture
and malformed requests in random order, each as soon as it has received the response to the one before. Every picture is
compared with the one that the SavedModel computes in this process. Prints one JSON object. The exit status is 1 if a
response was wrong, the server failed (5xx, or no response), or a malformed request was not rejected with a message. The
clients run on the same machine as the server.
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

#: Largest allowed difference between two pictures of a seed. Different numbers of threads cause differences.
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
    parser.add_argument("export", help="Folder that tfgen export wrote.")
    parser.add_argument("--requests", type=int, default=1000, help="Well-formed requests [default: 1000].")
    parser.add_argument("--malformed", type=int, default=100, help="Malformed requests [default: 100].")
    parser.add_argument("--clients", type=int, default=16, help="Concurrent clients [default: 16].")
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
    """Context manager: a server in its own process; yields the URL of its predict call."""

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
    """Send all requests from several threads, and return counts, throughput and latencies."""
    tasks: list[int | bytes] = [*range(options.requests)]
    tasks += [MALFORMED[index % len(MALFORMED)] for index in range(options.malformed)]
    random.Random(0).shuffle(tasks)
    local = threading.local()

    def send(task):
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
        responses = list(clients.map(send, tasks))
        elapsed = time.perf_counter() - started

    differences, latencies, wrong, failed, accepted = [], [], 0, 0, 0
    for task, status, content, seconds in responses:
        if status is None or status >= 500:
            failed += 1
        elif isinstance(task, bytes):
            accepted += not (400 <= status < 500 and json.loads(content).get("error"))
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
        "malformed_not_refused": accepted,
        "largest_difference": max(differences, default=None),
        "requests_per_second": round(len(responses) / elapsed, 1),
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
