"""Several worker processes on this machine give the numbers of one process, also if workers are killed."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import tfgen
from tfgen.cli.launch import main, parse
from tfgen.cli.main import main as run_command
from tfgen.errors import DivergedError, Interrupted, LostWorkerError, TfgenError
from tfgen.files import PARTIAL
from tfgen.ports import free_ports
from tfgen.runs.run import Run
from tfgen.training.distributed.supervisor import Supervisor

ROOT = Path(__file__).parents[3]
LINE = "--model vae --hidden 32 --latent-dim 2 --epochs 12 --no-evaluate-test --checkpoint-seconds 1"
LONGER = LINE.replace("--epochs 12", "--epochs 60")


def launch(run: Path, *options: str, line: str = LINE, workers: int = 2) -> subprocess.Popen:
    command = [sys.executable, "-m", "tfgen", "launch", "--workers", str(workers), *options, "--", "train"]
    return subprocess.Popen(
        [*command, *line.split(), "--run", str(run)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen, seconds: float = 240.0) -> str:
    output, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, output[-4000:]
    return output


def children(process: subprocess.Popen) -> list[int]:
    """Process numbers of the living workers, as the launcher started them."""
    try:
        return [int(number) for number in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    except OSError:
        return []


def numbers(run: Path) -> list[dict]:
    clock = ("seconds", "images_per_second")
    return [{name: value for name, value in row.items() if name not in clock} for row in Run.open(run).metrics()]


def assert_same(one: Path, other: Path) -> None:
    assert numbers(one) == numbers(other)
    first, second = tfgen.load(one), tfgen.load(other)
    for a, b in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=a.path)
    assert not [path for path in other.rglob(f".*{PARTIAL}*") if path.is_file()], "temporary files"
    pictures = [sorted(path.name for path in (run / "samples").iterdir()) for run in (one, other)]
    assert pictures[0] == pictures[1]
    for name in pictures[0]:
        assert (one / "samples" / name).read_bytes() == (other / "samples" / name).read_bytes(), name


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    run = tmp_path_factory.mktemp("launch") / "undisturbed"
    output = finish(launch(run))
    assert "starting all" not in output
    return run


@pytest.mark.slow
def test_the_run_is_complete_and_every_worker_has_a_log(undisturbed):
    assert [row["epoch"] for row in Run.open(undisturbed).metrics()] == [*range(1, 13)]
    assert "2 replicas in all" in (undisturbed / "logs" / "worker-0.log").read_text()
    assert "worker 1 of 2" in (undisturbed / "logs" / "worker-1.log").read_text()
    assert len(list((undisturbed / "tensorboard").iterdir())) == 1
    assert len(list((undisturbed / "checkpoints").glob("*.index"))) == 1


@pytest.mark.slow
def test_a_killed_and_a_stopped_worker_change_nothing(undisturbed, tmp_path):
    run = tmp_path / "run"
    process = launch(run, "--heartbeat-timeout", "5")
    assert process.stdout is not None
    for number, worker in ((signal.SIGKILL, 1), (signal.SIGSTOP, 0)):
        for text in process.stdout:
            if text.startswith("epoch "):
                break
        os.kill(children(process)[worker], number)
    output = finish(process)
    # The worker that waits for the stopped one may be the first whose silence is noticed.
    assert re.search("worker [01] sent no heartbeat", output)
    assert len(re.findall("starting all 2 workers again", output)) in (1, 2)  # a kill after the last epoch needs none
    assert_same(undisturbed, run)


@pytest.mark.slow
def test_twenty_kills_at_random_moments_change_nothing(tmp_path):
    undisturbed, run, kills, chance = tmp_path / "undisturbed", tmp_path / "run", 0, random.Random(20)
    finish(launch(undisturbed, line=LONGER))
    process = launch(run, "--max-restarts", "25", line=LONGER)
    assert process.stdout is not None
    # The launcher waits if nobody reads its output.
    reader = threading.Thread(target=process.stdout.read, daemon=True)
    reader.start()
    while kills < 20 and process.poll() is None:
        time.sleep(chance.uniform(0.0, 10.0))
        if workers := children(process):
            os.kill(chance.choice(workers), signal.SIGKILL)
            kills += 1
    assert process.wait(timeout=300) == 0
    reader.join()
    process.stdout.close()
    print(f"{kills} kills, {(run / 'logs' / 'worker-0.log').read_text().count('--- ')} starts")
    assert kills == 20
    assert_same(undisturbed, run)


@pytest.mark.slow
def test_the_workers_of_a_killed_launcher_save_and_end(tmp_path):
    undisturbed, run = tmp_path / "undisturbed", tmp_path / "run"
    finish(launch(undisturbed, line=LONGER))
    process = launch(run, line=LONGER)
    assert process.stdout is not None
    for text in process.stdout:
        if text.startswith("epoch 3/"):
            break
    workers = children(process)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 60.0
    while any(Path(f"/proc/{worker}/exe").exists() for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert 3 <= Run.open(run).epoch < 60
    assert "Stopped in epoch" in (run / "logs" / "worker-0.log").read_text()
    main(["--workers", "2", "--", "train", "--resume", str(run)])
    assert_same(undisturbed, run)


@pytest.mark.slow
def test_a_second_launcher_and_a_training_are_refused_while_a_launcher_runs(tmp_path, capsys):
    run = tmp_path / "run"
    process = launch(run, line=LONGER)
    assert process.stdout is not None
    for text in process.stdout:
        if text.startswith("epoch 1/"):
            break
    before = (run / "config.json").read_bytes()
    for command in (
        ["launch", "--workers", "2", "--", "train", "--resume", str(run), "--epochs", "70"],
        ["train", "--resume", str(run), "--epochs", "70"],
    ):
        with pytest.raises(SystemExit) as stopped:
            run_command(command)
        assert stopped.value.code == 2
        assert f"which process {process.pid} of" in capsys.readouterr().err
    assert (run / "config.json").read_bytes() == before
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


@pytest.mark.slow
def test_ctrl_c_saves_and_the_message_says_how_to_resume(tmp_path):
    undisturbed, run = tmp_path / "undisturbed", tmp_path / "run"
    finish(launch(undisturbed, line=LONGER))
    process = launch(run, line=LONGER)
    assert process.stdout is not None
    for text in process.stdout:
        if text.startswith("epoch 3/"):
            break
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert f"tfgen launch --workers 2 -- train --resume {run}" in output
    assert 3 <= Run.open(run).metrics()[-1]["epoch"] < 60
    main(["--workers", "2", "--", "train", "--resume", str(run)])
    assert_same(undisturbed, run)


# ---------------------------------------------------------------------------------------------------------------------
# The supervisor alone, with workers that are a line of Python


def supervised(run: Path, program: str, restarts: int = 2, heartbeat_timeout: float = 60.0) -> Supervisor:
    opening = (
        "import json, os, pathlib, signal, sys, time\n"
        "task = json.loads(os.environ['TF_CONFIG'])['task']['index']\n"
        "alive = pathlib.Path(os.environ['TFGEN_HEARTBEAT'])\n"
        f"run = pathlib.Path({str(run)!r})\n"
    )
    return Supervisor(run, [sys.executable, "-u", "-c", opening + program], 2, restarts, heartbeat_timeout)


def test_workers_that_finish_are_not_started_again(tmp_path, capsys):
    supervised(tmp_path, "print('this is', task)").supervise()
    assert (tmp_path / "logs" / "worker-1.log").read_text().count("this is 1") == 1
    output = capsys.readouterr().out
    assert "this is 0" in output  # the chief's output is printed
    assert "this is 1" not in output


def test_the_supervisor_gives_up_without_a_new_checkpoint(tmp_path):
    with pytest.raises(LostWorkerError, match=r"worker 1 was killed \(SIGKILL\), and 2 restarts without"):
        supervised(tmp_path, "os.kill(os.getpid(), signal.SIGKILL) if task else time.sleep(60)").supervise()
    assert (tmp_path / "logs" / "worker-0.log").read_text().count("--- ") == 3


@pytest.mark.slow
def test_the_supervisor_restarts_as_long_as_there_are_new_checkpoints(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    program = (
        "file = run / 'checkpoints' / 'checkpoint'\n"
        "number = int(file.read_text()) if file.exists() else 0\n"
        "if task == 1: time.sleep(60 if number < 5 else 0); sys.exit(0)\n"
        "new = file.with_name('new'); new.write_text(str(number + 1)); os.replace(new, file)\n"
        "sys.exit(75 if number < 5 else 0)\n"
    )
    supervised(tmp_path, program, restarts=1).supervise()
    assert (tmp_path / "checkpoints" / "checkpoint").read_text() == "6"


@pytest.mark.slow
def test_a_worker_without_heartbeat_is_lost_and_one_with_heartbeats_is_not(tmp_path, capsys):
    program = (
        "first = not (run / 'again').exists()\n"
        "while first and task == 0: (run / 'again').touch(); time.sleep(0.1)\n"
        "for _ in range(80):\n"
        "    alive.touch(); time.sleep(0.1)\n"
    )
    supervised(tmp_path, program, heartbeat_timeout=5.0).supervise()
    assert "worker 0 sent no heartbeat for 5 seconds; starting all 2 workers again" in capsys.readouterr().err


@pytest.mark.parametrize(("status", "kind"), [(2, TfgenError), (3, DivergedError)])
def test_an_error_that_a_restart_would_not_change_ends_at_once(tmp_path, status, kind):
    program = f"print('error: Expected a file.', file=sys.stderr) if task else time.sleep(60)\nsys.exit({status})"
    with pytest.raises(kind, match=r"worker 1: Expected a file\."):
        supervised(tmp_path, program).supervise()
    assert (tmp_path / "logs" / "worker-1.log").read_text().count("--- ") == 1
    assert kind.exit_status == status


def test_the_error_of_the_worker_that_caused_the_loss_is_reported(tmp_path):
    """The worker that loses the other one ends first here."""
    program = (
        "if not task: sys.exit(75)\n"
        "time.sleep(1.0); print('error: Expected finite losses.', file=sys.stderr); sys.exit(3)"
    )
    with pytest.raises(DivergedError, match=r"worker 1: Expected finite losses\."):
        supervised(tmp_path, program).supervise()
    assert (tmp_path / "logs" / "worker-0.log").read_text().count("--- ") == 1


def test_a_port_that_another_program_took_is_replaced_by_others(tmp_path, capsys, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = iter([[port, *free_ports(1)], free_ports(2)])
        monkeypatch.setattr("tfgen.training.distributed.supervisor.free_ports", lambda count: next(found))
        program = (
            "from tfgen.errors import exit_on_error\n"
            "from tfgen.training.distributed.cluster import Cluster, check_port\n"
            "with exit_on_error(): check_port(Cluster.from_environment(os.environ).address)\n"
        )
        supervised(tmp_path, program).supervise()
    assert f"worker 0 has to be started again (Expected port {port} of this machine" in capsys.readouterr().err


def test_a_signal_is_passed_on_and_waited_for(tmp_path):
    program = (
        "def stop(*_): (run / f'saved-{task}').touch(); sys.exit(130)\n"
        "signal.signal(signal.SIGTERM, stop); (run / f'ready-{task}').touch(); time.sleep(60)\n"
    )

    def interrupt():
        while not all((tmp_path / f"ready-{task}").exists() for task in (0, 1)):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(Interrupted, match="tfgen launch --workers 2"):
        supervised(tmp_path, program).supervise()
    assert (tmp_path / "saved-0").exists() and (tmp_path / "saved-1").exists()


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("", "Expected -- train and the options of a training"),
        ("-- python train.py", "Received: 'python'"),
        ("--workers 0 -- train --model vae", "--workers: expected an integer from 1"),
        ("--heartbeat-timeout 1 -- train --model vae", "--heartbeat-timeout: expected a number of seconds from 5 to"),
        ("-- train --model vae --epochs 0", "epochs: expected"),
    ],
)
def test_mistakes_are_explained(line, output, capsys):
    with pytest.raises(SystemExit) as stopped:
        parse(line.split())
    assert stopped.value.code == 2
    assert output in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("--workers 3 -- train --model vae --batch-size 64", "expected a multiple of 3"),
        ("-- train --model vae --strategy one", "the launcher defines the cluster"),
        ("-- train --model vae --dry-run", "--dry-run"),
        ("-- train --resume nowhere", "does not exist"),
    ],
)
def test_bad_input_is_refused_before_a_worker_starts(line, output, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(line.split())
    assert stopped.value.code == 2
    assert output in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_old_name_of_the_heartbeat_timeout_gives_a_warning(capsys):
    options, _ = parse(["--patience", "7", "--", "train.py", "--model", "vae"])
    assert options.heartbeat_timeout == 7.0
    assert "--patience is now --heartbeat-timeout" in capsys.readouterr().err


def test_help_answers_without_tensorflow():
    program = (
        "import sys, contextlib, tfgen.__main__ as entry\n"
        "with contextlib.suppress(SystemExit): entry.main(['launch', '--help'])\n"
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
