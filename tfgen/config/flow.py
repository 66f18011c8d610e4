"""The options of the normalizing flows of images and of points."""

from typing import Annotated, Literal

from pydantic import model_validator

from tfgen.config.option import LARGEST_FLOAT, Activation, Bounds, Filters, Layers, Size, option
from tfgen.config.schema import Options
from tfgen.errors import ConfigError

_PRIOR_SCALE = "Standard deviation of the normal base density"


class FlowConfig(Options):
    """A normalizing flow of images: dequantization, then levels of squeeze, [ActNorm, 1×1, coupling], factoring out."""

    dequantization: Literal["uniform", "variational", "gaussian"] = option(
        "uniform",
        "Noise that makes integer pixel values continuous: uniform noise, a small flow conditioned on the pixels "
        "(variational), or normal noise, which costs likelihood and improves samples (gaussian, with --transformers)",
    )
    noise: Annotated[float, Bounds(low=1e-3, high=0.5)] = option(
        0.025,
        "With --dequantization gaussian: standard deviation of the noise, as a fraction of the distance from black to "
        "white",
    )
    denoise: bool = option(True, "With --dequantization gaussian: remove the noise of samples by x + noise² ∇ log p(x)")
    alpha: Annotated[float, Bounds(low=1e-7, high=0.49)] = option(
        1e-3, "Margin of the logit: pixels x in [0, 1] enter as logit(alpha + (1 - 2 alpha) x)"
    )
    checkerboard: Layers = option(4, "Number of affine couplings with checkerboard masks, before the first squeeze")
    squeeze: tuple[Annotated[int, Bounds(low=1, limit=1_024)], ...] | None = option(
        (2, 2),
        "Side, in pixels, of the blocks that become channels, one value per level. Without a value (in presets), the "
        "size of the images decides, and couplings and group_size have one value for all levels",
    )
    couplings: tuple[Layers, ...] = option((4, 4), "Number of affine couplings with channel masks, one value per level")
    multiscale_passes: Annotated[int, Bounds(low=0, limit=100)] = option(
        0, "Number of passes of autoregressive splines over the pixels of each level's blocks, from coarse to fine"
    )
    group_size: tuple[Annotated[int, Bounds(low=1, limit=65_536)], ...] = option(
        (), "Maximum number of pixels of a block generated in parallel, one value per level", default_text="1 per level"
    )
    autoregressive: bool = option(
        False,
        "Add an autoregressive spline flow: each pixel is transformed given the pixels before it, and the pixels of a "
        "diagonal are generated in parallel",
    )
    autoregressive_block: Annotated[int, Bounds(low=1, limit=64)] = option(
        1,
        "Side, in pixels, of the blocks whose values the autoregressive spline flow generates in one step, one value "
        "after the other. 2 makes training and generation of an image faster than 1",
    )
    channel_autoregressive: bool = option(
        False,
        "Condition each channel of a pixel on the channels before it, in autoregressive splines, multiscale passes and "
        "variational dequantization. No effect on grey images",
    )
    transformers: Layers = option(
        0,
        "Number of causal transformers over the patches of the image, in alternating direction, in the place of all "
        "other couplings (TarFlow)",
    )
    patch: Annotated[int, Bounds(low=1, limit=64)] | None = option(
        None, "With --transformers: side, in pixels, of the patches", default_text="at most 8 patches along a side"
    )
    layers: Annotated[int, Bounds(low=1, high=48)] = option(2, "With --transformers: attention layers of each")
    heads: Annotated[int, Bounds(low=1, high=64)] = option(4, "With --transformers: heads of each attention")
    label_dropout: Annotated[float, Bounds(low=0.0, high=0.9)] = option(
        0.1,
        "With --transformers and --conditional: part of the training examples without their label, for guidance",
    )
    guidance: Annotated[float, Bounds(low=0.0, high=20.0)] = option(
        0.0, "With --transformers: weight of the guidance of samples, which makes them more typical and less diverse"
    )
    bins: Annotated[int, Bounds(low=2, high=100)] = option(16, "Number of bins of each spline")
    width: Filters = option(64, "Number of filters of each coupling's network")
    blocks: Layers = option(
        0, "Number of gated residual blocks of each coupling's network; 0 gives convolutions 3×3, 1×1, 3×3 as in Glow"
    )
    dropout: Annotated[float, Bounds(low=0.0, high=0.9)] = option(
        0.0, "Dropout rate inside the gated residual blocks, during training"
    )
    activation: Activation = option("relu", "Activation function of the couplings' networks")
    actnorm: bool = option(
        True, "Normalize the activations before each coupling (ActNorm), with scales initialized from the first batch"
    )
    invertible_1x1: bool = option(
        True, "Mix the channels by a learned invertible matrix (1×1 convolution) before each coupling"
    )
    prior_scale: Annotated[float, Bounds(low=1e-3, limit=LARGEST_FLOAT)] = option(1.0, _PRIOR_SCALE)

    @model_validator(mode="after")
    def _levels_agree(self):
        if self.squeeze is None:
            if len(self.couplings) != 1 or len(self.group_size) > 1:
                raise ConfigError(
                    "couplings, group_size: expected one number for all levels, because squeeze is not given. "
                    f"Received: {self.couplings} and {self.group_size}"
                )
        elif len(self.squeeze) != len(self.couplings) or not self.squeeze:
            raise ConfigError(
                "squeeze, couplings: expected one number a level in each. "
                f"Received: {self.squeeze} and {self.couplings}"
            )
        elif self.group_size and len(self.group_size) != len(self.squeeze):
            raise ConfigError(
                "squeeze, group_size: expected one number a level in each, or none in the second. "
                f"Received: {self.squeeze} and {self.group_size}"
            )
        others = self.checkerboard + sum(self.couplings) + self.multiscale_passes + self.autoregressive
        if self.transformers and others:
            raise ConfigError(
                "transformers: expected no other couplings beside them (checkerboard 0, couplings 0, multiscale_passes "
                f"0, no autoregressive). Received: {others} others"
            )
        if self.transformers and self.width % self.heads:
            raise ConfigError(f"heads: expected a divisor of the width {self.width}. Received: {self.heads}")
        if self.dequantization == "gaussian" and not self.transformers:
            raise ConfigError(
                "dequantization: expected transformers with gaussian noise, as the logit of the other flows is defined "
                "between black and white only. Received: no transformers"
            )
        if others + self.transformers < 1:
            raise ConfigError(
                "checkerboard, couplings, multiscale_passes, autoregressive, transformers: expected at least one "
                "coupling. Received: 0"
            )
        return self


class PointFlowConfig(Options):
    """A normalizing flow of points: [ActNorm, affine coupling with an alternating mask] × couplings."""

    hidden: tuple[Size, ...] = option((64, 64), "Number of units of each hidden layer of a coupling's network")
    couplings: Annotated[int, Bounds(low=2, limit=256)] = option(6, "Number of affine couplings")
    activation: Activation = option("relu", "Activation function of the couplings' networks")
    actnorm: bool = option(
        True, "Normalize the points before each coupling (ActNorm), with scales initialized from the first batch"
    )
    prior_scale: Annotated[float, Bounds(low=1e-3, limit=LARGEST_FLOAT)] = option(1.0, _PRIOR_SCALE)
