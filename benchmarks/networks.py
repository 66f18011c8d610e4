"""The networks that the benchmarks train and sample, by name."""

import dataclasses
import json
from typing import Any

from tfgen.config.presets import run_config


@dataclasses.dataclass(frozen=True)
class Network:
    """A model of a preset.

    Attributes:
        family: vae, gan or flow.
        preset: name of a preset of the family.
        options: options of the preset that are replaced.
        shape: shape of an example, (H, W, C), or (2,) for points.
    """

    family: str
    preset: str
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    shape: tuple[int, ...] = (28, 28, 1)

    @property
    def config(self):
        """The configuration of the run, `tfgen.config.run.RunConfig`."""
        return run_config(self.family, self.preset, **self.options)

    @property
    def batch_size(self) -> int:
        """Number of examples of a batch."""
        return self.config.train.batch_size

    def to_json(self) -> str:
        """The network as text, for the command line of another process."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Network":
        """The network of a text that `to_json` returned. JSON has lists in place of tuples."""
        fields = json.loads(text)
        options = {
            name: tuple(value) if isinstance(value, list) else value for name, value in fields["options"].items()
        }
        return cls(fields["family"], fields["preset"], options, tuple(fields["shape"]))


#: Networks that PyTorch can train and sample too (`benchmarks.peer`).
WITH_PEER = {
    "vae-mlp": Network("vae", "tutorial"),
    "vae-conv": Network("vae", "tutorial", {"arch": "conv"}),
    "gan-mlp": Network("gan", "tutorial"),
    "flow-small": Network("flow", "autoregressive-small"),
    "flow-best": Network("flow", "autoregressive"),
}
_COLOR = (64, 64, 3)
NETWORKS = WITH_PEER | {
    "vae-blocks": Network("vae", "convolutional"),
    "gan-dcgan": Network("gan", "dcgan"),
    "flow-multiscale": Network("flow", "multiscale"),
    "flow-glow": Network("flow", "glow"),
    "flow-transformers": Network(
        "flow",
        "quick",
        {
            "dequantization": "gaussian",
            "noise": 0.08,
            "checkerboard": 0,
            "squeeze": (1,),
            "couplings": (0,),
            "transformers": 4,
            "width": 128,
            "batch_size": 128,
        },
    ),
    # What the preset auto chooses for some thousand pictures of this size.
    "vae-color": Network(
        "vae",
        "quick",
        {
            "arch": "conv",
            "activation": "silu",
            "blocks": 1,
            "dropout": 0.1,
            "filters": 32,
            "latent_dim": 64,
            "prior": "flow",
            "likelihood": "color_logistic_mixture",
            "mixtures": 3,
            "batch_size": 32,
            "optimizer": "muon",
        },
        _COLOR,
    ),
    "gan-color": Network(
        "gan",
        "quick",
        {
            "arch": "residual",
            "loss": "relativistic",
            "r1": 1.0,
            "r2": 1.0,
            "latent_dim": 64,
            "filters": 32,
            "differentiable_augmentation": ("color", "translation", "cutout"),
            "batch_size": 32,
        },
        _COLOR,
    ),
    "flow-points": Network("flow", "tutorial", shape=(2,)),
}
