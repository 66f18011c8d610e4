"""The base class of all model families: a Keras model with one contract for sampling, likelihood and training."""

from typing import Any

import keras

from tfgen.config import migration
from tfgen.config.families import FAMILIES
from tfgen.errors import ConfigError
from tfgen.models.interface import Interface
from tfgen.models.likelihood import Likelihood
from tfgen.models.moving_average import MovingAverage
from tfgen.models.optimizer_step import OptimizerStep
from tfgen.models.signature import signature_of
from tfgen.models.training_step import EVALUATION, TrainingStep
from tfgen.networks.mlp import LAST

__all__ = ["EVALUATION", "GenerativeModel", "Likelihood"]


class GenerativeModel(Interface, TrainingStep, keras.Model):
    """A generative model of images, or of 2-D points, with the same contract for every family.

    `Interface` declares the methods that users call and that a family implements. `TrainingStep` holds one step of
    training and validation. This class adds the constructor and what Keras needs for `fit`, `save` and `load_model`.

    A family implements `_build_networks`, `latent_shape`, `decode` and `losses_of`, and, if it has them, `encode` and
    `log_prob`.

    Args:
        event_shape: shape of one example, (H, W, C) or (D,).
        levels: intensity levels of the pixels, 2 to 256 (256 for 8-bit images). Ignored for points.
        classes: names of the classes of a conditional model; () for a model without labels.
        class_frequencies: p(y) of each class; () for equally frequent classes.
        ema: decay of the moving average of the weights, in [0, 1). 0 keeps no average.
        seed: seed of the training noise.
        **hyperparameters: fields of the family's configuration class (`config_class`), which documents them.

    Raises:
        ConfigError: on an unknown hyperparameter, or on a value out of range.
    """

    #: The configuration class of the family.
    config_class: Any

    def __init_subclass__(cls, **arguments: Any):
        super().__init_subclass__(**arguments)
        for family in FAMILIES.values():
            if family.model_class == cls.__name__:
                options = [family.config, *([family.point_config] if family.point_config else [])]
                cls.__signature__ = signature_of(GenerativeModel.__init__, options)  # type: ignore[attr-defined]

    def __init__(
        self,
        event_shape,
        levels=256,
        *,
        classes=(),
        class_frequencies=(),
        ema: float = 0.0,
        seed: int = 0,
        name=None,
        **hyperparameters,
    ):
        # The networks may compute in bfloat16. Their outputs, the losses and the likelihoods are float32.
        super().__init__(name=name, dtype="float32")
        self.event_shape: tuple = tuple(int(side) for side in event_shape)
        if len(self.event_shape) not in (1, 3) or min(self.event_shape) < 1:
            raise ConfigError(f"event_shape: expected (H, W, C) or (D,). Received: {tuple(event_shape)}")
        if self.is_image and (levels is None or not 2 <= levels <= 256):
            raise ConfigError(f"levels: expected 2 to 256. Received: {levels}")
        self.levels: Any = int(levels) if self.is_image else None
        self.set_classes(classes, class_frequencies)
        self.seed = int(seed)
        self.ema = float(ema)
        self.config = self.config_class.from_dict(hyperparameters)
        self.clip_norm = None
        self.differentiate = OptimizerStep.gradients
        self.trackers = {name: keras.metrics.Mean(name=name) for name in self.loss_names}
        self.evaluated_rows = keras.metrics.Sum(name="evaluated_rows")
        self._build_networks()
        self._check_last_layers()
        self.average = MovingAverage(self.averaged_variables, ema, name="average") if ema else None
        self.build((None, *self.event_shape))

    def _build_networks(self) -> None:
        """Create and build every network, as attributes of the model: Keras trains and saves no others."""
        raise NotImplementedError

    @property
    def feature_networks(self) -> tuple[str, ...]:
        """Names of the networks whose outputs are features for another network, and which have no output layer."""
        return ()

    def _check_last_layers(self) -> None:
        """Check that the optimizer Muon can tell the output layer of every network, which it leaves to Adam.

        Raises:
            ValueError: if a network with kernels has no layer named `tfgen.networks.mlp.LAST`.
        """
        for network in self.layers:
            paths = [variable.path for variable in network.trainable_variables if variable.name == "kernel"]
            has_last = any(f"/{path}".endswith(f"/{LAST}/kernel") for path in paths)
            if paths and not has_last and network.name not in self.feature_networks:
                raise ValueError(
                    f"Expected an output layer named {LAST!r} in each network. Received: {network.name}, whose kernels "
                    f"are {', '.join(paths)}"
                )

    # -- Keras --------------------------------------------------------------------------------------------------------

    def build(self, input_shape=None):
        """Mark the model as built. The constructor has built the networks, because it knows every shape."""
        self.built = True

    def call(self, inputs, training=False):
        """Reconstruct a batch, see `reconstruct`: [n, *event_shape], or that and labels [n].

        Keras's `predict` returns the same.
        """
        (examples, *label), _ = self.split_data(inputs)
        return self.reconstruct(examples, *label)

    def fit(self, x=None, y=None, *others, **arguments):
        """Train the model, as `keras.Model.fit` does.

        Args:
            x: examples [n, *event_shape]: uint8 images of the model's levels, floats in [0, 1], or points. Or a data
                set of batches of examples, or of pairs of examples and labels.
            y: labels of a conditional model, in the forms that `labels_of` describes.
            *others, **arguments: of `keras.Model.fit`.

        Raises:
            ConfigError: if the examples or labels are out of range.
        """
        if "validation_data" in arguments and isinstance(arguments["validation_data"], tuple | list):
            arguments["validation_data"] = self._checked_data(*arguments["validation_data"])
        return super().fit(*self._checked_data(x, y), *others, **arguments)

    def evaluate(self, x=None, y=None, *others, **arguments):
        """Compute the mean losses of examples, as `keras.Model.evaluate` does. For `x` and `y`, see `fit`."""
        return super().evaluate(*self._checked_data(x, y), *others, **arguments)

    def _checked_data(self, examples, labels=None, *weights) -> tuple:
        """Examples and labels that are given as arrays, checked. Data sets are checked batch by batch."""
        if hasattr(examples, "__array__") or isinstance(examples, list):
            examples = self.checked(examples)
            if labels is not None and self.is_conditional:
                labels = keras.ops.convert_to_numpy(self.labels_of(labels, len(examples)))
        return examples, labels, *weights

    @classmethod
    def from_config(cls, config):
        return cls(**migration.without_format(config))

    def get_config(self) -> dict[str, Any]:
        return {
            "format": migration.VERSION,
            "event_shape": list(self.event_shape),
            "levels": self.levels,
            **({"classes": self.classes, "class_frequencies": self.class_frequencies} if self.classes else {}),
            "ema": self.ema,
            "seed": self.seed,
            "name": self.name,
            **self.config.to_dict(),
        }

    def compile(self, optimizer="adam", *, clip_norm: float | None = None, jit_compile: bool = False, **kwargs):
        """Configure training.

        Args:
            optimizer: as for `keras.Model.compile`.
            clip_norm: largest global norm of the gradient of the whole batch. None does not clip.
            jit_compile: whether `fit` compiles its steps with XLA. Off by default: convolutions are slower with XLA
                on CPUs, and XLA draws other random numbers. (tfgen's own training loop draws them outside of XLA.)
            **kwargs: passed to `keras.Model.compile`.

        Raises:
            ConfigError: if a loss or metrics are given, which the model would not use.
        """
        for name in ("loss", "metrics", "loss_weights", "weighted_metrics"):
            if kwargs.get(name) is not None:
                raise ConfigError(
                    f"{name}: expected none, as the model has a loss and metrics of its own. Received: {kwargs[name]!r}"
                )
        super().compile(optimizer=optimizer, jit_compile=jit_compile, **kwargs)
        self.clip_norm = clip_norm
        self.optimizer.build(self.optimized_variables)

    def get_compile_config(self):
        if not self.compiled:
            return None
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "clip_norm": self.clip_norm,
        }

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    @property
    def metrics(self):
        return list(self.trackers.values())
