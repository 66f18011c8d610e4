"""What a run is made of: frozen dataclasses, written to and read from JSON, from which the command line is generated.

Every field carries its own help text and its own check, so that the command line, a configuration file and a call from
Python accept the same values and refuse the others with the same sentence. Nothing here imports TensorFlow.
"""

import dataclasses
import difflib
import math
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal

from tfgen.errors import ConfigError


def option(default: Any, help: str, *, low: float | None = None, high: float | None = None) -> Any:
    """A dataclass field with the text shown by `--help` and, for numbers, the smallest and largest value allowed."""
    metadata = {"help": help, "low": low, "high": high}
    return field(default=default, metadata=metadata)


def choices_of(annotation: Any) -> tuple | None:
    """The values of a `Literal[...]` or `Literal[...] | None` annotation, or None."""
    annotation, _ = _without_none(annotation)
    return typing.get_args(annotation) if typing.get_origin(annotation) is Literal else None


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """(the annotation without its `| None`, whether it had one)."""
    # `int | None` is a types.UnionType, but Python 3.11 makes `Literal[...] | None` a typing.Union.
    if typing.get_origin(annotation) not in (types.UnionType, typing.Union):
        return annotation, False
    members = [member for member in typing.get_args(annotation) if member is not type(None)]
    return members[0], len(members) < len(typing.get_args(annotation))


def base_type(annotation: Any) -> tuple[type, bool, bool]:
    """(type of one value, whether it is a tuple of them, whether None is allowed) of a field's annotation."""
    annotation, optional = _without_none(annotation)
    if typing.get_origin(annotation) is tuple:
        return typing.get_args(annotation)[0], True, optional
    if choices_of(annotation):
        return type(choices_of(annotation)[0]), False, optional  # type: ignore[index]
    return annotation, False, optional


class Checked:
    """Checks every field of a dataclass against its annotation and bounds when an instance is made.

    Lists (as JSON has them) become tuples and integers become floats where a float is expected; everything else of the
    wrong type raises `ConfigError`.
    """

    def __post_init__(self):
        hints = typing.get_type_hints(type(self))
        for spec in dataclasses.fields(self):  # type: ignore[arg-type]
            value = self._checked(spec, hints[spec.name], getattr(self, spec.name))
            object.__setattr__(self, spec.name, value)

    @staticmethod
    def _checked(spec: dataclasses.Field, annotation: Any, value: Any) -> Any:
        kind, many, optional = base_type(annotation)
        if value is None and optional:
            return None
        if many:
            if not isinstance(value, (list, tuple)):
                raise ConfigError(f"{spec.name}: expected a list of {kind.__name__}. Received: {value!r}")
            return tuple(Checked._value(spec, annotation, kind, item) for item in value)
        return Checked._value(spec, annotation, kind, value)

    @staticmethod
    def _value(spec: dataclasses.Field, annotation: Any, kind: type, value: Any) -> Any:
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise ConfigError(f"{spec.name}: expected {kind.__name__}. Received: {value!r}")
        allowed = choices_of(annotation)
        if allowed and value not in allowed:
            raise ConfigError(f"{spec.name}: expected one of {', '.join(map(str, allowed))}. Received: {value!r}")
        low, high = spec.metadata.get("low"), spec.metadata.get("high")
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{spec.name}: expected a finite number. Received: {value!r}")
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = f"at least {low}" if high is None else f"at most {high}" if low is None else f"{low} to {high}"
            raise ConfigError(f"{spec.name}: expected {bounds}. Received: {value!r}")
        return value

    @classmethod
    def from_dict(cls, values: dict[str, Any]):
        """Build from a mapping. Raises `ConfigError` on an unknown field, a wrong type or a value out of range."""
        if not isinstance(values, dict):
            raise ConfigError(f"{cls.__name__}: expected a mapping of options. Received: {values!r}")
        known = {spec.name for spec in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for name in values:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = f" Did you mean {close[0]!r}?" if close else ""
                raise ConfigError(
                    f"{cls.__name__}: expected options among {', '.join(sorted(known))}. Received: {name!r}.{hint}"
                )
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold; `from_dict` reads them back to an equal object."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()  # type: ignore[call-overload]
        }


Activation = Literal["relu", "gelu", "silu", "leaky_relu", "elu", "tanh"]


