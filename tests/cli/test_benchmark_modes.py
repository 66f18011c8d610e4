"""tfgen benchmark-modes, from the command line to its files."""

import json

import pytest

from tests.mode_benchmark.conftest import tiny_bed  # noqa: F401
from tfgen.cli.benchmark_modes import main


@pytest.mark.usefixtures("tiny_bed")
def test_the_lab_writes_table_figure_and_json_and_keeps_what_is_finished(tmp_path, capsys):
    line = ["--bed", "ring8", "--model", "gan", "dropout_gan", "--seeds", "1", "--out", str(tmp_path)]
    main(line)
    said = capsys.readouterr()
    assert {path.name for path in tmp_path.iterdir()} == {
        "trials", "collapse.md", "collapse.json", "collapse-ring8.png"
    }  # fmt: skip
    assert (tmp_path / "collapse.md").read_text() in said.out
    found = json.loads((tmp_path / "collapse.json").read_text())
    assert [row["entrant"] for row in found] == ["gan", "dropout_gan", "data"]
    assert all(0 <= row["modes"]["mean"] <= 8 for row in found)
    assert "ring8-dropout_gan-0" in said.err
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("model.keras")}
    main([*line[:-4], "r1", *line[-4:]])
    assert [row["entrant"] for row in json.loads((tmp_path / "collapse.json").read_text())] == [
        "gan", "dropout_gan", "r1", "data"
    ]  # fmt: skip
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--budget 7", "--budget: expected a multiple of 400 steps"),
        ("--bed ring9", "invalid choice: 'ring9'"),
        ("--seeds 0", "expected an integer from 1 to 100. Received: '0'"),
        ("--out /dev/null/lab", "--out: expected a folder that can be written"),
    ],
)
def test_bad_input_is_a_sentence_and_status_2(line, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(line.split())
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err
