"""The app under load: 32 clients for a minute, with one bad request in ten (`python -m benchmarks load`)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_many_clients_get_their_pictures_or_a_message_and_memory_does_not_grow(tmp_path):
    file = tmp_path / "load.json"
    options = ["--clients", "32", "--seconds", "60", "--bad", "0.1", "--json", str(file)]
    done = subprocess.run([sys.executable, "-m", "benchmarks", "load", *options], cwd=ROOT, timeout=600)
    found = json.loads(file.read_text())["results"]["app"]
    assert found["failed"] == "no", found
    assert found["status 5xx"] == 0
    assert found["right"] > 32 and found["refused"] > 0
    assert found["standard error"] == ""
    assert done.returncode == 0
    # Resident memory in MB does not grow after the first sixth of the time.
    _, early, _ = found["seconds, memory MB, pictures MB"][1]
    assert found["memory at the end, MB"] - early < 50
