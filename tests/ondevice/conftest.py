"""A small model as a TFLite file."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def vae():
    """An untrained VAE of 8×8 images. Its pictures differ between seeds."""
    import keras

    from tfgen import VAE

    keras.utils.set_random_seed(3)
    return VAE((8, 8, 1), levels=17, arch="mlp", hidden=(16,), latent_dim=3)


@pytest.fixture(scope="session")
def tflite(vae, once) -> Path:
    """`vae` as model.tflite, in its own folder."""
    pytest.importorskip("ai_edge_litert")

    def build(folder):
        from tfgen.export.signatures import signatures
        from tfgen.export.tflite import write_float32

        write_float32(signatures(vae, batch=1), folder / "model.tflite")

    return once("tflite", build) / "model.tflite"


@pytest.fixture(scope="session")
def conditional_tflite(conditional_model, once) -> Path:
    """`conditional_model` as conditional.tflite, in its own folder."""
    pytest.importorskip("ai_edge_litert")

    def build(folder):
        from tfgen.export.class_names import add_class_names
        from tfgen.export.signatures import signatures
        from tfgen.export.tflite import write_float32

        write_float32(signatures(conditional_model, batch=1), folder / "conditional.tflite")
        add_class_names(conditional_model.classes, folder / "conditional.tflite")

    return once("conditional-tflite", build) / "conditional.tflite"