@dataclass(frozen=True)
class VAEConfig(Checked):
    """A variational autoencoder's networks, observation model, prior and objective."""

    arch: Literal["mlp", "conv"] = option("mlp", "fully connected or convolutional networks")
    latent_dim: int = option(20, "dimensions of the latent z", low=1)
    hidden: tuple[int, ...] = option((512,), "mlp: units of the encoder's layers; the decoder mirrors them", low=1)
    filters: int = option(32, "conv: filters at the highest resolution, doubled at each lower one", low=1)
    blocks: int = option(0, "conv: gated residual blocks at each resolution; 0 is a plain convolutional net", low=0)
    activation: Activation = option("relu", "activation function")
    dropout: float = option(0.0, "conv with blocks: dropout rate inside each block", low=0.0, high=0.95)
    likelihood: Literal["bernoulli", "logistic_mixture"] = option(
        "bernoulli", "p(x|z): Bernoulli on binarized pixels, or a discretized mixture of logistics on all levels"
    )
    binarize: Literal["threshold", "static", "dynamic"] = option(
        "threshold", "bernoulli: 1 where a pixel > 0.5, or drawn with the pixel as probability, once or at every step"
    )
    mixtures: int = option(5, "logistic_mixture: components for each pixel and channel", low=1)
    prior: Literal["normal", "flow"] = option("normal", "p(z): standard normal, or a learned flow upon it")
    prior_couplings: int = option(6, "prior flow: affine couplings", low=2)
    prior_hidden: tuple[int, ...] = option((128, 128), "prior flow: units of each coupling's network", low=1)
    beta: float = option(1.0, "weight of the KL term in the objective (1 is the ELBO)", low=0.0)
    kl_warmup: int = option(0, "steps over which that weight rises from 0", low=0)
    free_bits: float = option(0.0, "nats of KL a latent dimension (batch mean) may use unpenalized", low=0.0)


@dataclass(frozen=True)
class AdversarialConfig(Checked):
    """The two networks of an adversarial game, and what keeps it steady: the part that all such models share."""

    arch: Literal["mlp", "conv", "dcgan"] = option(
        "mlp", "fully connected or convolutional networks; dcgan: of strided convolutions only"
    )
    latent_dim: int = option(32, "dimensions of the latent z", low=1)
    generator_hidden: tuple[int, ...] = option((128, 256, 512, 1024), "mlp: units of the generator's layers", low=1)
    discriminator_hidden: tuple[int, ...] = option((512, 256), "mlp: units of the discriminator's layers", low=1)
    filters: int = option(32, "conv, dcgan: filters at the highest resolution, doubled at each lower one", low=1)
    discriminator_filters: int | None = option(None, "conv, dcgan: those of the discriminator, if others", low=1)
    generator_dropout: float = option(0.0, "mlp: dropout rate in the generator", low=0.0, high=0.95)
    discriminator_dropout: float = option(0.3, "mlp: dropout rate in the discriminator", low=0.0, high=0.95)
    r1: float = option(0.0, "weight γ of the penalty γ/2 |∇D|² at real examples", low=0.0)
    r2: float = option(0.0, "weight γ of the penalty γ/2 |∇D|² at generated examples", low=0.0)
    spectral_norm: bool = option(False, "divide each weight matrix of the discriminator by its largest singular value")
    discriminator_steps: int = option(
        1, "steps of the discriminator for one of the generator, each on its own part of the batch", low=1
    )


@dataclass(frozen=True)
class GANConfig(AdversarialConfig):
    """A generative adversarial network's two networks and their game."""

    loss: Literal["nonsaturating", "minimax", "hinge", "wgan-gp", "relativistic"] = option(
        "nonsaturating", "what the two play for"
    )
    gradient_penalty: float = option(
        10.0, "wgan-gp: weight λ of the penalty λ (|∇D| - 1)² between real and fake", low=0.0
    )
    packing: int = option(1, "examples that the discriminator judges together (PacGAN)", low=1)


@dataclass(frozen=True)
class DropoutGANConfig(GANConfig):
    """A GAN with several discriminators, each heard by chance."""

    discriminators: int = option(5, "how many of them", low=1)
    feedback_dropout: float = option(
        0.5, "probability that a batch leaves out what one of them tells the generator", low=0.0, high=1.0
    )


