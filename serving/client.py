"""Pictures from a server: python -m serving.client --n 64 --seed 7 --out grid.png"""

import argparse
from collections.abc import Iterator, Sequence

import numpy as np

from serving.transports import ADDRESSES, Call, ServerError, connect
from tfgen.errors import UndefinedError, reported
from tfgen.sample import LARGEST_GRID, factor, whole

#: Pictures of one request, fewer than any server here refuses.
BATCH = 64


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m serving.client",
        description="Ask a server of an exported model for pictures, and save them as a grid. Picture i is that of "
        "seed SEED + i, the same as from tfgen.sample.",
        allow_abbrev=False,
    )
    parser.add_argument("--n", type=whole(1, LARGEST_GRID), default=64, metavar="N", help="how many [%(default)s]")
    parser.add_argument("--seed", type=whole(0), default=0, metavar="SEED", help="seed of the first [%(default)s]")
    parser.add_argument(
        "--temperature", type=factor, default=1.0, metavar="T", help="factor on the latent's deviation [%(default)s]"
    )
    parser.add_argument(
        "--to",
        type=whole(0),
        metavar="SEED",
        help="instead of samples, N pictures on the way from the picture of --seed to that of this seed",
    )
    parser.add_argument(
        "--protocol",
        choices=tuple(ADDRESSES),
        default="rest",
        help="rest, grpc: TensorFlow Serving's; v2, grpc-v2: the open inference protocol. serving.server answers rest, "
        "v2 and grpc-v2 [%(default)s]",
    )
    parser.add_argument(
        "--address", metavar="HOST:PORT", help="of the server [127.0.0.1, 8501 for HTTP, 8500 for gRPC]"
    )
    parser.add_argument("--model", default="model", metavar="NAME", help="the model's name there [%(default)s]")
    parser.add_argument("--out", default="grid.png", metavar="FILE", help="a .png [%(default)s]")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Ask as the command line says. Exit status 0, or 2 with a sentence where that fails."""
    options = parse(argv)
    with reported():
        from tfgen.plots.grid import save_grid
        from tfgen.plots.target import check_target, writing

        path = check_target(options.out, (".png",))
        with connect(options.protocol, options.address, options.model) as call:
            if options.to is None:
                images = sample(call, options.n, options.seed, options.temperature)
            else:
                images = interpolate(call, options.n, options.seed, options.to)
        with writing(path):
            save_grid(images, path)
        print(f"{path}: {options.n} pictures, from seed {options.seed}")


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


if __name__ == "__main__":
    main()
