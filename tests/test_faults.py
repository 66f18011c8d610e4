"""Kills at random moments, full disks and two programs on one run: nothing is lost, and the end has the same bits.

The programs are killed with SIGKILL after a random share of the time that they take undisturbed.
"""

import json
import random
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tfgen.runs.evaluations import read_entries
from tfgen.runs.run import Run

# The processes import this module by its name.
sys.path.insert(0, str(Path(__file__).parent))
import faulty_programs as programs

pytestmark = pytest.mark.slow

OPTIONS = (
    "--model vae --hidden 64 --latent-dim 2 --epochs 40 --ema 0.99 --no-evaluate-test --checkpoint-seconds 1 "
    "--sample-every 10"
)
LINE = ["train", *OPTIONS.split()]
TRAININGS, EVALUATIONS, PACKINGS, EXPORTS = 20, 10, 10, 10


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> tuple[Path, float]:
    """A run that nothing disturbed, and the seconds that it took."""
    folder = tmp_path_factory.mktemp("undisturbed")
    started = time.monotonic()
    programs.finish(programs.start([*LINE, "--run", str(folder / "run")], folder / "log"), folder / "log")
    return folder / "run", time.monotonic() - started


def kill_repeatedly(arguments, log: Path, seconds: float, kills: int, after_kill=lambda: None, again=lambda: None):
    """Start a program and kill it, until it was killed `kills` times; then let it finish.

    Args:
        arguments: of the program.
        log: for its output.
        seconds: that the program takes at most.
        kills: number of kills.
        after_kill: called after each kill, to look at what is left.
        again: called when a program has finished before its kill.
    """
    chance, killed = random.Random(kills), 0
    while killed < kills:
        process = programs.start(arguments, log)
        process.join(chance.uniform(0.0, seconds))
        if process.exitcode is None:
            process.kill()
            process.join()
            killed += 1
            after_kill()
        else:
            assert process.exitcode == 0, log.read_text()[-3000:]
            again()
    return programs.finish(programs.start(arguments, log), log)


def test_a_training_that_is_killed_again_and_again_ends_in_the_same_bits(undisturbed, tmp_path):
    whole, seconds = undisturbed
    run, finished = tmp_path / "run", []
    # Most of the kills shall fall into the training, which each start continues.
    output = kill_repeatedly(
        [*LINE, "--run", str(run)],
        tmp_path / "log",
        0.7 * seconds,
        TRAININGS,
        again=lambda: finished.append(run.rename(tmp_path / f"finished-{len(finished)}")),
    )
    assert "Traceback" not in output
    for each in (run, *finished):
        programs.assert_same_run(whole, each)


def test_a_killed_evaluation_leaves_a_file_that_is_complete(undisturbed, tmp_path):
    run = Path(shutil.copytree(undisturbed[0], tmp_path / "run"))
    arguments = ["evaluate", str(run), "--only", "likelihood", "--split", "train", "--samples", "4"]
    first = [*arguments, "--seed", "1"]
    started = time.monotonic()
    programs.finish(programs.start(first, tmp_path / "log"), tmp_path / "log")
    seconds = time.monotonic() - started
    (kept,) = read_entries(Run.open(run))["likelihood"]

    def check():
        assert read_entries(Run.open(run))["likelihood"][0] == kept

    kill_repeatedly([*arguments, "--seed", "2"], tmp_path / "log", seconds, EVALUATIONS, after_kill=check)
    check()
    assert [entry.seed for entry in read_entries(Run.open(run))["likelihood"]] == [1, 2]
    once_more = Path(shutil.copytree(undisturbed[0], tmp_path / "again"))
    arguments[1] = str(once_more)
    programs.finish(programs.start([*arguments, "--seed", "2"], tmp_path / "log"), tmp_path / "log")
    (expected,) = read_entries(Run.open(once_more))["likelihood"]
    assert read_entries(Run.open(run))["likelihood"][1].log_prob_nats == expected.log_prob_nats


def test_a_killed_packing_leaves_no_folder_or_a_complete_one(undisturbed, tmp_path):
    def arguments(out):
        return ["pack", str(undisturbed[0]), "--name", "packed", "--out", str(out)]

    started = time.monotonic()
    programs.finish(programs.start(arguments(tmp_path / "whole"), tmp_path / "log"), tmp_path / "log")
    seconds, target = time.monotonic() - started, tmp_path / "out" / "packed"

    def check():
        if target.exists():
            Run.open(target).load_model()
            shutil.rmtree(target)

    kill_repeatedly(
        arguments(target.parent),
        tmp_path / "log",
        seconds,
        PACKINGS,
        after_kill=check,
        again=lambda: shutil.rmtree(target),
    )
    whole = tmp_path / "whole" / "packed"
    assert sorted(path.name for path in target.iterdir()) == sorted(path.name for path in whole.iterdir())
    for name in ("weights.npz", "metrics.jsonl", "config.json", "samples.png"):
        assert (target / name).read_bytes() == (whole / name).read_bytes(), name
    assert [path.name for path in target.parent.iterdir()] == ["packed"]


