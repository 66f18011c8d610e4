"""The options of the training."""

from typing import Annotated, Literal

from pydantic import model_validator

from tfgen.config.option import Bounds, Positive, Steps, option
from tfgen.config.schema import Options
from tfgen.errors import ConfigError


class TrainConfig(Options):
    """The length and the method of the training."""

    epochs: Annotated[int, Bounds(low=1, limit=10_000_000)] = option(
        20, "Number of epochs; after each epoch the model is validated"
    )
    steps_per_epoch: Annotated[int, Bounds(low=1, limit=2**31 - 1)] | None = option(
        None, "Number of training steps of an epoch", default_text="one pass over the training set"
    )
    batch_size: Annotated[int, Bounds(low=1, limit=16_777_216)] = option(
        128, "Number of examples of a batch, over all devices together"
    )
    optimizer: Literal["adam", "muon", "sgd"] = option(
        "adam", "Optimizer; muon orthogonalizes the updates of kernels and uses adam for all other weights"
    )
    learning_rate: Positive = option(1e-3, "Learning rate; a GAN uses it for both optimizers")
    beta_1: Annotated[float, Bounds(low=0.0, high=0.9999)] = option(
        0.9, "With --optimizer adam or muon: decay rate of the moving average of the gradients"
    )
    beta_2: Annotated[float, Bounds(low=0.0, high=0.999999)] = option(
        0.999, "With --optimizer adam or muon: decay rate of the moving average of the squared gradients"
    )
    schedule: Literal["constant", "cosine", "exponential"] = option(
        "constant", "Learning-rate schedule; cosine falls to 0 at the last step"
    )
    decay: Annotated[float, Bounds(low=0.0, high=1.0)] = option(
        0.99, "With --schedule exponential: factor on the learning rate after each epoch"
    )
    warmup: Steps = option(0, "Number of training steps in which the learning rate rises linearly from 0")
    clip_norm: Positive | None = option(
        None, "Largest global norm of the gradient; a larger gradient is scaled down", default_text="no clipping"
    )
    ema: Annotated[float, Bounds(low=0.0, high=0.99999)] = option(
        0.0,
        "Decay rate of an exponential moving average of the weights, which validation and sampling use; 0 keeps no "
        "average",
    )
    seed: Annotated[int, Bounds(low=0, high=2**31 - 1)] = option(
        0, "Seed of the initial weights, the order of the examples and the training noise"
    )
    augment: tuple[Literal["flip", "rotate", "shift", "color"], ...] = option(
        (),
        "Random changes of training images: flip mirrors them from left to right, rotate turns them by multiples of "
        "90°, shift moves them by up to an eighth of their sides, color changes brightness and contrast. The model "
        "learns the distribution of the changed images",
        default_text="none",
    )
    xla: Literal["auto", "on", "off"] = option(
        "auto",
        "Whether XLA compiles the training step; auto compiles fully connected networks and not convolutional ones",
    )
    precision: Literal["float32", "bfloat16_products", "mixed_bfloat16"] = option(
        "float32",
        "Number format inside the networks during training. bfloat16_products is meant for CPUs on which "
        "products in bfloat16 are faster: matrix products and convolutions take factors of this format, all else is "
        "float32. "
        "mixed_bfloat16 is meant for GPUs: the networks compute in bfloat16, which is slower on CPUs",
    )
    sample_every: Annotated[int, Bounds(low=0, limit=10_000_000)] = option(
        0, "Number of epochs between two sample pictures; 0 draws them after the epochs 1, 2, 5, 10, 20, 50, …"
    )
    init_from: str | None = option(
        None,
        "Run folder or pretrained model whose weights the training starts from; the architecture must be the same",
        default_text="random weights",
    )
    evaluate_test: bool = option(True, "Evaluate the best model on the test set after the training")

    @model_validator(mode="after")
    def _precision_without_xla(self):
        if self.precision == "bfloat16_products" and self.xla == "on":
            raise ConfigError(
                "precision, xla: expected --xla off or auto with --precision bfloat16_products, which has no effect on "
                "a step that XLA compiles. Received: --xla on"
            )
        return self
