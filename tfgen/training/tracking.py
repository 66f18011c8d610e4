"""Measurements of a model's samples while the model trains: which modes of the data they cover."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tfgen.config import RunConfig
from tfgen.evaluation.modes import mode_measure
from tfgen.training.callbacks import is_sampled

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.models.contract import GenerativeModel

#: Number of samples of points, of images, and of stacked images with their thousand modes. The seeds are always the
#: same. The numbers suffice to see that a mode is missing; of a thousand modes, to see that many are.
POINTS, IMAGES, STACKED_IMAGES = 2_500, 1_000, 5_000


def tracker(model: "GenerativeModel", dataset: "Dataset", config: RunConfig) -> Callable[[int], dict[str, Any]]:
    """Return a function that measures the modes of the model's samples after an epoch.

    Args:
        model: the model.
        dataset: its data.
        config: configuration of the run.

    Returns:
        A function from the number of complete epochs to entries of the epoch's row, by the names of `mode_measure`. The
        function returns no entries if the data have no known modes, or no samples are drawn after this epoch.
    """
    measure = mode_measure(dataset, config.data.data)
    count = POINTS if not dataset.is_images else STACKED_IMAGES if dataset.channels_of else IMAGES

    def track(epoch: int) -> dict[str, Any]:
        if measure is None or not is_sampled(epoch, config.train):
            return {}
        measured = measure(model.sample(count).numpy())
        # JSON has no NaN. The KL divergence is NaN if no sample is near a mode.
        return {name: value for name, value in measured.items() if not (isinstance(value, float) and math.isnan(value))}

    return track
