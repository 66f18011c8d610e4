"""Configurations: the options of a run, their checks, the presets and the registry of model families.

The command line is generated from these classes. Nothing here imports TensorFlow or NumPy.
"""

from tfgen.config.data import DataConfig
from tfgen.config.flow import FlowConfig, PointFlowConfig
from tfgen.config.gan import AdversarialConfig, DropoutGANConfig, GANConfig, MADGANConfig
from tfgen.config.machine import MachineConfig
from tfgen.config.migration import VERSION
from tfgen.config.presets import run_config
from tfgen.config.run import RunConfig
from tfgen.config.train import TrainConfig
from tfgen.config.vae import VAEConfig

__all__ = [
    "VERSION",
    "AdversarialConfig",
    "DataConfig",
    "DropoutGANConfig",
    "FlowConfig",
    "GANConfig",
    "MADGANConfig",
    "MachineConfig",
    "PointFlowConfig",
    "RunConfig",
    "TrainConfig",
    "VAEConfig",
    "run_config",
]
