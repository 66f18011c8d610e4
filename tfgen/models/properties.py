"""What a model is: its shapes, its levels, and the methods that its family has."""

from typing import Any, ClassVar

from tfgen.errors import UndefinedError
from tfgen.models.inputs import check_examples, check_latents
from tfgen.models.labels import Labels


class Properties(Labels):
    """Properties of a generative model, and the check of examples and latents against them."""

    #: Name of a method that the family cannot have → the reason, which the error message states.
    undefined: ClassVar[dict[str, str]] = {}
    #: The reason why the model multiplies rounding errors, such as those of 8-bit arithmetic, or None if it does not.
    amplifies_rounding: str | None = None

    event_shape: tuple
    levels: Any
    config: Any

    @property
    def latent_shape(self) -> tuple[int, ...]:
        """Shape of one latent."""
        raise NotImplementedError

    @property
    def is_image(self) -> bool:
        """Whether the examples are images, as opposed to points."""
        return len(self.event_shape) == 3

    @property
    def is_fully_connected(self) -> bool:
        """Whether the networks have no convolution."""
        return not self.is_image or getattr(self.config, "arch", "conv") == "mlp"

    @property
    def batch_multiple(self) -> int:
        """Number by which the batch size of each replica has to be divisible."""
        return 1

    @property
    def observed_levels(self) -> int | None:
        """Intensity levels of the pixels that the likelihood is a probability of, for example 2 after binarization."""
        return self.levels

    def can(self, method: str) -> bool:
        """Whether the model has a method, for example "encode" or "log_prob"."""
        return hasattr(self, method) and method not in self.undefined

    def _undefined_error(self, method: str) -> UndefinedError:
        reason = self.undefined.get(method, "this family has no such method")
        return UndefinedError(f"{type(self).__name__} does not define {method!r}: {reason}")

    def checked(self, examples) -> Any:
        """Examples as an array or tensor. Raises `ConfigError` if their shape, type or range is wrong."""
        return check_examples(examples, self.event_shape, self.levels)

    def checked_latents(self, latents) -> Any:
        """Latents as an array or tensor. Raises `ConfigError` if their shape or type is wrong."""
        return check_latents(latents, self.latent_shape)
