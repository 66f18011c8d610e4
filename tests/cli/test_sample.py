"""What the sampling commands refuse before they load a model."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tfgen.cli import app, compare, interpolate, outliers, sample, serve
from tfgen.evaluation import samples

COMMANDS = [sample, interpolate, outliers]


def refusal(command, capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as stop:
        command.main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    return next(line for line in capsys.readouterr().err.splitlines() if line.startswith("error: "))


@pytest.mark.parametrize(
    ("command", "flag", "value", "expected"),
    [
        (sample, "--n", "0", "expected an integer from 1 to 1000000. Received: '0'"),
        (sample, "--n", "many", "expected an integer from 1 to 1000000. Received: 'many'"),
        (sample, "--n", "6.5", "Received: '6.5'"),
        (sample, "--seed", "-2147483649", "expected an integer from -2147483648 to 2147483647. Received: '-214748"),
        (sample, "--seed", "2147483648", "Received: '2147483648'"),
        (sample, "--temperature", "-0.1", "expected a number from 0 to 10. Received: '-0.1'"),
        (sample, "--temperature", "nan", "Received: 'nan'"),
        (sample, "--temperature", "inf", "Received: 'inf'"),
        (sample, "--temperature", "warm", "Received: 'warm'"),
        (sample, "--temperature", "1e39", "expected a number from 0 to 10. Received: '1e39'"),
        (sample, "--guidance", "-1", "expected a number from 0 to 20. Received: '-1'"),
        (sample, "--guidance", "nan", "Received: 'nan'"),
        (outliers, "--samples", "2147483647", "expected an integer from 1 to 100000. Received: '2147483647'"),
        (sample, "--out", "", "expected a value. Received: ''"),
        (sample, "--label", "--", "expected a value. Received: '--'"),
        (sample, "--out", "a\0.png", "expected text without the character 0"),
        (sample, "--out", "\ud800.png", "and without halves of characters"),
        (app, "--host", "", "expected a value. Received: ''"),
        (app, "--host", " ", "expected a host name or an address, such as 127.0.0.1. Received: ' '"),
        (app, "--host", "a" * 70, "expected a host name or an address, such as 127.0.0.1. Received: 'aaaa"),
        (serve, "--host", "ü..é", "expected a host name or an address"),
        (outliers, "--n", "201", "expected an integer from 1 to 200. Received: '201'"),
        (outliers, "--samples", "0", "Received: '0'"),
        (interpolate, "--pairs", "0", "expected an integer from 1 to 100. Received: '0'"),
        (interpolate, "--steps", "1", "expected an integer from 2 to 100. Received: '1'"),
        (interpolate, "--path", "detour", "expected one of slerp, lerp. Received: 'detour'"),
        (interpolate, "--temperature", "nan", "Received: 'nan'"),
    ],
)
def test_a_value_out_of_range_is_refused_by_its_flag(command, flag, value, expected, capsys):
    message = refusal(command, capsys, *([] if command is app else ["run"]), f"{flag}={value}")
    assert message.startswith(f"error: {flag}: ")
    assert expected in message


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_run_is_named(command, capsys, tmp_path):
    message = refusal(command, capsys, tmp_path / "absent", "--out", tmp_path / "x.png")
    assert message.startswith("error: ")
    assert str(tmp_path / "absent") in message


@pytest.mark.parametrize("command", COMMANDS)
def test_a_picture_that_cannot_be_written_is_refused_before_the_run_is_opened(command, capsys, tmp_path):
    run = tmp_path / "absent"
    message = refusal(command, capsys, run, "--out", tmp_path / "x.jpg")
    assert "ending in .png" in message
    assert "x.jpg" in message
    message = refusal(command, capsys, run, "--out", tmp_path / "nowhere" / "x.png")
    assert f"There is no folder {tmp_path / 'nowhere'}" in message
    (tmp_path / "folder.png").mkdir()
    message = refusal(command, capsys, run, "--out", tmp_path / "folder.png")
    assert "Received a folder" in message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(capsys, tmp_path):
    tmp_path.chmod(0o500)
    try:
        assert "can be written to" in refusal(sample, capsys, "run", "--out", tmp_path / "x.png")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_device_is_no_file_to_write_to(command, capsys, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in ("/dev/full.png", tmp_path / "pipe.png"):
        assert "Received a device" in refusal(command, capsys, "run", "--out", path)
    assert "a folder of devices" in refusal(sample, capsys, "digits-vae", "--out", "/dev/pictures")


def test_a_folder_is_not_named_like_a_file(capsys, tmp_path):
    assert "or a folder without suffix" in refusal(sample, capsys, "digits-vae", "--out", f"{tmp_path}/x.png/")
    assert not (tmp_path / "x.png").exists()


def test_options_of_measurements_are_refused_where_nothing_is_measured(capsys):
    for option, value in (("--classifier", "/nonexistent"), ("--n", "301")):
        message = refusal(compare, capsys, "digits-vae", "--recorded", option, value)
        assert f"{option}: expected without --recorded" in message


def test_more_samples_than_fit_a_picture_are_sent_to_an_npz(capsys, tmp_path):
    message = refusal(sample, capsys, "run", "--n", 20_000, "--out", tmp_path / "x.png")
    assert "at most 10000 for a .png" in message
    assert ".npz" in message


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_answered_without_tensorflow_or_matplotlib(command):
    code = (
        f"import sys, {command.__name__} as command\n"
        "try: command.main(['--help'])\n"
        "finally: assert not {'tensorflow', 'matplotlib', 'numpy', 'PIL'} & set(sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert ("--samples" if command is outliers else "--temperature") in finished.stdout
    assert "RUN" in finished.stdout


class Points:
    is_image = False

    def can(self, question):
        return False


def test_raw_numbers_are_saved_as_they_are(tmp_path):
    points = np.random.default_rng(0).standard_normal((3, 2)).astype(np.float32)
    samples.save_samples(Points(), points, tmp_path / "x.npz", seed=5, temperature=0.5)  # type: ignore[arg-type]
    with np.load(tmp_path / "x.npz") as saved:
        assert sorted(saved) == ["points", "seeds", "temperature"]
        np.testing.assert_array_equal(saved["points"], points)
        assert saved["seeds"].tolist() == [5, 6, 7]
        assert saved["temperature"] == 0.5
    assert os.listdir(tmp_path) == ["x.npz"]


def test_pixels_are_refused_by_a_model_without_a_distribution_over_them():
    from tfgen.errors import UndefinedError

    with pytest.raises(UndefinedError, match=r"as a VAE's have\. Received: a Points"):
        samples.draw_samples(Points(), 1, pixels=True)  # type: ignore[arg-type]
