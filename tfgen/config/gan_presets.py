"""The presets of the generative adversarial networks."""

from tfgen.config.preset import TUTORIAL, Preset

_MNIST_60K = {"data": "mnist", "train_size": 60_000, "validation_size": 0}
_QUICK = {
    "generator_hidden": (128, 256),
    "discriminator_hidden": (256, 128),
    "epochs": 400,
    "batch_size": 64,
    "learning_rate": 5e-4,
    "beta_1": 0.5,
    "ema": 0.995,
}

GAN_PRESETS: dict[str, Preset] = {
    "quick": Preset(
        expected_result="Sharp digits of 8×8 pixels after some hundred epochs, noisy digits before. A GAN has no "
        "likelihood to report.",
        options=_QUICK,
    ),
    "tutorial": Preset(
        expected_result="Noise at first, shapes like digits by epoch 10, all ten digits by epoch 250. " + TUTORIAL,
        data=_MNIST_60K,
        options={
            "generator_dropout": 0.2,
            "epochs": 250,
            "learning_rate": 2e-4,
            "beta_1": 0.5,
        },
    ),
    "dcgan": Preset(
        expected_result="Most samples are digits after 36 epochs. The discriminator and the generator stay in balance, "
        "with loss_ratio near 1.3.",
        data=_MNIST_60K,
        options={
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
}
DROPOUT_GAN_PRESETS: dict[str, Preset] = {
    "quick": Preset(
        expected_result="Digits of 8×8 pixels, as the GAN gives them, trained against three discriminators.",
        options={**_QUICK, "discriminators": 3},
    )
}
MAD_GAN_PRESETS: dict[str, Preset] = {
    "quick": Preset(
        expected_result="Digits of 8×8 pixels. Each of the four generators gives some of the ten classes.",
        options=_QUICK,
    )
}
