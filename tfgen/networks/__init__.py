"""Keras sub-networks. Each function returns a built Keras model; none knows what it will be used for."""

from tfgen.networks.causal import AutoregressiveNetwork, CausalConv
from tfgen.networks.conv import conv_decoder, conv_encoder
from tfgen.networks.coupling import SoftRound, conv_conditioner, conv_stage
from tfgen.networks.dropout import Dropout
from tfgen.networks.gated_resnet import GatedBlock
from tfgen.networks.mlp import mlp
from tfgen.networks.spectral import SpectralNormalization

__all__ = [
    "AutoregressiveNetwork",
    "CausalConv",
    "Dropout",
    "GatedBlock",
    "SoftRound",
    "SpectralNormalization",
    "conv_conditioner",
    "conv_decoder",
    "conv_encoder",
    "conv_stage",
    "mlp",
]
