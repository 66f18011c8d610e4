"""A client of a server of an exported model, with a method for every signature."""

import contextlib
from collections.abc import Mapping
from typing import Self

import numpy as np

from tfgen.errors import UndefinedError
from tfgen.serving.transports import Call, ServerError, connect

#: Rows of one request. `serving.saved_model.MAX_BATCH`, the default limit of `tfgen serve`, is larger.
BATCH = 64

Label = int | str | None


class Client:
    """A connection to a server: `tfgen serve` or TensorFlow Serving.

    Rows beyond `BATCH` are sent in several requests. A method whose signature the model does not have raises
    `ServerError`: a GAN has no `encode`, and only a model of images has `images`.

    Labels are for a conditional model: the index of a class, its name, or −1 for no class (see
    `tfgen.export.signatures`). TensorFlow Serving knows no names. None leaves the input out, which TensorFlow Serving
    rejects and `tfgen serve` treats as −1.

    Args:
        address, protocol, model, version: see `serving.transports.connect`.

    Raises:
        ConfigError: see `serving.transports.connect`.
        ServerError: by every method, if the server cannot be reached or rejects the request.

    Example:
        >>> with Client("127.0.0.1:8501") as client:
        ...     pictures = client.sample(16, seed=7)
        ...     latents = client.encode(pictures)
    """

    def __init__(
        self,
        address: str | None = None,
        protocol: str = "rest",
        model: str = "model",
        version: int | None = None,
    ):
        self._connection = contextlib.ExitStack()
        self.call: Call = self._connection.enter_context(connect(protocol, address, model, version))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def sample(self, n: int, seed: int = 0, temperature: float = 1.0, label: Label = None) -> np.ndarray:
        """Return the pictures of the seeds seed … seed + n − 1, which wrap from 2³¹ − 1 to −2³¹.

        Args:
            n: number of pictures.
            seed: seed of the first picture.
            temperature: factor on the standard deviation of the latent, 0 to 10.
            label: class of the pictures; −1 or None: classes that the seeds draw.

        Returns:
            float32 [n, H, W, C] in [0, 1].

        Raises:
            UndefinedError: if the model generates points.
        """
        seeds = _seeds(n, seed)
        inputs = {"seed": seeds, "temperature": np.full(n, temperature, np.float32)}
        return _images(self._outputs("sample", inputs, label=label))

    def interpolate(
        self, n: int, seed_from: int, seed_to: int, label_from: Label = None, label_to: Label = None
    ) -> np.ndarray:
        """Return n pictures of an interpolation, from the picture of one seed to that of another, both included.

        Args:
            n: number of pictures.
            seed_from, seed_to: seeds of the first and the last picture.
            label_from, label_to: their classes, as `label` of `sample`.

        Returns, Raises: as `sample`.
        """
        inputs = {
            "seed_from": np.full(n, seed_from, np.int32),
            "seed_to": np.full(n, seed_to, np.int32),
            "position": np.linspace(0.0, 1.0, n, dtype=np.float32),
        }
        return _images(self._outputs("interpolate", inputs, label_from=label_from, label_to=label_to))

    def decode(self, latent: np.ndarray, label: Label = None) -> np.ndarray:
        """Return the pictures [n, H, W, C] of latents [n, …] of the model's latent shape. Raises: as `sample`."""
        return _images(self._outputs("decode", {"latent": _float32(latent)}, label=label))

    def encode(self, images: np.ndarray, label: Label = None) -> np.ndarray:
        """Return the latents [n, …] of pictures float32 [n, H, W, C] in [0, 1]."""
        return self._output("encode", {"images": _float32(images)}, "latent", label=label)

    def reconstruct(self, images: np.ndarray, label: Label = None) -> np.ndarray:
        """Return pictures [n, H, W, C] after encoding and decoding. Args, Raises: as `encode` and `sample`."""
        return _images(self._outputs("reconstruct", {"images": _float32(images)}, label=label))

    def log_prob(self, images: np.ndarray, seed: int = 0, label: Label = None) -> np.ndarray:
        """Return log p(x) of pictures in nats, float32 [n]; of a VAE, a lower bound.

        Args:
            images: float32 [n, H, W, C] in [0, 1], of the model's levels.
            seed: seed of the noise for the first picture; the following seeds count up.
            label: class; −1 or None: the marginal probability of all classes.
        """
        inputs = {"images": _float32(images), "seed": _seeds(len(images), seed)}
        return self._output("log_prob", inputs, "nats", label=label)

    def bits_per_dim(self, images: np.ndarray, seed: int = 0, label: Label = None) -> np.ndarray:
        """Return −log₂ p(x) of pictures, divided by the number of values of a picture, float32 [n]. Lower is better.

        Args: as `log_prob`.
        """
        inputs = {"images": _float32(images), "seed": _seeds(len(images), seed)}
        return self._output("bits_per_dim", inputs, "bits", label=label)

    def _outputs(self, signature: str, inputs: Mapping[str, np.ndarray], **labels: Label) -> dict[str, np.ndarray]:
        """Return output name → array of a signature, for inputs with one label in every row."""
        rows = len(next(iter(inputs.values())))
        if rows < 1:
            raise UndefinedError(f"{signature}: expected at least one row. Received: none")
        named = {**inputs, **_labels(rows, labels)}
        parts = [
            self.call(signature, {name: array[start : start + BATCH] for name, array in named.items()})
            for start in range(0, rows, BATCH)
        ]
        if any(array.ndim == 0 for part in parts for array in part.values()):
            raise ServerError(f"{signature}: expected arrays with a row for each input. Received: single numbers")
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _output(self, signature: str, inputs: Mapping[str, np.ndarray], name: str, **labels: Label) -> np.ndarray:
        outputs = self._outputs(signature, inputs, **labels)
        # The protocol `rest` gives a single output without its name.
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs[name]


def _seeds(n: int, seed: int) -> np.ndarray:
    return (np.arange(n, dtype=np.int64) + seed).astype(np.int32)


def _float32(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, np.float32)


def _labels(rows: int, labels: Mapping[str, Label]) -> dict[str, np.ndarray]:
    """Return the inputs with labels that are not None, with the same label in every row."""
    return {
        name: np.asarray([label] * rows) if isinstance(label, str) else np.full(rows, label, np.int32)
        for name, label in labels.items()
        if label is not None
    }


def _images(outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    if "images" not in outputs:
        raise ServerError(f"Expected the output images. Received: {', '.join(sorted(outputs)) or 'none'}")
    if outputs["images"].ndim != 4:
        raise UndefinedError(f"Expected images [n, H, W, C]. Received: shape {list(outputs['images'].shape)}")
    return outputs["images"]
