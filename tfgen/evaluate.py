"""Evaluate a run's best model: python -m tfgen.evaluate RUN [--samples k] [--split test]

Writes `evaluation.json` into the run: the likelihood of every example of a split with its estimator, sample count,
levels and standard error.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tfgen.errors import ConfigError, reported

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs import Run

SPLITS = ("train", "validation", "test")


def evaluate(
    run: "Run",
    *,
    model: "GenerativeModel | None" = None,
    samples: int = 1,
    split: str = "test",
    seed: int = 0,
    batch_size: int = 100,
    progress: bool = False,
    record: bool = True,
) -> dict[str, Any]:
    """Measure the likelihood of a split and record it in the run's `evaluation.json`.

    The file holds one entry for each (split, samples) measured so far; a new measurement replaces its own only.

    Args:
        run: the run.
        model: its model, if already loaded.
        samples: latent or dequantization samples for each example.
        split: train, validation or test.
        seed: of the estimator's noise.
        batch_size: examples at a time.
        progress: show a progress bar.
        record: write the file; False on a worker that is not the chief. A pretrained model that was opened by its name
            is never written to.

    Returns:
        The entry.

    Raises:
        UndefinedError: if the model has no likelihood.
        ConfigError: if the run has no such split.
    """
    from tqdm import tqdm

    from tfgen.files import write_json
    from tfgen.metrics.likelihood import evaluate_likelihood, yardstick

    model = model or run.load_model()
    model.estimator(samples)  # a model without likelihood says so before any data is read
    examples = getattr(run.dataset, split)
    if examples is None:
        raise ConfigError(f"split: expected one that the run has. Received: {split!r}, to which it left no examples")
    started = time.monotonic()
    with tqdm(total=len(examples), unit="example", disable=not (progress and sys.stderr.isatty())) as bar:
        found = evaluate_likelihood(
            model,
            examples.examples,
            samples=samples,
            seed=seed,
            batch_size=batch_size,
            progress=lambda done: bar.update(done - bar.n),
        )
    entry: dict[str, Any] = {
        "split": split,
        "estimator": found.estimator,
        "samples": samples,
        "examples": len(found.nats),
        "seed": seed,
        "log_prob_nats": float(found.nats.mean()),
        "log_prob_nats_standard_error": float(found.nats.std(ddof=1) / len(found.nats) ** 0.5),
    }
    if model.is_image:
        entry |= {
            "bits_per_dim": found.mean,
            "bits_per_dim_standard_error": found.standard_error,
            "levels": found.levels,
            "dimensions": found.dimensions,
            "pixel_marginal_bits_per_dim": yardstick(model, run.dataset.train.examples, examples.examples),
        }
        if model.config.to_dict().get("likelihood") == "bernoulli":
            entry["binarization"] = model.config.binarize
    elif (truth := examples.log_prob) is not None:
        # The best any model can do: minus the mean of the true log-density on the same points.
        entry["true_log_prob_nats"] = float(truth(examples.examples).mean())
    entry["seconds"] = round(time.monotonic() - started, 1)
    if not record or run.by_name:
        return entry
    file = run.path / "evaluation.json"
    try:
        entries = json.loads(file.read_text())["likelihood"] if file.exists() else []
    except (ValueError, KeyError, TypeError):
        entries = []
    kept = [old for old in entries if (old["split"], old["samples"]) != (split, samples)]
    write_json(file, {"run": run.path.name, "model": run.config.model, "likelihood": [*kept, entry]})
    return entry


def summary(entry: dict[str, Any]) -> str:
    """One line for people."""
    if "bits_per_dim" in entry:
        observed = f"{entry['levels']} levels" + (f", {entry['binarization']}" if "binarization" in entry else "")
        figure = (
            f"{entry['bits_per_dim']:.4f} ± {entry['bits_per_dim_standard_error']:.4f} bits/dim "
            f"({-entry['log_prob_nats']:.2f} nats; {observed}; marginals {entry['pixel_marginal_bits_per_dim']:.4f})"
        )
    else:
        truth = entry.get("true_log_prob_nats")
        best = f"; the true density: {-truth:.4f}" if truth is not None else ""
        figure = f"NLL {-entry['log_prob_nats']:.4f} ± {entry['log_prob_nats_standard_error']:.4f} nats{best}"
    # A packed model's file may tell what was measured before its weights were rounded (`tfgen.pack`).
    weights = f"; {entry['weights']}" if "weights" in entry else ""
    return f"{entry['split']:<10} {figure}; {entry['estimator']}; {entry['examples']} examples{weights}"


def main(argv: Sequence[str] | None = None) -> None:
    """The command line. Exit status 0, or 2 with a sentence on bad input."""
    parser = argparse.ArgumentParser(prog="python -m tfgen.evaluate", description=__doc__.splitlines()[2])
    parser.add_argument("run", metavar="RUN", help="folder of a run, or a pretrained model's name")
    parser.add_argument("--samples", type=int, default=1, metavar="K", help="samples for each example [1]")
    parser.add_argument("--split", choices=SPLITS, default="test", help="which examples [test]")
    parser.add_argument("--seed", type=int, default=0, help="of the estimator's noise [0]")
    parser.add_argument("--batch-size", type=int, default=100, metavar="N", help="examples at a time [100]")
    options = parser.parse_args(argv)
    for name in ("samples", "batch_size"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')}: expected at least 1. Received: {getattr(options, name)}")
    with reported():
        from tfgen.startup import start_tensorflow

        start_tensorflow()
        from tfgen.runs import Run

        run = Run.open(options.run)
        settings = {name: getattr(options, name) for name in ("samples", "split", "seed", "batch_size")}
        print(summary(evaluate(run, **settings, progress=True)))
        if run.by_name:
            print(f"not recorded: {options.run} belongs to the installed package")


if __name__ == "__main__":
    main()
