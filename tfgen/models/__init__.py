"""The model families. All share the interface of `tfgen.models.contract.GenerativeModel`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfgen.config.families import model_class as family
from tfgen.errors import ConfigError

if TYPE_CHECKING:
    from tfgen.config import RunConfig
    from tfgen.models.contract import GenerativeModel

__all__ = ["build", "family"]


def build(
    config: "RunConfig",
    event_shape: tuple[int, ...],
    levels: int | None,
    classes: Sequence[str] = (),
    class_frequencies: Sequence[float] = (),
) -> "GenerativeModel":
    """Return a new model of a run's configuration.

    Args:
        config: the configuration. Its precision is that of the training; a model that is loaded computes in float32.
        event_shape: shape of one example, (H, W, C) or (D,).
        levels: number of intensity levels of a pixel, None for points.
        classes, class_frequencies: names and frequencies of the data's classes. Only a conditional model uses them.

    Raises:
        ConfigError: if the networks do not fit the shape, or a conditional model gets no classes.
    """
    import keras

    if config.data.conditional and not classes:
        raise ConfigError(
            "--conditional: expected data with labels, for example a folder with one sub-folder for each class. "
            "Received: data without labels"
        )
    policy = keras.config.dtype_policy()
    # With bfloat16_products, TensorFlow converts the factors of products when it compiles the training step.
    keras.config.set_dtype_policy("mixed_bfloat16" if config.train.precision == "mixed_bfloat16" else "float32")
    try:
        labels = {"classes": classes, "class_frequencies": class_frequencies} if config.data.conditional else {}
        return family(config.model)(
            event_shape,
            levels,
            ema=config.train.ema,
            seed=config.train.seed,
            **labels,
            **config.architecture.to_dict(),
        )
    finally:
        keras.config.set_dtype_policy(policy)
