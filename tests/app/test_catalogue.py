"""The catalogue of models and runs: names, order, and the reasons why a run cannot be used."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from tfgen import pretrained
from tfgen.app.catalogue import Catalogue
from tfgen.config.presets import run_config
from tfgen.errors import RunError
from tfgen.runs.run import Run


def make(folder, age: float = 0.0, model: bool = True) -> Run:
    """Write a run with an undamaged archive as model. `age`: seconds since the last change of the folder."""
    run = Run.create_at(folder, run_config("vae"))
    if model:
        with zipfile.ZipFile(run.model_file, "w") as archive:
            archive.writestr("config.json", "{}")
            archive.writestr("model.weights.h5", bytes(range(256)) * 16)
    changed = os.stat(folder).st_mtime - age
    os.utime(folder, (changed, changed))
    return run


def names(catalogue: Catalogue) -> list[str]:
    return [entry.name for entry in catalogue.entries()]


def reasons(catalogue: Catalogue) -> dict[str, str]:
    return {entry.name: entry.reason for entry in catalogue.entries() if entry.reason}


def test_pretrained_models_come_first_and_then_the_latest_run(tmp_path):
    for name, age in (("b", 30), ("a", 20), ("c", 10)):
        make(tmp_path / name, age)
    assert names(Catalogue(tmp_path)) == [*pretrained.names(), "c", "a", "b"]


@pytest.mark.parametrize("root", ["absent", "a-file", "empty"])
def test_without_runs_there_are_the_pretrained_models(tmp_path, root):
    (tmp_path / "a-file").touch()
    (tmp_path / "empty").mkdir()
    assert Catalogue(tmp_path / root).usable() == pretrained.names()


def test_new_and_removed_runs_are_noticed(tmp_path):
    catalogue = Catalogue(tmp_path / "runs")
    with pytest.raises(RunError, match=r"Expected one of digits-flow, .* Received: 'mine'"):
        catalogue.model_run("mine")
    made = make(tmp_path / "runs" / "mine")
    assert catalogue.model_run("mine").path == made.path
    shutil.rmtree(made.path)
    assert "mine" not in names(catalogue)
    with pytest.raises(RunError, match="does not exist or was removed"):
        catalogue.model_run("mine")


def test_a_run_with_the_name_of_a_pretrained_model_is_named_with_a_dot(tmp_path):
    name = pretrained.names()[0]
    run = make(tmp_path / name)
    catalogue = Catalogue(tmp_path)
    assert names(catalogue)[-1] == f"./{name}"
    assert catalogue.run(f"./{name}").path == run.path
    assert catalogue.run(name).path == pretrained.FOLDER / name


@pytest.mark.parametrize(
    "name",
    ["../outside", "..", ".", "", "./../outside", "inside/../../outside", "inside/.", "./inside", "inside/", "a-file"],
)
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    make(tmp_path / "outside")
    make(tmp_path / "runs" / "inside")
    (tmp_path / "runs" / "a-file").touch()
    with pytest.raises(RunError, match=r"Expected one of .*inside\. Received: "):
        Catalogue(tmp_path / "runs").run(name)


def test_an_absolute_path_is_no_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "runs" / "inside")
    for name in (str(tmp_path / "runs" / "inside"), "/etc", "runs/inside", None, 3, ["inside"], {"path": "inside"}):
        with pytest.raises(RunError, match="which does not exist"):
            Catalogue("runs").run(name)


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path):
    outside = make(tmp_path / "outside")
    inside = make(tmp_path / "runs" / "inside")
    (tmp_path / "runs" / "out").symlink_to(outside.path)
    (tmp_path / "runs" / "within").symlink_to(inside.path)
    (tmp_path / "runs" / "broken").symlink_to(tmp_path / "nowhere")
    (tmp_path / "runs" / "loop").symlink_to(tmp_path / "runs" / "loop")
    catalogue = Catalogue(tmp_path / "runs")
    assert catalogue.usable() == [*pretrained.names(), "within", "inside"]
    assert list(reasons(catalogue)) == ["out"]
    assert "out" not in catalogue.trained()
    with pytest.raises(RunError, match="a link that leads out of it"):
        catalogue.run("out")


def test_hidden_folders_and_files_are_not_listed(tmp_path):
    make(tmp_path / ".hidden")
    (tmp_path / "notes.txt").touch()
    assert names(Catalogue(tmp_path)) == pretrained.names()


def damaged(run: Run, *, flip: int = -1, length: int | None = None) -> None:
    content = bytearray(run.model_file.read_bytes())
    content[flip] ^= 0xFF
    run.model_file.write_bytes(content[:length])


def test_each_run_that_cannot_be_used_is_listed_with_the_reason(tmp_path):
    make(tmp_path / "whole")
    make(tmp_path / "half-trained", model=False)
    damaged(make(tmp_path / "flipped"), flip=1000)
    damaged(make(tmp_path / "truncated"), length=900)
    damaged(make(tmp_path / "nothing-left"), length=0)
    make(tmp_path / "no-json").path.joinpath("config.json").write_text("{")
    make(tmp_path / "binary").path.joinpath("config.json").write_bytes(b"\xff\xfe\x00")
    make(tmp_path / "a-list").path.joinpath("config.json").write_text("[]")
    other = make(tmp_path / "other-version").path / "config.json"
    other.write_text(json.dumps({**json.loads(other.read_text()), "model": "diffusion"}))
    (tmp_path / "empty").mkdir()
    folder = make(tmp_path / "folder", model=False)
    folder.model_file.mkdir()
    found = reasons(Catalogue(tmp_path))
    expected = {
        "half-trained": "has not finished an epoch",
        "flipped": r"model\.keras is damaged \(in model\.weights\.h5\)",
        "truncated": r"model\.keras cannot be read",
        "nothing-left": r"model\.keras cannot be read",
        "no-json": r"[Ee]xpected .*no-json",
        "binary": r"[Ee]xpected .*binary",
        "a-list": r"a-list",
        "other-version": "diffusion",
        "empty": "Found: nothing",
        "folder": r"model\.keras cannot be read",
    }
    assert set(found) == set(expected)
    for name, reason in expected.items():
        assert re.search(reason, found[name]), (name, found[name])
        with pytest.raises(RunError, match=reason):
            Catalogue(tmp_path).model_run(name)
    assert Catalogue(tmp_path).usable() == [*pretrained.names(), "whole"]


@pytest.mark.slow
def test_no_damaged_byte_of_a_model_breaks_the_list(tmp_path):
    run = make(tmp_path / "mine", model=False)
    with zipfile.ZipFile(run.model_file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", bytes(range(64)) * 2)
    whole = run.model_file.read_bytes()
    catalogue = Catalogue(tmp_path)
    kinds = set()
    for flip in range(len(whole)):
        run.model_file.write_bytes(whole)
        damaged(run, flip=flip)
        os.utime(run.model_file, ns=(flip, flip))
        kinds.add(reasons(catalogue).get("mine", "")[:35])
    assert {"model.keras is damaged (in model.we", "model.keras cannot be read (File is"} < kinds


def test_a_run_in_training_has_a_history_before_it_has_a_model(tmp_path):
    make(tmp_path / "young", model=False)
    (tmp_path / "empty").mkdir()
    catalogue = Catalogue(tmp_path)
    assert "young" in catalogue.trained()
    assert "young" not in catalogue.usable()
    assert "empty" not in catalogue.trained()


def test_a_model_is_checked_again_after_its_file_changed(tmp_path):
    run = make(tmp_path / "mine")
    whole = run.model_file.read_bytes()
    catalogue = Catalogue(tmp_path)
    assert "mine" in catalogue.usable()
    damaged(run, flip=1000)
    os.utime(run.model_file, ns=(1, 1))
    assert "is damaged" in reasons(catalogue)["mine"]
    run.model_file.write_bytes(whole)
    assert "mine" in catalogue.usable()


def test_a_copy_of_a_pretrained_model_is_checked_like_a_run(tmp_path):
    for name in ("copy", "flipped", "lost", "unrecorded"):
        shutil.copytree(pretrained.FOLDER / pretrained.names()[0], tmp_path / name)
    weights = tmp_path / "flipped" / pretrained.WEIGHTS
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 0xFF
    weights.write_bytes(content)
    (tmp_path / "lost" / pretrained.WEIGHTS).unlink()
    (tmp_path / "unrecorded" / pretrained.RECORD).write_text("{")
    catalogue = Catalogue(tmp_path)
    assert "copy" in catalogue.usable()
    found = reasons(catalogue)
    assert set(found) == {"flipped", "lost", "unrecorded"}
    assert "weights.npz is damaged" in found["flipped"]
    assert "weights are missing" in found["lost"]
    assert "pretrained.json" in found["unrecorded"]


def test_the_catalogue_imports_no_tensorflow(tmp_path):
    make(tmp_path / "mine")
    program = (
        "import sys; from tfgen.app.catalogue import Catalogue; from tfgen.app.about import about, unusable;"
        f"c = Catalogue({str(tmp_path)!r}); print(*c.usable()); about(c, 'mine'); unusable(c);"
        "assert not {'tensorflow', 'keras', 'gradio'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [*pretrained.names(), "mine"]
