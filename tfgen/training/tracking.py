"""What samples say of the modes of the data while a model trains."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tfgen.config import TrainConfig
from tfgen.evaluation.modes import mode_measure
from tfgen.training.callbacks import is_drawn

if TYPE_CHECKING:
    from tfgen.data.sets import Dataset
    from tfgen.models.contract import GenerativeModel

#: Samples that are looked at, always of the same seeds: enough to see a missing class, of a thousand kinds most.
POINTS, IMAGES, STACKS = 2_500, 1_000, 5_000


def tracker(model: "GenerativeModel", dataset: "Dataset", train: TrainConfig) -> Callable[[int], dict[str, Any]]:
    """What `mode_measure` finds in samples of the model, after those epochs after which samples are drawn anyway.

    Returns:
        A function from the number of complete epochs to entries for the epoch's row: none where the data has no modes
        that could be told, or after another epoch.
    """
    measure = mode_measure(dataset)
    count = POINTS if not dataset.is_images else STACKS if dataset.channels_of else IMAGES

    def track(epoch: int) -> dict[str, Any]:
        if measure is None or not is_drawn(epoch, train):
            return {}
        found = measure(model.sample(count).numpy())
        # JSON has no NaN, which KL is where no sample is near any mode.
        return {name: value for name, value in found.items() if not (isinstance(value, float) and math.isnan(value))}

    return track
