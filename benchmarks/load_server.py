"""A server under load: concurrent clients, each with its own HTTP connection, send well-formed and malformed requests.

Every picture is compared with the one that the SavedModel computes in this process. A malformed request has to be
rejected with a message. The clients run on the same machine as the server.
"""

import json
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

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
    b'{"instances": [{"temperature": 1}]}',
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


def load(export: str, clients: int, requests: int, malformed: int) -> dict[str, Any]:
    """Start a server of an export, send all requests in random order, and return counts, throughput and latencies."""
    start_tensorflow(probability=False)
    model = SavedModel(export)
    expected = [model.call("sample", {"seed": [seed], "temperature": [1.0]})["images"][0] for seed in range(requests)]
    with running_server(export) as url:
        return send_all(url, expected, clients, malformed)


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


def send_all(url: str, expected: list[np.ndarray], clients: int, malformed: int) -> dict[str, Any]:
    """Send one request for each expected picture and malformed ones, from several threads."""
    tasks: list[int | bytes] = [*range(len(expected))]
    tasks += [MALFORMED[index % len(MALFORMED)] for index in range(malformed)]
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

    with ThreadPoolExecutor(clients) as pool:
        started = time.perf_counter()
        responses = list(pool.map(send, tasks))
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
        "clients": clients,
        "requests": len(expected),
        "malformed": malformed,
        "wrong": wrong,
        "no response or status 5xx": failed,
        "malformed, not refused": accepted,
        "largest difference": max(differences, default=None),
        "responses a second": round(len(responses) / elapsed, 1),
        "median, ms": round(statistics.median(latencies), 1) if latencies else None,
        "99 %, ms": round(float(np.percentile(latencies, 99)), 1) if latencies else None,
        "largest, ms": round(latencies[-1], 1) if latencies else None,
        "failed": "yes" if wrong or failed or accepted else "no",
    }
