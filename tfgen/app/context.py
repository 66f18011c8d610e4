"""The objects that every tab of the app shares. This module imports neither Gradio nor TensorFlow."""

from dataclasses import dataclass, field

from tfgen.app.catalogue import Catalogue
from tfgen.app.data_cache import TestSetCache
from tfgen.app.model_cache import ModelCache
from tfgen.app.trainer import Trainer


@dataclass(frozen=True)
class Context:
    """Objects that the handlers work with.

    Attributes:
        catalogue: names of the pretrained models and of the runs.
        models: loads models by name and keeps the latest ones in memory.
        trainer: trains one run at a time, in a process of its own.
        is_local: whether all visitors use this machine, so that they may name its files.
        test_sets: reads the test sets of the runs' data and keeps the latest ones in memory.
    """

    catalogue: Catalogue
    models: ModelCache
    trainer: Trainer
    test_sets: TestSetCache = field(default_factory=TestSetCache)
    is_local: bool = False
