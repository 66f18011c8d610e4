"""What commands do not do unless they are asked: import packages that they do not need, and open the network."""

import json
import subprocess
import sys

import pytest

from tfgen.cli.main import modules

#: Packages that take seconds to import, or that only one command needs.
OTHERS = ("gradio", "kserve", "onnxruntime", "tf2onnx", "datasets", "tensorflow_datasets", "playwright")
HEAVY = (*OTHERS, "tensorflow", "keras", "tensorflow_probability", "numpy", "matplotlib", "PIL", "sklearn")
PROGRAM = """
import contextlib, io, json, sys
asked = []
def hook(event, arguments):
    # Address families other than those of the internet, such as sockets of the file system, are no network.
    if event in ("socket.getaddrinfo", "socket.gethostbyname") or (
        event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple)
    ):
        asked.append(f"{event} {arguments}")
sys.addaudithook(hook)
from tfgen.cli.main import main
for line in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            main(line)
        except SystemExit as stop:
            assert not stop.code, (line, stop.code)
print(json.dumps([asked, sorted(set(sys.modules) & set(json.loads(sys.argv[2])))]))
"""


def asked_and_imported(lines, packages, folder):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(lines), json.dumps(packages)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_help_imports_no_heavy_package_and_opens_no_network(tmp_path):
    # The methods of benchmark-modes are in modules that need NumPy.
    lines = [[name, "--help"] for name in modules() if name != "benchmark-modes"]
    assert asked_and_imported([*lines, ["models"], ["--help"]], HEAVY, tmp_path) == [[], []]


LINES = {
    "use": [["data", "show", "digits"], ["sample", "digits-vae", "--n", "4"], ["encode", "digits-vae", "digits"]],
    "measure": [
        ["evaluate", "digits-vae", "--only", "likelihood", "--first", "50"],
        ["compare", "digits-vae", "digits-flow", "--recorded"],
        ["train", "--model", "vae", "--hidden", "8", "--epochs", "1", "--steps-per-epoch", "1"],
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("lines", LINES)
def test_commands_open_no_network_and_import_no_package_of_other_commands(lines, tmp_path):
    assert asked_and_imported(LINES[lines], OTHERS, tmp_path) == [[], []]