@dataclass(frozen=True)
class MADGANConfig(AdversarialConfig):
    """A GAN with several generators, told apart by the discriminator."""

    loss: Literal["nonsaturating", "minimax"] = option("nonsaturating", "what the generators minimize")
    generators: int = option(4, "how many of them", low=1)
    own_layers: int = option(2, "last layers that each has for itself; the others are shared", low=1)


@dataclass(frozen=True)
class FlowConfig(Checked):
    """A normalizing flow: dequantization, then levels of squeeze, [ActNorm, 1×1, coupling] and factoring out."""

    dequantization: Literal["uniform", "variational"] = option(
        "uniform", "images: noise that makes whole pixels continuous: uniform, or by a small flow given the pixels"
    )
    alpha: float = option(1e-3, "images: the logit is taken of alpha + (1 - 2 alpha) x", low=1e-7, high=0.49)
    checkerboard: int = option(4, "images: couplings with checkerboard masks, before the first squeeze", low=0)
    squeeze: tuple[int, ...] = option((2, 2), "images: side of the blocks folded into channels, a level each", low=1)
    couplings: tuple[int, ...] = option((4, 4), "images: couplings with channel masks, a level each", low=0)
    multiscale_passes: int = option(
        0,
        "images: times that splines go over the pixels of each level's blocks, one after another",
        low=0,
    )
    group_size: tuple[int, ...] = option(
        (), "images: most pixels of a block that a sweep makes at once, a level each; none given: 1", low=1
    )
    autoregressive: bool = option(
        False, "images: splines of all pixels, each given those before it, made a diagonal at a time"
    )
    bins: int = option(16, "images: of each spline", low=2, high=100)
    width: int = option(64, "images: filters of each coupling's network", low=1)
    blocks: int = option(0, "images: gated residual blocks in each; 0 is conv 3x3, 1x1, 3x3 as in Glow", low=0)
    dropout: float = option(0.0, "images: rate inside the gated residual blocks, in training", low=0.0, high=0.9)
    hidden: tuple[int, ...] = option((64, 64), "2-D points: units of each coupling's network", low=1)
    point_couplings: int = option(6, "2-D points: couplings", low=2)
    activation: Activation = option("relu", "activation function of the couplings' networks")
    actnorm: bool = option(True, "normalize activations before each coupling, scaled from the first batch")
    invertible_1x1: bool = option(True, "images: mix channels by a learned invertible matrix before each coupling")
    prior_scale: float = option(1.0, "standard deviation of the normal base density", low=1e-3)


@dataclass(frozen=True)
class DataConfig(Checked):
    """Which data, and which part of it."""

    data: str = option(
        "digits",
        "digits, mnist, fashion_mnist, stacked_mnist, bimodal, moons, checkerboard, rings, ring8, grid25, a folder of "
        "pictures, or an .npz file",
    )
    data_dir: str | None = option(
        None, "folder of the four idx files of mnist, fashion_mnist, stacked_mnist [$TFGEN_DATA]"
    )
    image_size: int | None = option(None, "folder: crop to a square and resize to this many pixels", low=4, high=1024)
    color: Literal["grey", "rgb"] | None = option(None, "folder: convert all pictures")
    train_size: int | None = option(None, "use this many of the first training examples", low=1)
    validation_size: int | None = option(None, "use this many of the next ones for validation", low=0)


@dataclass(frozen=True)
class TrainConfig(Checked):
    """How long and how to train."""

    epochs: int = option(20, "passes over the training set", low=1)
    batch_size: int = option(128, "examples in each (global) batch", low=1)
    optimizer: Literal["adam", "muon", "sgd"] = option(
        "adam", "update rule; muon evens out the updates of kernels, and is adam for the rest"
    )
    learning_rate: float = option(1e-3, "step size (GAN: of both optimizers)", low=0.0)
    beta_1: float = option(0.9, "adam, muon's too: decay of the mean of gradients", low=0.0, high=0.9999)
    beta_2: float = option(0.999, "adam, muon's too: decay of the mean of their squares", low=0.0, high=0.999999)
    schedule: Literal["constant", "cosine", "exponential"] = option("constant", "course of the step size")
    decay: float = option(0.99, "exponential: factor for each epoch; cosine: ends at 0", low=0.0, high=1.0)
    warmup: int = option(0, "steps over which the step size rises from 0", low=0)
    clip_norm: float | None = option(None, "clip the gradient's global norm", low=0.0)
    ema: float = option(0.0, "decay of an average of the weights, used to validate and sample", low=0.0, high=0.99999)
    seed: int = option(0, "seed of weights, batches and noise", low=0, high=2**31 - 1)
    xla: Literal["auto", "on", "off"] = option("auto", "compile the step with XLA; auto: for mlp, not for conv")
    precision: Literal["float32", "mixed_bfloat16"] = option(
        "float32", "of the networks' insides in training; mixed_bfloat16 is for GPUs, on CPUs it is slower"
    )
    sample_every: int = option(0, "epochs between sample grids; 0: at epochs 1, 2, 5, 10, 20, 50, …", low=0)
    evaluate_test: bool = option(True, "evaluate the best model on the test set at the end")


