"""Measurements and pictures at the end of a training."""

from typing import TYPE_CHECKING

from tfgen.evaluation.find_classifier import is_shipped
from tfgen.evaluation.interpolation import write_interpolation
from tfgen.evaluation.likelihood import measure_likelihood
from tfgen.evaluation.quality import measure_quality
from tfgen.evaluation.report import likelihood_summary, quality_summary
from tfgen.plots.manifold import save_manifold

if TYPE_CHECKING:
    from tfgen.runs.run import Run
    from tfgen.training.distributed.strategy import DistributionContext

#: Number of samples for the quality of a model without likelihood. A quick estimate; `tfgen evaluate` takes 10,000.
FINAL_SAMPLES = 2000


def measure_and_draw(run: "Run", distribution: "DistributionContext") -> None:
    """Measure the best model of a finished run on the test set, and draw an interpolation and a latent manifold.

    The measurement is the likelihood of the test set or, for a model without likelihood, the quality of samples if the
    package has a classifier for the data. The result is printed and recorded in `evaluation.json`. `--no-evaluate-test`
    switches the measurement off. The replicas share the likelihood, so every worker has to call this function; only the
    chief prints and writes.
    """
    measured = run.config.train.evaluate_test
    with distribution.strategy.scope():
        model = run.load_model()
        if measured and model.can("log_prob"):
            entry = measure_likelihood(run, model=model, record=distribution.is_chief)
            if distribution.is_chief:
                print(likelihood_summary(entry))
    if not distribution.is_chief:
        return
    if measured and not model.can("log_prob") and is_shipped(run.config.data.data, model.event_shape):
        print(quality_summary(measure_quality(run, model=model, count=FINAL_SAMPLES)))
    if model.is_image:
        write_interpolation(model, run.path / "interpolation.png", pairs=4, steps=7, seed=0)
        if model.latent_shape == (2,):
            save_manifold(model, run.path / "manifold.png")