def test_a_killed_export_leaves_no_files_or_complete_ones(undisturbed, tmp_path):
    from tfgen.ondevice.sample import load, sample

    def arguments(out):
        return ["export", str(undisturbed[0]), "--to", "tflite", "--out", str(out)]

    started = time.monotonic()
    programs.finish(programs.start(arguments(tmp_path / "whole"), tmp_path / "log"), tmp_path / "log")
    seconds = time.monotonic() - started
    whole, out = (sorted((tmp_path / name).rglob("*.tflite")) for name in ("whole", "out"))
    assert whole and not out

    def check():
        for file in (tmp_path / "out").rglob("[!.]*.tflite"):
            if not any(part.startswith(".") for part in file.relative_to(tmp_path).parts):
                assert file.stat().st_size == whole[0].stat().st_size
                load(str(file))

    kill_repeatedly(arguments(tmp_path / "out"), tmp_path / "log", seconds, EXPORTS, after_kill=check)
    (file,) = (tmp_path / "out").rglob("*.tflite")
    (images, _), (expected, _) = (sample(load(str(path)), 4) for path in (file, whole[0]))
    np.testing.assert_array_equal(images, expected)
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".export")]


@pytest.mark.parametrize("kib", [40, 300, 900])
def test_a_training_on_a_full_disk_ends_with_a_sentence_and_resumes_when_there_is_room(undisturbed, tmp_path, kib):
    disk = tmp_path / "disk"
    with programs.small_disk(disk, f"{kib}k") as mounted:
        # Without the right to mount a disk, no file may become as large as the model.
        arguments, log = [*LINE, "--run", str(disk / "run")], tmp_path / "log"
        limit = None if mounted else kib * 1024 // 4
        output = programs.finish(programs.start(arguments, log, limit), log, status=2)
        assert "error: " in output
        assert "No space left on device" in output or "File too large" in output
        if mounted:
            programs.enlarge(disk, "30m")
        if not (disk / "run" / "config.json").exists():
            assert kib < 100
        programs.finish(programs.start(arguments, log), log)
        programs.assert_same_run(undisturbed[0], disk / "run")


def test_two_trainings_of_one_run_do_not_mix(undisturbed, tmp_path):
    logs = [tmp_path / f"log-{number}" for number in range(2)]
    arguments = [*LINE, "--run", str(tmp_path / "run")]
    processes = [programs.start(arguments, log) for log in logs]
    for process in processes:
        process.join(400)
    assert sorted(process.exitcode for process in processes) == [0, 2]
    refused = logs[0 if processes[0].exitcode else 1].read_text()
    assert "no other process uses for" in refused and "Traceback" not in refused
    programs.assert_same_run(undisturbed[0], tmp_path / "run")


def test_two_evaluations_of_one_run_are_both_recorded(undisturbed, tmp_path):
    run = shutil.copytree(undisturbed[0], tmp_path / "run")
    logs = [tmp_path / f"log-{number}" for number in range(3)]
    started = [
        programs.start(["evaluate", str(run), "--only", "likelihood", "--seed", str(seed)], log)
        for seed, log in enumerate(logs)
    ]
    for process, log in zip(started, logs, strict=True):
        programs.finish(process, log)
    assert sorted(entry.seed for entry in read_entries(Run.open(run))["likelihood"]) == [0, 1, 2]
    assert json.loads((Path(run) / "evaluation.json").read_text())["model"] == "vae"


def test_a_folder_of_any_name_is_trained_killed_and_resumed(undisturbed, tmp_path):
    run = tmp_path / "data [set] *?" / "run [1]"
    process = programs.start([*LINE, "--run", str(run)], tmp_path / "log")
    while not (run / "checkpoints" / "checkpoint").exists():
        assert process.exitcode is None
        time.sleep(0.1)
    process.kill()
    process.join()
    programs.finish(programs.start([*LINE, "--run", str(run)], tmp_path / "log"), tmp_path / "log")
    programs.assert_same_run(undisturbed[0], run)
