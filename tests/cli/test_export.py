import subprocess
import sys

import pytest

from tfgen.cli import export as command


def error_of(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        command.main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    (line,) = (line for line in capsys.readouterr().err.splitlines() if "error: " in line)
    return line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--to", "coreml"], "error: --to: expected one of saved_model, tflite, onnx. Received: 'coreml'"),
        ([], "--to"),
        (["--to", "saved_model", "--quantize", "int8"], "--quantize: expected with --to tflite only"),
        (
            ["--to", "tflite", "--quantize", "int4"],
            "error: --quantize: expected one of none, float16, dynamic-int8, int8. Received: 'int4'",
        ),
        (["--to", "tflite", "--batch", "0"], "error: --batch: expected an integer from 1 to 4096. Received: '0'"),
        (["--to", "tflite"], "error: Expected the folder of a run or one of the pretrained models digits-flow, "),
    ],
)
def test_a_wrong_option_is_reported_with_the_expected_value(arguments, expected, capsys):
    assert expected in error_of(capsys, "nowhere", *arguments)


def test_help_does_not_import_tensorflow():
    code = (
        "import sys\nfrom tfgen.cli import export as command\n"
        "try: command.main(['--help'])\n"
        "finally: assert not {'tensorflow', 'numpy', 'keras'} & set(sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert "--quantize" in finished.stdout


@pytest.mark.slow
def test_an_export_prints_the_table_of_the_comparison(tiny_run, tmp_path):
    finished = subprocess.run(
        [sys.executable, "-m", "tfgen", "export", str(tiny_run.path), "--to", "saved_model", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    assert "| saved_model/1 |" in finished.stdout
    assert (tmp_path / "saved_model" / "1" / "saved_model.pb").is_file()
