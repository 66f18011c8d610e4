"""tfgen benchmark-modes, from the command line to its files."""

import json
import subprocess
import sys

import pytest

from tests.mode_benchmark.conftest import tiny_dataset  # noqa: F401
from tfgen.cli.benchmark_modes import build_parser, main
from tfgen.mode_benchmark.methods import DEFAULT_METHODS


@pytest.mark.usefixtures("tiny_dataset")
@pytest.mark.slow
def test_the_report_is_written_and_finished_trials_are_kept(tmp_path, capsys):
    line = ["--data", "ring8", "--method", "gan", "dropout_gan", "--seeds", "1", "--out", str(tmp_path)]
    main(line)
    output = capsys.readouterr()
    assert {path.name for path in tmp_path.iterdir()} == {
        "trials", "mode-benchmark.md", "mode-benchmark.json", "mode-benchmark-ring8.png"
    }  # fmt: skip
    assert (tmp_path / "mode-benchmark.md").read_text() in output.out
    report = json.loads((tmp_path / "mode-benchmark.json").read_text())
    assert [result["method"] for result in report] == ["gan", "dropout_gan", "data"]
    assert all(0 <= result["modes"]["mean"] <= 8 for result in report)
    assert "ring8-dropout_gan-0" in output.err
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("model.keras")}
    main([*line[:-4], "r1", *line[-4:]])
    assert [result["method"] for result in json.loads((tmp_path / "mode-benchmark.json").read_text())] == [
        "gan", "dropout_gan", "r1", "data"
    ]  # fmt: skip
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--steps 7", "--steps: expected a multiple of 400 steps"),
        ("--data ring9", "--data: expected one of ring8, grid25, stacked_mnist. Received: 'ring9'"),
        ("--seeds 0", "expected an integer from 1 to 100. Received: '0'"),
        ("--out /dev/null/benchmark", "--out: expected a folder of files"),
    ],
)
def test_bad_input_is_a_sentence_and_status_2(line, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(line.split())
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_the_averaged_method_runs_only_if_it_is_named():
    assert build_parser().parse_args([]).method == list(DEFAULT_METHODS)
    assert build_parser().parse_args(["--method", "averaged"]).method == ["averaged"]


def test_the_old_option_names_still_work_with_a_warning(capsys):
    options = build_parser().parse_args(["--bed", "grid25", "--model", "gan", "r1", "--budget", "800"])
    assert (options.data, options.method, options.steps) == (["grid25"], ["gan", "r1"], 800)
    warnings = capsys.readouterr().err.splitlines()
    assert warnings[0].startswith("warning: --bed is now --data")
    assert [line.split()[1] for line in warnings] == ["--bed", "--model", "--budget"]


def test_the_parser_is_built_without_tensorflow():
    program = "import sys, tfgen.cli.benchmark_modes as c; c.build_parser(); print('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"
