"""The model families. All share the interface of `tfgen.models.contract.GenerativeModel`."""

from typing import TYPE_CHECKING

from tfgen.config.families import model_class as family

if TYPE_CHECKING:
    from tfgen.config import RunConfig
    from tfgen.models.contract import GenerativeModel

__all__ = ["build", "family"]


def build(config: "RunConfig", event_shape: tuple[int, ...], levels: int | None) -> "GenerativeModel":
    """Return a new model of a run's configuration.

    Args:
        config: the configuration. Its precision is that of the training; a model that is loaded computes in float32.
        event_shape: shape of one example, (H, W, C) or (D,).
        levels: number of intensity levels of a pixel, None for points.

    Raises:
        ConfigError: if the networks do not fit the shape.
    """
    import keras

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.train.precision)
    try:
        return family(config.model)(
            event_shape, levels, ema=config.train.ema, seed=config.train.seed, **config.architecture.to_dict()
        )
    finally:
        keras.config.set_dtype_policy(policy)
