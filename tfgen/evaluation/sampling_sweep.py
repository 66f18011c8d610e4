"""Sample quality over the settings of sampling: temperature, guidance, and with or without the removal of noise."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tfgen.evaluation.quality import evaluate_quality
from tfgen.evaluation.samples import decoding
from tfgen.files import atomic_write
from tfgen.runs.evaluations import is_writable

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.evaluation.quality import Extractor
    from tfgen.models.contract import GenerativeModel
    from tfgen.runs.run import Run

#: Parameter of sampling → the values that are measured.
VALUES: dict[str, tuple[float, ...]] = {
    "temperature": (0.6, 0.7, 0.8, 0.9, 1.0, 1.1),
    "guidance": (0.0, 0.25, 0.5, 1.0, 2.0, 3.0),
}
#: Names of the result's files in the folder of a run.
TABLE, FIGURE = "sampling_sweep.json", "sampling_sweep.png"


@dataclass(frozen=True)
class SweepPoint:
    """The quality of samples at one setting.

    Attributes:
        parameter: "temperature" or "guidance".
        value: its value; the other parameter has the value of the model.
        denoised: whether the noise of the samples was removed; None for a model without such noise.
        samples: number of samples.
        frechet: Fréchet distance in the features.
        precision, recall, coverage: see `tfgen.metrics.neighbours`.
    """

    parameter: str
    value: float
    denoised: bool | None
    samples: int
    frechet: float
    precision: float
    recall: float
    coverage: float


def sweep_quality(
    model: "GenerativeModel",
    dataset: "Dataset",
    extractor: "Extractor",
    parameters: Sequence[str],
    *,
    count: int = 10_000,
    split: str = "test",
    seed: int = 0,
    report: Callable[[SweepPoint], None] = lambda point: None,
) -> list[SweepPoint]:
    """Measure the quality of samples for each value of each parameter in `VALUES`, one parameter at a time.

    A flow with gaussian noise is measured twice at each value, with and without the removal of the noise.

    Args:
        model: a model of images.
        dataset, extractor, count, split, seed: see `evaluate_quality`.
        parameters: keys of `VALUES`.
        report: called with each point when it is measured.

    Raises:
        UndefinedError: if the model has no such parameter.
    """
    if "guidance" in parameters:
        # Raises if the model has no guidance, before anything is measured.
        with decoding(model, VALUES["guidance"][0], None):
            pass
    points = []
    for parameter, value, denoised in _settings(model, parameters):
        temperature = value if parameter == "temperature" else 1.0
        with decoding(model, value if parameter == "guidance" else None, denoised):
            entry = evaluate_quality(
                model, dataset, extractor, count=count, split=split, seed=seed, temperature=temperature
            )
        frechet = entry.fid if entry.frechet_classifier_distance is None else entry.frechet_classifier_distance
        figures = (entry.samples, frechet, entry.precision, entry.recall, entry.coverage)
        points.append(SweepPoint(parameter, value, denoised, *figures))  # type: ignore[arg-type]
        report(points[-1])
    return points


def _settings(model: "GenerativeModel", parameters: Sequence[str]) -> Iterator[tuple[str, float, bool | None]]:
    noisy = getattr(model, "denoise", False)
    for parameter in parameters:
        for value in VALUES[parameter]:
            for denoised in (False, True) if noisy else (None,):
                yield parameter, value, denoised


def summary(point: SweepPoint) -> str:
    """Return a point as one line."""
    kind = "" if point.denoised is None else ", noise removed" if point.denoised else ", raw"
    return (
        f"{point.parameter} {point.value:g}{kind}: Fréchet distance {point.frechet:.3f}, precision "
        f"{point.precision:.3f}, recall {point.recall:.3f}, coverage {point.coverage:.3f} ({point.samples:,} samples)"
    )


def save_sweep(run: "Run", points: Sequence[SweepPoint]) -> None:
    """Write the points and their figure into the folder of a run, unless it belongs to the installed package."""
    if not is_writable(run):
        return
    from tfgen.plots import style
    from tfgen.plots.sampling_sweep import draw_sweep

    with atomic_write(run.path / TABLE) as temporary:
        temporary.write_text(json.dumps([asdict(point) for point in points], indent=1) + "\n", encoding="utf-8")
    style.save(draw_sweep([asdict(point) for point in points]), run.path / FIGURE)
