"""Keras layers, and functions that return built Keras networks."""

from tfgen.networks.add_coordinates import AddCoordinates
from tfgen.networks.autoregressive import AutoregressiveNetwork
from tfgen.networks.causal_conv import CausalConv
from tfgen.networks.causal_transformer import CausalTransformer
from tfgen.networks.channel_heads import ChannelHeads
from tfgen.networks.class_bias import ClassBias
from tfgen.networks.conditioner import conv_conditioner, multiscale_conditioner
from tfgen.networks.conv import conv_decoder, conv_encoder
from tfgen.networks.dropout import Dropout
from tfgen.networks.gated_block import GatedBlock
from tfgen.networks.mlp import mlp
from tfgen.networks.residual import residual_decoder, residual_encoder
from tfgen.networks.residual_block import ResidualBlock
from tfgen.networks.soft_round import SoftRound
from tfgen.networks.space_to_depth import DepthToSpace, SpaceToDepth
from tfgen.networks.spectral import SpectralNormalization

__all__ = [
    "AddCoordinates",
    "AutoregressiveNetwork",
    "CausalConv",
    "CausalTransformer",
    "ChannelHeads",
    "ClassBias",
    "DepthToSpace",
    "Dropout",
    "GatedBlock",
    "ResidualBlock",
    "SoftRound",
    "SpaceToDepth",
    "SpectralNormalization",
    "conv_conditioner",
    "conv_decoder",
    "conv_encoder",
    "mlp",
    "multiscale_conditioner",
    "residual_decoder",
    "residual_encoder",
]
