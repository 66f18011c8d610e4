"""Measurements and pictures at the end of a training."""

import math
from typing import TYPE_CHECKING

from tfgen.config.families import AUTO
from tfgen.evaluation.find_classifier import is_shipped
from tfgen.evaluation.interpolation import write_interpolation
from tfgen.evaluation.likelihood import measure_likelihood
from tfgen.evaluation.quality import measure_quality
from tfgen.evaluation.report import likelihood_summary, quality_summary
from tfgen.plots.manifold import save_manifold
from tfgen.training.distributed.heartbeat import BETWEEN_CHUNKS, beat

if TYPE_CHECKING:
    from tfgen.config import RunConfig
    from tfgen.runs.entries import LikelihoodEntry
    from tfgen.runs.run import Run
    from tfgen.training.distributed.strategy import DistributionContext

#: Number of samples for the quality of a model without likelihood. A quick estimate; `tfgen evaluate` takes 10,000.
FINAL_SAMPLES = 2000


def measure_and_draw(run: "Run", distribution: "DistributionContext") -> str | None:
    """Measure the best model of a finished run on the test set, and draw an interpolation and a latent manifold.

    The measurement is the likelihood of the test set or, for a model without likelihood, the quality of samples if the
    package has a classifier for the data. The result is printed and recorded in `evaluation.json`. `--no-evaluate-test`
    switches the measurement off. The replicas share the likelihood, so every worker has to call this function; only the
    chief prints and writes.

    Returns:
        A warning if the model is worse than independent pixels, otherwise None.
    """
    warning = None
    measured = run.config.train.evaluate_test
    with distribution.strategy.scope():
        model = run.load_model()
        if measured and model.can("log_prob"):
            # A batch that takes longer than this counts as one that will not end.
            entry = measure_likelihood(
                run, model=model, record=distribution.is_chief, on_batch=lambda: beat(BETWEEN_CHUNKS)
            )
            if distribution.is_chief:
                print(likelihood_summary(entry))
                warning = warning_about(run.config, entry)
    if not distribution.is_chief:
        return None
    # From here on the chief waits for nobody.
    beat(math.inf)
    if measured and not model.can("log_prob") and is_shipped(run.config.data.data, model.event_shape):
        print(quality_summary(measure_quality(run, model=model, count=FINAL_SAMPLES)))
    if model.is_image:
        write_interpolation(model, run.path / "interpolation.png", pairs=4, steps=7, seed=0)
        if model.latent_shape == (2,):
            save_manifold(model, run.path / "manifold.png")
    return warning


def warning_about(config: "RunConfig", entry: "LikelihoodEntry") -> str | None:
    """A sentence about a likelihood that is worse than the baseline of independent pixels, and what to try.

    None if the likelihood is better, or there is no baseline. None for a flow with gaussian noise too: the noise hides
    the exact levels of the pixels, which costs more bits than independent pixels need.
    """
    if getattr(config.architecture, "dequantization", None) == "gaussian":
        return None
    bits, baseline = entry.bits_per_dim, entry.pixel_marginal_bits_per_dim
    if bits is None or baseline is None or bits < baseline:
        return None
    train = config.train
    hints = [f"more training (tfgen train --resume RUN --epochs {2 * train.epochs})"]
    if not train.ema:
        hints.append("--ema 0.999")
    if train.learning_rate > 5e-4:
        hints.append(f"--learning-rate {train.learning_rate / 4:g}")
    if config.preset != AUTO:
        hints.append("--preset auto, which chooses the options from the data")
    return (
        f"the model is worse than independent pixels ({bits:.4f} against {baseline:.4f} bits/dim): it has not learned "
        f"how pixels depend on each other. Try {', '.join(hints)}"
    )
