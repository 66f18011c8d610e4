"""Keras classes of this package, registered by name when Keras is imported, before their modules are.

`keras.models.load_model` then loads a `.keras` file in a program that has only imported `tfgen`. A stand-in takes the
place of each class until the module that defines the class is imported and registers it. `import tfgen` imports neither
Keras nor TensorFlow for this.
"""

import contextlib
import importlib
from types import ModuleType
from typing import Any

#: Module → the registered names of its classes, those of earlier versions included.
CLASSES: dict[str, tuple[str, ...]] = {
    "tfgen.models.vae.model": ("VAE",),
    "tfgen.models.gan.model": ("GAN",),
    "tfgen.models.gan.dropout_gan": ("DropoutGAN",),
    "tfgen.models.gan.mad_gan": ("MADGAN",),
    "tfgen.models.flow.model": ("Flow",),
    "tfgen.models.flow.dequantizer": ("Dequantizer",),
    "tfgen.models.gan.schedule": ("SlowedSchedule", "Divided"),  # and its alias
    "tfgen.training.adam": ("Adam",),
    "tfgen.training.optimizers": ("Schedule", "Muon"),
    "tfgen.bijectors.actnorm": ("ScaleAndShift",),
    "tfgen.bijectors.invertible_1x1": ("LUMatrix",),
    "tfgen.networks.add_coordinates": ("AddCoordinates", "Place"),  # and its alias
    "tfgen.networks.autoregressive": ("AutoregressiveNetwork", "WavefrontNetwork"),  # and its alias
    "tfgen.networks.branching": ("Branching",),
    "tfgen.networks.causal_conv": ("CausalConv", "CausalBlock"),
    "tfgen.networks.causal_transformer": ("CausalTransformer",),
    "tfgen.networks.channel_heads": ("ChannelHeads",),
    "tfgen.networks.class_bias": ("ClassBias",),
    "tfgen.networks.crop": ("Crop",),
    "tfgen.networks.dropout": ("Dropout",),
    "tfgen.networks.gated_block": ("GatedBlock",),
    "tfgen.networks.hierarchy": ("TopDown",),
    "tfgen.networks.latent_group": ("LatentGroup",),
    "tfgen.networks.residual_block": ("ResidualBlock",),
    "tfgen.networks.soft_round": ("SoftRound", "Stairs"),  # and its alias
    "tfgen.networks.space_to_depth": ("SpaceToDepth", "DepthToSpace", "Fold"),  # and an alias
    "tfgen.networks.spectral": ("SpectralDense", "SpectralConv2D"),
}
#: Module → the registered names of its functions.
FUNCTIONS: dict[str, tuple[str, ...]] = {
    "tfgen.networks.activations": ("leaky_relu", "gelu", "tanh_gelu", "silu"),
    "tfgen.networks.residual_block": ("fused_leaky_relu",),
}
PACKAGE = "tfgen"


def register_when_keras_is_imported() -> None:
    """Register the stand-ins now if Keras is imported, else as soon as it is."""
    # wrapt is a dependency of TensorFlow: without it there is no Keras to register with.
    with contextlib.suppress(ImportError):
        from wrapt import register_post_import_hook

        register_post_import_hook(_register, "keras")


def _register(keras: ModuleType) -> None:
    register = keras.saving.register_keras_serializable
    known = keras.saving.get_custom_objects()
    for table, stand_in in ((CLASSES, _class_of), (FUNCTIONS, _function_of)):
        for module, names in table.items():
            for name in names:
                if f"{PACKAGE}>{name}" not in known:
                    register(PACKAGE, name)(stand_in(module, name))


def _registered(module: str, name: str) -> Any:
    """The class or function itself, after its module has replaced the stand-in."""
    importlib.import_module(module)
    from keras.saving import get_custom_objects

    # Not `get_registered_object`: while a file is loaded, it returns what was registered at the start.
    return get_custom_objects()[f"{PACKAGE}>{name}"]


def _class_of(module: str, name: str) -> type:
    class StandIn:
        """Takes the place of a class whose module is not imported yet."""

        def get_config(self) -> dict[str, Any]:
            """Not called: `from_config` returns an object of the class itself. Keras requires the method."""
            raise NotImplementedError

        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Any:
            """Make an object of the class."""
            return _registered(module, name).from_config(config)

    StandIn.__name__ = name
    return StandIn


def _function_of(module: str, name: str) -> Any:
    def stand_in(*arguments: Any) -> Any:
        """Call the function."""
        return _registered(module, name)(*arguments)

    stand_in.__name__ = name
    return stand_in
