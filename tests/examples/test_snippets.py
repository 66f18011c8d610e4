"""The programs in other languages: run where an interpreter is at hand, and compared with real exports otherwise."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_requests_with_curl_are_answered(server):
    out = run("sh", str(EXAMPLES / "curl" / "requests.sh"), server.http).splitlines()
    assert out[0].startswith('{"status":"ok"')
    assert out[1].startswith('{"predictions":[[[[')
    assert out[2].startswith('{"model_name":"model","model_version":"10"')
    assert out[3].startswith('{"openapi":"3.')


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_javascript_shows_the_picture_of_the_seed(server, vae):
    out = run("node", str(EXAMPLES / "javascript" / "sample.mjs"), server.http, "7")
    shades = " .:-=+*#%@"
    shown = np.array([[shades.index(char) for char in line[::2]] for line in out.splitlines()])
    np.testing.assert_allclose(shown, vae.sample(1, seed=7).numpy()[0, ..., 0] * 9, atol=0.51)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "named"),
    [("android/Sampler.kt", r'"(\w+)" to (?:intArrayOf|floatArrayOf)'), ("ios/Sampler.swift", r'"(\w+)": withUnsafe')],
)
def test_the_snippets_name_the_inputs_and_outputs_of_an_exported_file(tflite, file, named):
    from ai_edge_litert.interpreter import Interpreter

    signatures = Interpreter(model_path=str(tflite)).get_signature_list()
    text = (EXAMPLES / file).read_text()
    assert {*re.findall(named, text)} == {*signatures["sample"]["inputs"]} == {"seed", "temperature"}
    assert signatures["sample"]["outputs"] == ["images"]
    assert '"images"' in text and '"sample"' in text
    details = Interpreter(model_path=str(tflite)).get_signature_runner("sample")
    inputs, outputs = details.get_input_details(), details.get_output_details()
    # The comment at the top of each file.
    assert (inputs["seed"]["dtype"], list(inputs["seed"]["shape"])) == (np.int32, [1])
    assert (inputs["temperature"]["dtype"], list(inputs["temperature"]["shape"])) == (np.float32, [1])
    assert len(outputs["images"]["shape"]) == 4 and outputs["images"]["dtype"] == np.float32


@pytest.mark.skipif(shutil.which("kotlinc") is None, reason="needs the Kotlin compiler")
def test_the_kotlin_has_no_syntax_error():
    # Without Android's classes, only names remain unresolved.
    done = subprocess.run(["kotlinc", str(EXAMPLES / "android" / "Sampler.kt")], capture_output=True, text=True)
    assert not re.search(r"error: (?!unresolved|cannot infer|cannot access)", done.stderr), done.stderr


@pytest.mark.skipif(shutil.which("swiftc") is None, reason="needs the Swift compiler")
def test_the_swift_has_no_syntax_error():
    run("swiftc", "-parse", str(EXAMPLES / "ios" / "Sampler.swift"))
