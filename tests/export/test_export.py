import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tfgen.cli import export as command
from tfgen.errors import ConfigError, ExportError
from tfgen.export import onnx, parity, staging
from tfgen.export.export import examples_of, export
from tfgen.export.signatures import signatures
from tfgen.runs.run import Run


def contents(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def fast(monkeypatch):
    """Exports of `sample` alone, which is enough for what happens to the files."""
    from tfgen.export import export as module
    from tfgen.export.signatures import signatures

    monkeypatch.setattr(module, "signatures", lambda model, batch=None: {"sample": signatures(model, batch)["sample"]})


def test_everything_asked_for_is_put_in_place_and_nothing_else(exported):
    assert [name for name in contents(exported) if not name.startswith("saved_model/1/")] == [
        "MODEL_CARD.md",
        "parity.json",
        "tflite/model-dynamic-int8.tflite",
        "tflite/model-float16.tflite",
        "tflite/model-int8.tflite",
        "tflite/model.tflite",
    ]
    assert sorted(os.listdir(exported / "saved_model")) == ["1"]
    report = json.loads((exported / "parity.json").read_text())
    assert set(report["artefacts"]["saved_model/1"]["signatures"]) == {
        "sample", "interpolate", "decode", "encode", "reconstruct", "log_prob", "bits_per_dim"
    }  # fmt: skip
    assert report["examples"] == "test examples"
    assert report["versions"]["tensorflow"]


def test_a_second_export_is_the_next_version_beside_the_first(tiny_run, fast, tmp_path):
    (tmp_path / "saved_model" / "41").mkdir(parents=True)
    for version in ("42", "43"):
        assert list(export(tiny_run, ["saved_model"], tmp_path)) == [f"saved_model/{version}"]
    report = json.loads((tmp_path / "parity.json").read_text())
    assert list(report["artefacts"]) == ["saved_model/42", "saved_model/43"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ExportError("past its bound")])
def test_an_export_that_fails_or_is_interrupted_leaves_everything_as_it_was(
    tiny_run, fast, tmp_path, monkeypatch, stop
):
    export(tiny_run, ["saved_model"], tmp_path)
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in contents(tmp_path)}

    def fail(*_):
        raise stop

    monkeypatch.setattr(parity, "check", fail)
    with pytest.raises((KeyboardInterrupt, ExportError)):
        export(tiny_run, ["saved_model"], tmp_path)
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in contents(tmp_path)} == before
    assert sorted(os.listdir(tmp_path)) == ["MODEL_CARD.md", "parity.json", "saved_model"]


def test_a_model_that_does_not_answer_alike_is_not_exported(tiny_run, fast, tmp_path, monkeypatch):
    reference = parity.reference
    monkeypatch.setattr(parity, "reference", lambda *asked: reference(*asked) + 1e-3)
    with pytest.raises(ExportError, match=r"saved_model: expected the answers of the Keras model\. Received: sample"):
        export(tiny_run, ["saved_model"], tmp_path / "out")
    assert contents(tmp_path) == []


def test_what_a_killed_export_left_is_removed_and_what_a_running_one_makes_is_not(tmp_path):
    code = (
        "import os, signal, sys; from tfgen.export.staging import staging\n"
        "with staging(sys.argv[1]) as folder:\n"
        "    (folder / 'half').write_text('x'); print(folder.name, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert os.listdir(tmp_path) == [killed.stdout.strip()]
    with staging.staging(tmp_path) as first:
        assert os.listdir(tmp_path) == [first.name]
        with staging.staging(tmp_path) as second:
            assert sorted(os.listdir(tmp_path)) == sorted([first.name, second.name])
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match=r"--out: expected a folder that can be written to\. Received: .*file"), \
            staging.staging(tmp_path / "file" / "out"):  # fmt: skip
        pass


def test_a_version_is_readable_by_others_than_its_maker(tiny_run, fast, tmp_path):
    export(tiny_run, ["saved_model"], tmp_path)
    assert (tmp_path / "saved_model" / "1").stat().st_mode & 0o055 == 0o055


def test_without_its_data_a_model_is_compared_on_its_own_samples_and_nothing_is_downloaded(
    tiny_run, tiny_models, monkeypatch
):
    monkeypatch.delenv("TFGEN_DATA", raising=False)
    monkeypatch.setattr("keras.datasets.mnist.load_data", lambda *_: pytest.fail("a download"))
    data = dataclasses.replace(tiny_run.config.data, data="mnist")
    elsewhere = Run(tiny_run.path, dataclasses.replace(tiny_run.config, data=data))
    examples, source = examples_of(elsewhere, tiny_models("vae-mixture"))
    assert source == "samples of the model"
    assert examples.shape == (parity.STATISTIC_ROWS, 8, 8, 1)


def test_onnx_files_answer_alike(tiny_models, tmp_path, digits):
    model = tiny_models("vae-conv")
    assert onnx.write_onnx(signatures(model, batch=2), tmp_path / "onnx") == {}
    found = parity.compare(model, onnx.OnnxModel(tmp_path / "onnx"), digits[:5] / np.float32(16), "float32")
    assert set(found) == set(signatures(model))
    parity.check("onnx", found)


def test_a_flow_refuses_int8_and_says_why(tiny_models, tmp_path):
    from tfgen.config.presets import run_config

    tiny = Run.create(tmp_path / "runs", run_config("flow", width=8))
    tiny_models("flow").save(tiny.model_file)
    with pytest.raises(ExportError, match=r"--quantize int8: .* each coupling multiplies the rounding"):
        export(tiny, ["tflite"], tmp_path / "out", quantize=["int8"])
    assert not (tmp_path / "out").exists()


def refusal(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        command.main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--to", "coreml"], "argument --to: invalid choice: 'coreml'"),
        ([], "--to"),
        (["--to", "saved_model", "--quantize", "int8"], "--quantize: expected with --to tflite only"),
        (["--to", "tflite", "--quantize", "int4"], "argument --quantize: invalid choice: 'int4'"),
        (["--to", "tflite", "--batch", "0"], "argument --batch: expected an integer from 1 to 4096. Received: '0'"),
        (["--to", "tflite"], "error: Expected the folder of a run or one of the pretrained models digits-flow, "),
    ],
)
def test_a_mistake_on_the_command_line_is_a_sentence(arguments, expected, capsys):
    assert expected in refusal(capsys, "nowhere", *arguments)


def test_help_is_answered_without_tensorflow():
    code = (
        "import sys\nfrom tfgen.cli import export as command\n"
        "try: command.main(['--help'])\n"
        "finally: assert not {'tensorflow', 'numpy', 'keras'} & set(sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert "--quantize" in finished.stdout


def test_the_command_exports_and_prints_the_table(tiny_run, tmp_path):
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
