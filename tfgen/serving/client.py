"""Pictures from a server: tfgen client --n 64 --seed 7 --out grid.png"""

from collections.abc import Iterator

import numpy as np

from tfgen.errors import UndefinedError
from tfgen.serving.transports import Call, ServerError

#: Pictures of one request, fewer than any server here refuses.
BATCH = 64


def sample(call: Call, n: int, seed: int = 0, temperature: float = 1.0) -> np.ndarray:
    """The pictures of the seeds seed … seed + n − 1, wrapping at 2³¹ as tfgen's do.

    Args:
        call: see `serving.transports.connect`.

    Returns:
        float32 [n, H, W, C] in [0, 1].

    Raises:
        ServerError: if the server is not there or refuses.
        UndefinedError: if the model makes points.
    """
    seeds = (np.arange(n, dtype=np.int64) + seed).astype(np.int32)
    return _images(
        call("sample", {"seed": part, "temperature": np.full(len(part), temperature, np.float32)})
        for part in _parts(seeds)
    )


def interpolate(call: Call, n: int, seed_from: int, seed_to: int) -> np.ndarray:
    """n pictures on the way from one seed's to another's, both included. Returns and raises as `sample`."""
    return _images(
        call(
            "interpolate",
            {
                "seed_from": np.full(len(part), seed_from, np.int32),
                "seed_to": np.full(len(part), seed_to, np.int32),
                "position": part,
            },
        )
        for part in _parts(np.linspace(0.0, 1.0, n, dtype=np.float32))
    )


def _parts(values: np.ndarray) -> list[np.ndarray]:
    return [values[start : start + BATCH] for start in range(0, len(values), BATCH)]


def _images(answers: Iterator[dict[str, np.ndarray]]) -> np.ndarray:
    parts = []
    for answer in answers:
        if "images" not in answer:
            raise ServerError(f"Expected the output images. Received: {', '.join(sorted(answer)) or 'none'}")
        if answer["images"].ndim != 4:
            raise UndefinedError(f"A grid needs images [n, H, W, C]. Received: shape {list(answer['images'].shape)}")
        parts.append(answer["images"])
    return np.concatenate(parts)
