"""The app under load: 32 clients for a minute, with one bad request in ten (`benchmarks/app_load.py`)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_many_clients_get_their_pictures_or_a_message_and_memory_does_not_grow():
    done = subprocess.run(
        [sys.executable, "benchmarks/app_load.py", "--clients", "32", "--seconds", "60", "--bad", "0.1"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
    )
    found = json.loads(done.stdout)
    answers = found["answers"]
    assert set(answers) == {"right", "refused", "status 5xx"}, answers
    assert answers["status 5xx"] == 0
    assert answers["right"] > 32 and answers["refused"] > 0
    assert found["standard error"] == ""
    assert done.returncode == 0
    # Resident memory in MB does not grow after the first sixth of the time.
    _, early, _ = found["seconds, resident MB, pictures MB"][1]
    assert found["resident, MB"]["at the end"] - early < 50
