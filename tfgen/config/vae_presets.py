"""The presets of the variational autoencoder."""

from tfgen.config.preset import TUTORIAL, Preset

_MNIST_45K = {"data": "mnist", "train_size": 45_000, "validation_size": 5_000}

PRESETS: dict[str, Preset] = {
    "quick": Preset(
        expected_result="Digits of 8×8 pixels with soft edges. Fewer bits/dim than the baseline of independent pixels.",
        options={
            "hidden": (256, 256),
            "latent_dim": 16,
            "likelihood": "logistic_mixture",
            "epochs": 80,
            "batch_size": 64,
            "schedule": "cosine",
        },
    ),
    "tutorial": Preset(
        expected_result="0.153 bits/dim (mlp) or 0.128 bits/dim (conv) after 80 epochs. Digits are blurred but "
        "legible. " + TUTORIAL,
        data=_MNIST_45K,
        options={"epochs": 80},
        by_arch={"conv": {"activation": "gelu"}},
    ),
    "convolutional": Preset(
        expected_result="0.117 bits/dim after 40 epochs, on the data of the preset tutorial. Most samples are digits.",
        data=_MNIST_45K,
        options={
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
        expected_result="0.24 to 0.28 bits/dim. The file manifold.png shows a 20×20 grid of the two latent dimensions, "
        "in which neighbouring digits turn into one another.",
        data=_MNIST_45K,
        options={"latent_dim": 2, "epochs": 80},
    ),
}
