"""Requests for samples and interpolations to a server of an exported model."""

from collections.abc import Iterator

import numpy as np

from tfgen.errors import UndefinedError
from tfgen.serving.transports import Call, ServerError

#: Rows of one request. `serving.saved_model.MAX_BATCH`, the default limit of `tfgen serve`, is larger.
BATCH = 64


def sample(call: Call, n: int, seed: int = 0, temperature: float = 1.0, label: int | str | None = None) -> np.ndarray:
    """Return the pictures of the seeds seed … seed + n − 1, which wrap from 2³¹ − 1 to −2³¹.

    Args:
        call: from `serving.transports.connect`.
        n: number of pictures.
        seed: seed of the first picture.
        temperature: factor on the standard deviation of the latent, 0 to 10.
        label: class of the pictures, for a conditional model: its index, its name, or −1 for classes that the seeds
            draw. TensorFlow Serving knows no names. None leaves the input out, which TensorFlow Serving rejects and
            `tfgen serve` treats as −1.

    Returns:
        float32 [n, H, W, C] in [0, 1].

    Raises:
        ServerError: if the server cannot be reached or rejects the request.
        UndefinedError: if the model generates points.
    """
    seeds = (np.arange(n, dtype=np.int64) + seed).astype(np.int32)
    return _images(
        call(
            "sample",
            {"seed": part, "temperature": np.full(len(part), temperature, np.float32)}
            | _labels(len(part), label=label),
        )
        for part in _parts(seeds)
    )


def interpolate(
    call: Call,
    n: int,
    seed_from: int,
    seed_to: int,
    label_from: int | str | None = None,
    label_to: int | str | None = None,
) -> np.ndarray:
    """Return n pictures of an interpolation, from the picture of one seed to that of another, both included.

    Args:
        call: from `serving.transports.connect`.
        n: number of pictures.
        seed_from, seed_to: seeds of the first and the last picture.
        label_from, label_to: their classes, as `label` of `sample`.

    Returns, Raises: as `sample`.
    """
    return _images(
        call(
            "interpolate",
            {
                "seed_from": np.full(len(part), seed_from, np.int32),
                "seed_to": np.full(len(part), seed_to, np.int32),
                "position": part,
            }
            | _labels(len(part), label_from=label_from, label_to=label_to),
        )
        for part in _parts(np.linspace(0.0, 1.0, n, dtype=np.float32))
    )


def _labels(rows: int, **labels: int | str | None) -> dict[str, np.ndarray]:
    """Return the inputs with labels that are not None, with the same label in every row."""
    return {
        name: np.asarray([label] * rows) if isinstance(label, str) else np.full(rows, label, np.int32)
        for name, label in labels.items()
        if label is not None
    }


def _parts(values: np.ndarray) -> list[np.ndarray]:
    return [values[start : start + BATCH] for start in range(0, len(values), BATCH)]


def _images(responses: Iterator[dict[str, np.ndarray]]) -> np.ndarray:
    parts = []
    for outputs in responses:
        if "images" not in outputs:
            raise ServerError(f"Expected the output images. Received: {', '.join(sorted(outputs)) or 'none'}")
        if outputs["images"].ndim != 4:
            raise UndefinedError(f"Expected images [n, H, W, C]. Received: shape {list(outputs['images'].shape)}")
        parts.append(outputs["images"])
    return np.concatenate(parts)
