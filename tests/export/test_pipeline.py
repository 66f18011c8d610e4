import json
import os

import pytest

from tfgen.errors import ExportError
from tfgen.export import parity, reference, report
from tfgen.export.pipeline import examples_of, export
from tfgen.runs.run import Run


def contents(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def fast(monkeypatch):
    """Exports with the signature `sample` only, which is enough for tests of the files."""
    from tfgen.export import pipeline as module
    from tfgen.export.signatures import signatures

    monkeypatch.setattr(module, "signatures", lambda model, batch=None: {"sample": signatures(model, batch)["sample"]})


def test_an_export_holds_the_requested_artefacts_and_nothing_else(exported):
    assert [name for name in contents(exported) if not name.startswith("saved_model/1/")] == [
        "MODEL_CARD.md",
        "parity.json",
        "tflite/model-dynamic-int8.tflite",
        "tflite/model-float16.tflite",
        "tflite/model-int8.tflite",
        "tflite/model.tflite",
    ]
    assert sorted(os.listdir(exported / "saved_model")) == ["1"]
    written = json.loads((exported / "parity.json").read_text())
    assert set(written["artefacts"]["saved_model/1"]["signatures"]) == {
        "sample", "interpolate", "decode", "encode", "reconstruct", "log_prob", "bits_per_dim"
    }  # fmt: skip
    assert written["examples"] == "test examples"
    assert written["versions"]["tensorflow"]


def test_a_second_export_adds_the_next_version(tiny_run, fast, tmp_path):
    (tmp_path / "saved_model" / "41").mkdir(parents=True)
    for version in ("42", "43"):
        assert list(export(tiny_run, ["saved_model"], tmp_path)) == [f"saved_model/{version}"]
    written = json.loads((tmp_path / "parity.json").read_text())
    assert list(written["artefacts"]) == ["saved_model/42", "saved_model/43"]


@pytest.mark.parametrize(
    "stop", [pytest.param(KeyboardInterrupt, marks=pytest.mark.slow), ExportError("above its bound")]
)
def test_a_failed_or_interrupted_export_changes_no_file(tiny_run, fast, tmp_path, monkeypatch, stop):
    export(tiny_run, ["saved_model"], tmp_path)
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in contents(tmp_path)}

    def fail(*_):
        raise stop

    monkeypatch.setattr(parity, "check", fail)
    with pytest.raises((KeyboardInterrupt, ExportError)):
        export(tiny_run, ["saved_model"], tmp_path)
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in contents(tmp_path)} == before
    assert sorted(os.listdir(tmp_path)) == ["MODEL_CARD.md", "parity.json", "saved_model"]


def test_an_artefact_with_other_outputs_is_not_exported(tiny_run, fast, tmp_path, monkeypatch):
    keras_output = reference.keras_output
    monkeypatch.setattr(reference, "keras_output", lambda *arguments: keras_output(*arguments) + 1e-3)
    with pytest.raises(ExportError, match=r"saved_model: expected the outputs of the Keras model\. Received: sample"):
        export(tiny_run, ["saved_model"], tmp_path / "out")
    assert contents(tmp_path) == []


def test_other_users_can_read_a_version(tiny_run, fast, tmp_path):
    export(tiny_run, ["saved_model"], tmp_path)
    assert (tmp_path / "saved_model" / "1").stat().st_mode & 0o055 == 0o055


def test_without_its_data_a_model_is_compared_on_its_own_samples_without_a_download(tiny_run, tiny_models, monkeypatch):
    monkeypatch.delenv("TFGEN_DATA", raising=False)
    monkeypatch.setattr("keras.datasets.mnist.load_data", lambda *_: pytest.fail("a download"))
    data = tiny_run.config.data.replace(data="mnist")
    elsewhere = Run(tiny_run.path, tiny_run.config.replace(data=data))
    examples, source = examples_of(elsewhere, tiny_models("vae-mixture"))
    assert source == "samples of the model"
    assert examples.shape == (report.STATISTIC_ROWS, 8, 8, 1)


def test_int8_is_rejected_for_a_flow_with_a_reason(tiny_models, tmp_path):
    from tfgen.config.presets import run_config

    tiny = Run.create(tmp_path / "runs", run_config("flow", width=8))
    tiny_models("flow").save(tiny.model_file)
    reason = r"expected float16 or dynamic-int8 .* Received: int8, but each coupling multiplies the rounding"
    with pytest.raises(ExportError, match=reason):
        export(tiny, ["tflite"], tmp_path / "out", quantize=["int8"])
    assert not (tmp_path / "out").exists()
