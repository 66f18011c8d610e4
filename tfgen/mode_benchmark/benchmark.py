"""Runs all trials of the mode benchmark and writes its report."""

import functools
import sys
from collections.abc import Sequence
from pathlib import Path

from tfgen.files import atomic_write, write_json
from tfgen.mode_benchmark.datasets import DATASETS
from tfgen.mode_benchmark.figure import report_figure
from tfgen.mode_benchmark.methods import REFERENCE
from tfgen.mode_benchmark.results import MethodResult, TrialResult
from tfgen.mode_benchmark.run_trial import measure_test_set, run_trial
from tfgen.mode_benchmark.table import report_markdown
from tfgen.mode_benchmark.trial import Trial
from tfgen.plots import style
from tfgen.runs.run import Run


def run_benchmark(trials: Sequence[Trial], out: Path) -> list[MethodResult]:
    """Run the trials that are not finished, each in its folder below `out/trials`.

    A progress bar and one line for every trial go to standard error.

    Returns:
        The results of each dataset's methods in the order of `trials`, followed by those of the dataset's test set.
    """
    from tqdm import tqdm

    results: list[MethodResult] = []
    total = sum(trial.steps for trial in trials)
    with tqdm(total=total, unit="step", file=sys.stderr, disable=not sys.stderr.isatty(), dynamic_ncols=True) as bar:
        for name in dict.fromkeys(trial.dataset for trial in trials):
            on_dataset = [trial for trial in trials if trial.dataset == name]
            data = Run(out, on_dataset[0].config).dataset
            for method in dict.fromkeys(trial.method for trial in on_dataset):
                members = [trial for trial in on_dataset if trial.method == method]
                folders = tuple(out / "trials" / trial.name for trial in members)
                found = tuple(_run(trial, folder, data, bar) for trial, folder in zip(members, folders, strict=True))
                results.append(MethodResult(name, method, found, folders))
            folder = out / "trials" / f"{name}-{REFERENCE}"
            results.append(MethodResult(name, REFERENCE, (measure_test_set(name, folder, data),), (folder,)))
    return results


def _run(trial: Trial, folder: Path, data, bar) -> TrialResult:
    bar.set_description(trial.name)
    report = functools.partial(_move_bar, bar, bar.n)
    result = run_trial(trial, folder, data, report)
    report(trial.steps)
    bar.write(_line(trial, result), file=sys.stderr)
    return result


def _move_bar(bar, start: int, steps: int) -> None:
    bar.update(start + steps - bar.n)


def _line(trial: Trial, result: TrialResult) -> str:
    if result.diverged is not None:
        return f"{trial.name:<32} diverged"
    near = "" if result.high_quality is None else f"  {result.high_quality:.1%} near one"
    kl = "" if result.mode_kl is None else f"  KL {result.mode_kl:.3f}"
    modes = f"{result.modes:>5,} of {DATASETS[trial.dataset].modes:,} modes"
    return f"{trial.name:<32} {modes}{near}{kl}  {result.seconds:.0f} s"


def write_report(results: Sequence[MethodResult], out: Path) -> str:
    """Write `mode-benchmark.md`, `mode-benchmark.json` and `mode-benchmark-DATASET.png` into the folder `out`.

    Returns:
        The content of `mode-benchmark.md`.
    """
    text = report_markdown(results)
    with atomic_write(out / "mode-benchmark.md") as temporary:
        temporary.write_text(text)
    write_json(out / "mode-benchmark.json", [result.to_dict() for result in results])
    for name in dict.fromkeys(result.dataset for result in results):
        figure = report_figure([result for result in results if result.dataset == name])
        style.save(figure, out / f"mode-benchmark-{name}.png")
    return text