@dataclass(frozen=True)
class MachineConfig(Checked):
    """Where to train and how safely. No part of a run, which may go on elsewhere: its numbers do not depend on it."""

    strategy: Literal["auto", "one", "mirrored", "multiworker"] = option(
        "auto",
        "one device, all devices of this machine, or all workers of TF_CONFIG or Slurm; auto: multiworker where there "
        "is a cluster, mirrored where there are several GPUs",
    )
    devices: tuple[str, ...] | None = option(None, "use only these, such as GPU:0 GPU:1")
    virtual_cpus: int = option(1, "split the CPU into so many devices, to try several on one machine", low=1, high=64)
    checkpoint_seconds: float = option(60.0, "time between checkpoints: what a kill can cost", low=1.0)


MODEL_CONFIGS: dict[str, Any] = {
    "vae": VAEConfig,
    "gan": GANConfig,
    "dropout_gan": DropoutGANConfig,
    "mad_gan": MADGANConfig,
    "flow": FlowConfig,
}
VERSION = 1


@dataclass(frozen=True)
class RunConfig:
    """Everything that determines a run, together with its code.

    Attributes:
        model: name of the family, a key of `MODEL_CONFIGS`.
        preset: name of the preset that the options started from.
        architecture: the family's own configuration.
        data, train: what to train on and how.
    """

    model: str
    preset: str
    architecture: Any
    data: DataConfig
    train: TrainConfig

    @property
    def sections(self) -> tuple[Any, DataConfig, TrainConfig]:
        return self.architecture, self.data, self.train

    def to_dict(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "model": self.model,
            "preset": self.preset,
            "architecture": self.architecture.to_dict(),
            "data": self.data.to_dict(),
            "train": self.train.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "RunConfig":
        """Read what `to_dict` wrote. Raises `ConfigError` with the name of the offending entry."""
        if not isinstance(values, dict):
            raise ConfigError(f"Expected a mapping with the entries of a run. Received: {values!r}")
        if values.get("version") != VERSION:
            raise ConfigError(f"version: expected {VERSION}. Received: {values.get('version')!r}")
        missing = {"model", "preset", "architecture", "data", "train"} - values.keys()
        if missing:
            raise ConfigError(f"Expected the entries {', '.join(sorted(missing))} too. Received: {sorted(values)}")
        if values["model"] not in tuple(MODEL_CONFIGS):
            raise ConfigError(f"model: expected one of {', '.join(MODEL_CONFIGS)}. Received: {values['model']!r}")
        return cls(
            model=values["model"],
            preset=str(values["preset"]),
            architecture=MODEL_CONFIGS[values["model"]].from_dict(values["architecture"]),
            data=DataConfig.from_dict(values["data"]),
            train=TrainConfig.from_dict(values["train"]),
        )

    def with_options(self, options: dict[str, Any]) -> "RunConfig":
        """A copy in which each option (a field's name, in whichever section has it) is replaced.

        Raises:
            ConfigError: on a name that no section has, or a value out of range.
        """
        known = {spec.name for section in self.sections for spec in dataclasses.fields(section)}
        if unknown := sorted(options.keys() - known):
            raise ConfigError(f"Expected options of a {self.model}: {', '.join(sorted(known))}. Received: {unknown}")
        sections: list[Any] = [
            dataclasses.replace(
                section, **{k: v for k, v in options.items() if k in {f.name for f in dataclasses.fields(section)}}
            )
            for section in self.sections
        ]
        return RunConfig(self.model, self.preset, *sections)
