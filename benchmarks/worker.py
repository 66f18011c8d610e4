"""A process that measures one task of one network: python -m benchmarks.worker ENGINE TASK NETWORK

The first line of its standard output is a JSON object of facts, such as the number of weights. Then, for each JSON line
{"run": name, "count": n, "calls": m} on standard input, it calls the named function m times with n and answers
{"wall": …, "processor": …}, the seconds of all calls. For {"memory": true} it answers {"bytes": …}, its largest
resident memory. Between two requests the process waits, so that the processes of two engines can be measured strictly
in turn.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path

from benchmarks.networks import Network

#: (engine, task) → module with a function `prepare(network) -> (facts, {name: function of a count})`.
TASKS = {
    ("tfgen", "training"): "benchmarks.ours.training",
    ("tfgen", "sampling"): "benchmarks.ours.sampling",
    ("torch", "training"): "benchmarks.peer.training",
    ("torch", "sampling"): "benchmarks.peer.sampling",
}


def main(argv: list[str]) -> None:
    # Libraries print to standard output too, which would break the protocol.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    engine, task, network = argv
    facts, functions = importlib.import_module(TASKS[engine, task]).prepare(Network.from_json(network))
    print(json.dumps({**facts, "functions": list(functions)}), file=answers)
    for line in sys.stdin:
        request = json.loads(line)
        if "memory" in request:
            answer = {"bytes": largest_memory()}
        else:
            wall, processor = time.perf_counter(), time.process_time()
            for _ in range(request["calls"]):
                functions[request["run"]](request["count"])
            answer = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
        print(json.dumps(answer), file=answers)


def largest_memory() -> int:
    """Return the largest resident memory of this process so far, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


if __name__ == "__main__":
    main(sys.argv[1:])
