"""Named starting points, each with what one should see. A flag on the command line overrides any of their options."""

from dataclasses import dataclass, field
from typing import Any

from tfgen.config import MODEL_CONFIGS, DataConfig, RunConfig, TrainConfig
from tfgen.errors import ConfigError


@dataclass(frozen=True)
class Preset:
    """Options by name, those that only hold for one `arch`, and what to expect of a run."""

    see: str
    options: dict[str, Any]
    by_arch: dict[str, dict[str, Any]] = field(default_factory=dict)


_MNIST_45K = {"data": "mnist", "train_size": 45_000, "validation_size": 5_000}
_QUICK_GAN = {
    "data": "digits",
    "generator_hidden": (128, 256),
    "discriminator_hidden": (256, 128),
    "epochs": 400,
    "batch_size": 64,
    "learning_rate": 5e-4,
    "beta_1": 0.5,
    "ema": 0.995,
}

_SPLINES: dict[str, Any] = {
    "data": "mnist",
    "dequantization": "variational",
    "alpha": 1e-4,
    "checkerboard": 0,
    "batch_size": 64,
    "optimizer": "muon",
    "learning_rate": 2e-3,
    "schedule": "cosine",
    "warmup": 200,
    "clip_norm": 1.0,
    "ema": 0.999,
}
#: MNIST's pixels a diagonal at a time, each given those before it. Blocks are those of the variational noise.
_WAVEFRONT = {**_SPLINES, "squeeze": (4,), "couplings": (0,), "autoregressive": True}

