"""The presets of the normalizing flow."""

from typing import Any

from tfgen.config.preset import TUTORIAL, Preset

_MNIST = {"data": "mnist"}
#: Options that all flows of splines share.
_SPLINES: dict[str, Any] = {
    "dequantization": "variational",
    "alpha": 1e-4,
    "checkerboard": 0,
    "channel_autoregressive": True,
    "batch_size": 64,
    "optimizer": "muon",
    "learning_rate": 2e-3,
    "schedule": "cosine",
    "warmup": 200,
    "clip_norm": 1.0,
    "ema": 0.999,
}
#: The squeeze sets the blocks of the variational dequantization.
_AUTOREGRESSIVE = {**_SPLINES, "squeeze": (4,), "couplings": (0,), "autoregressive": True}

PRESETS: dict[str, Preset] = {
    "quick": Preset(
        expected_result="Digits of 8×8 pixels. Fewer bits/dim than the baseline of independent pixels.",
        options={
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
    "tutorial": Preset(
        expected_result="Two round clusters of points around (1, 1) and (-1, -1). The negative log-likelihood of the "
        "test set is within 0.05 nats of the entropy of the data. " + TUTORIAL,
        data={"data": "bimodal", "train_size": 10_000},
        options={
            "activation": "gelu",
            "actnorm": False,
            "prior_scale": 0.3,
            "epochs": 40,
            "batch_size": 256,
        },
    ),
    "autoregressive-small": Preset(
        expected_result="1.02 bits/dim after ten minutes on one processor core. Most samples are digits.",
        data=_MNIST,
        options={**_AUTOREGRESSIVE, "width": 48, "blocks": 6, "epochs": 1},
    ),
    "autoregressive": Preset(
        expected_result="0.90 bits/dim after nine minutes on an H200 with XLA. Most samples are digits.",
        data=_MNIST,
        options={
            **_AUTOREGRESSIVE,
            "width": 96,
            "blocks": 12,
            "dropout": 0.1,
            "batch_size": 128,
            "learning_rate": 3e-3,
            "epochs": 29,
        },
    ),
    "multiscale": Preset(
        expected_result="1.08 bits/dim after six minutes on one processor core. Many samples are digits.",
        # Blocks of 4×4 pixels until one block covers the image. For 28×28 these are two levels: the second has one
        # block, the 7×7 image of the first pixel of each block.
        data=_MNIST,
        options={
            **_SPLINES,
            "squeeze": None,
            "couplings": (0,),
            "multiscale_passes": 1,
            "group_size": (2,),
            "blocks": 1,
            "width": 96,
            "epochs": 2,
        },
    ),
    "transformer": Preset(
        expected_result="With --conditional and --guidance 1, nearly all samples are digits of the requested class "
        "after an hour and a half on one processor core; without labels, add --clusters 100. The bits/dim are those of "
        "noisy pixels, above the baseline.",
        data=_MNIST,
        options={
            "dequantization": "gaussian",
            "noise": 0.1,
            "checkerboard": 0,
            "squeeze": (1,),
            "couplings": (0,),
            "transformers": 4,
            "width": 128,
            "epochs": 9,
            "batch_size": 64,
            "optimizer": "muon",
            "learning_rate": 5e-3,
            "schedule": "cosine",
            "warmup": 100,
            "clip_norm": 1.0,
            "ema": 0.999,
        },
    ),
    "glow": Preset(
        expected_result="1.27 bits/dim after 10 epochs, half an hour of processor time. Samples are strokes that are "
        "not yet digits.",
        data=_MNIST,
        options={
            "alpha": 1e-4,
            "checkerboard": 0,
            "squeeze": None,
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
}
