"""The mode benchmark as Markdown."""

from collections.abc import Sequence

from tfgen.markdown import markdown_table
from tfgen.mode_benchmark.datasets import DATASETS
from tfgen.mode_benchmark.methods import REFERENCE
from tfgen.mode_benchmark.results import MethodResult


def report_markdown(results: Sequence[MethodResult]) -> str:
    """Return one section with a table for every dataset."""
    sections = ["# Mode collapse"]
    for dataset in dict.fromkeys(result.dataset for result in results):
        sections += _section(dataset, [result for result in results if result.dataset == dataset])
    return "\n\n".join(sections) + "\n"


def _section(name: str, results: Sequence[MethodResult]) -> list[str]:
    dataset, trained = DATASETS[name], [result for result in results if result.method != REFERENCE]
    seeds = len({trial.seed for result in trained for trial in result.trials})
    steps = sorted({trial.steps for result in trained for trial in result.trials if trial.steps is not None})
    return [
        f"## {name}",
        f"{' or '.join(f'{number:,}' for number in steps)} steps of {dataset.options['batch_size']} examples for every "
        f"model, {seeds} seeds, {dataset.samples:,} samples each; ± is the standard deviation between seeds. Work is "
        "in floating-point operations, relative to the GAN.",
        _table(dataset.modes, results),
    ]


def _table(modes: int, results: Sequence[MethodResult]) -> str:
    gan_work = next((result.mean("flops_per_example") for result in results if result.method == "gan"), None)
    has_quality = any(result.values("high_quality") for result in results)
    has_diverged = any(result.diverged for result in results)
    header = [
        "model",
        f"modes of {modes:,}",
        "of each seed",
        *(["samples near a mode"] if has_quality else []),
        "KL to uniform, nats",
        "weights",
        "work a step",
        *(["diverged"] if has_diverged else []),
    ]
    rows = []
    for result in results:
        is_model, work = result.method != REFERENCE, result.mean("flops_per_example")
        rows.append(
            [
                result.title,
                _mean_and_deviation(result, "modes", ".1f" if is_model else ".0f"),
                ", ".join(f"{value:,}" for value in result.values("modes")) if is_model else "",
                *([_mean_and_deviation(result, "high_quality", ".1%")] if has_quality else []),
                _mean_and_deviation(result, "mode_kl", ".3f"),
                f"{result.mean('weights'):,.0f}" if result.values("weights") else "",
                f"{work / gan_work:.2f}" if work and gan_work else "",
                *([str(result.diverged)] if has_diverged else []),
            ]
        )
    return markdown_table(header, rows)


def _mean_and_deviation(result: MethodResult, name: str, form: str) -> str:
    mean, deviation = result.mean(name), result.standard_deviation(name)
    if mean is None:
        return "–"
    return format(mean, form) + ("" if deviation is None else f" ± {format(deviation, form)}")