PRESETS: dict[str, dict[str, Preset]] = {
    "vae": {
        "quick": Preset(
            see="digits of 8×8 pixels, soft at the edges; well under the pixel-marginal yardstick",
            options={
                "data": "digits",
                "hidden": (256, 256),
                "latent_dim": 16,
                "likelihood": "logistic_mixture",
                "epochs": 80,
                "batch_size": 64,
                "schedule": "cosine",
            },
        ),
        "practical": Preset(
            see="0.153 bits/dim (mlp, 80 epochs) or 0.128 (conv); blurred but legible digits",
            options={**_MNIST_45K, "epochs": 80},
            by_arch={"conv": {"activation": "gelu"}},
        ),
        "better": Preset(
            see="0.117 bits/dim on the practical's data; digits that one could take for real ones",
            options={
                **_MNIST_45K,
                "arch": "conv",
                "activation": "silu",
                "blocks": 1,
                "dropout": 0.1,
                "latent_dim": 32,
                "prior": "flow",
                "epochs": 40,
                "schedule": "cosine",
                "learning_rate": 2e-3,
                "warmup": 300,
                "kl_warmup": 1500,
                "clip_norm": 200.0,
                "ema": 0.999,
            },
        ),
        "manifold": Preset(
            see="0.24 to 0.28 bits/dim; a 20×20 map in which one digit turns into another (manifold.png)",
            options={**_MNIST_45K, "latent_dim": 2, "epochs": 80},
        ),
    },
    "gan": {
        "quick": Preset(
            see="crisp 8×8 digits after some hundred epochs, rough ones before; there is no likelihood to print",
            options=_QUICK_GAN,
        ),
        "practical": Preset(
            see="noise at the start, digit-like blobs by epoch 10, all ten digits by epoch 250",
            options={
                "data": "mnist",
                "train_size": 60_000,
                "validation_size": 0,
                "generator_dropout": 0.2,
                "epochs": 250,
                "learning_rate": 2e-4,
                "beta_1": 0.5,
            },
        ),
        "better": Preset(
            see="digits that one could take for real ones; discriminator and generator in balance, loss_ratio near 1.3",
            options={
                "data": "mnist",
                "train_size": 60_000,
                "validation_size": 0,
                "arch": "dcgan",
                "latent_dim": 64,
                "filters": 64,
                "discriminator_filters": 32,
                "r1": 0.2,
                "epochs": 36,
                "batch_size": 64,
                "learning_rate": 1e-3,
                "beta_1": 0.0,
                "schedule": "cosine",
                "ema": 0.999,
            },
        ),
    },
    "dropout_gan": {
        "quick": Preset(
            see="8×8 digits as the GAN draws them, by three discriminators", options={**_QUICK_GAN, "discriminators": 3}
        )
    },
    "mad_gan": {"quick": Preset(see="8×8 digits, each of four generators with kinds of its own", options=_QUICK_GAN)},
    "flow": {
        "quick": Preset(
            see="digits of 8×8 pixels; well under the pixel-marginal yardstick",
            options={
                "data": "digits",
                "alpha": 1e-2,
                "checkerboard": 0,
                "squeeze": (2,),
                "couplings": (8,),
                "width": 64,
                "epochs": 40,
                "batch_size": 64,
                "learning_rate": 2e-3,
                "schedule": "cosine",
                "warmup": 50,
                "clip_norm": 1.0,
            },
        ),
        "practical": Preset(
            see="two round clusters around (1, 1) and (-1, -1); test NLL within 0.05 nats of the entropy",
            options={
                "data": "bimodal",
                "train_size": 10_000,
                "activation": "gelu",
                "actnorm": False,
                "prior_scale": 0.3,
                "epochs": 40,
                "batch_size": 256,
            },
        ),
        "small": Preset(
            see="1.02 bits/dim in ten minutes of one core; most samples are digits",
            options={**_WAVEFRONT, "width": 48, "blocks": 6, "epochs": 1},
        ),
        "best": Preset(
            see="0.90 bits/dim in nine minutes of an H200, by XLA; nearly all samples are digits",
            options={
                **_WAVEFRONT,
                "width": 96,
                "blocks": 12,
                "dropout": 0.1,
                "batch_size": 128,
                "learning_rate": 3e-3,
                "epochs": 29,
            },
        ),
        "sweeps": Preset(
            see="1.08 bits/dim in six minutes of one core; many samples are digits",
            # 4×4 blocks, and the coarsest pixel of each as an image of 7×7.
            options={
                **_SPLINES,
                "squeeze": (4, 7),
                "couplings": (0, 0),
                "multiscale_passes": 1,
                "group_size": (2, 7),
                "blocks": 1,
                "width": 96,
                "epochs": 2,
            },
        ),
        "better": Preset(
            see="1.27 bits/dim after 10 epochs, half an hour of processor time; strokes, not yet digits",
            options={
                "data": "mnist",
                "alpha": 1e-4,
                "checkerboard": 0,
                "squeeze": (4,),
                "couplings": (12,),
                "width": 128,
                "epochs": 10,
                "batch_size": 64,
                "learning_rate": 2e-3,
                "schedule": "cosine",
                "warmup": 200,
                "clip_norm": 1.0,
                "ema": 0.999,
            },
        ),
    },
}


def run_config(model: str, preset: str = "quick", **options: Any) -> RunConfig:
    """The configuration of a preset with some options replaced.

    Args:
        model: a key of `MODEL_CONFIGS`.
        preset: a key of `PRESETS[model]`.
        **options: fields of the model's, data's and training's configuration.

    Raises:
        ConfigError: on a name that does not exist or a value out of range.
    """
    if model not in MODEL_CONFIGS:
        raise ConfigError(f"model: expected one of {', '.join(MODEL_CONFIGS)}. Received: {model!r}")
    if preset not in PRESETS[model]:
        raise ConfigError(f"preset: expected one of {', '.join(PRESETS[model])} for a {model}. Received: {preset!r}")
    chosen = PRESETS[model][preset]
    architecture = MODEL_CONFIGS[model]
    arch = options.get("arch", chosen.options.get("arch", getattr(architecture, "arch", None)))
    merged = {**chosen.options, **chosen.by_arch.get(str(arch), {}), **options}
    return RunConfig(model, preset, architecture(), DataConfig(), TrainConfig()).with_options(merged)
