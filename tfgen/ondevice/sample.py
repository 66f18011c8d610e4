"""Pictures from an exported model without TensorFlow: python -m tfgen.ondevice.sample model.tflite --n 64 --seed 7

Needs numpy, ai-edge-litert and pillow, and nothing else: this file can be copied to a device by itself. Picture i is
that of seed SEED + i, the same as everywhere else.
"""

import argparse
import math
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        description="Draw pictures from an exported model, and say how long one takes. Needs no TensorFlow.",
        allow_abbrev=False,
    )
    parser.add_argument("model", metavar="MODEL", help="a .tflite file made by: tfgen export RUN --to tflite")
    parser.add_argument("--n", type=int, default=64, metavar="N", help="how many pictures [%(default)s]")
    parser.add_argument("--seed", type=int, default=0, metavar="SEED", help="seed of the first one [%(default)s]")
    parser.add_argument(
        "--temperature",
        type=float,
        default=1.0,
        metavar="T",
        help="factor on the standard deviation of the latent; below 1: more typical, less varied [%(default)s]",
    )
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads of the interpreter [%(default)s]")
    parser.add_argument("--out", default="samples.png", metavar="FILE", help="a .png [%(default)s]")
    options = parser.parse_args(argv)
    for name, low, high in (("n", 1, 10_000), ("seed", -(2**31), 2**31 - 1), ("threads", 1, 256)):
        if not low <= getattr(options, name) <= high:
            parser.error(f"argument --{name}: expected {low} to {high}. Received: {getattr(options, name)}")
    if not (math.isfinite(options.temperature) and options.temperature >= 0.0):
        parser.error(f"argument --temperature: expected a finite number, 0 or more. Received: {options.temperature}")
    out = Path(options.out)
    if out.suffix.lower() != ".png" or out.is_dir() or not out.absolute().parent.is_dir():
        parser.error(f"argument --out: expected a .png in an existing folder. Received: {out}")
    return options


def fail(message: str) -> NoReturn:
    """Say what is wrong, and exit with status 2."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(2)


def load(file: str, threads: int = 1):
    """The runner of a model's signature `sample`.

    Args:
        file: the .tflite file.
        threads: of the interpreter.
    """
    path = Path(file)
    if not path.is_file():
        fail(f"Expected a .tflite file. Received: {path}, which {'is a folder' if path.is_dir() else 'does not exist'}")
    # A FlatBuffer says what it is at its fifth byte. LiteRT's own message names neither the file nor the reason.
    if path.read_bytes()[4:8] != b"TFL3":
        fail(f"Expected a TFLite model. Received: {path}, which is something else")
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        fail("Expected LiteRT. Install it: pip install numpy ai-edge-litert pillow")
    try:
        interpreter = Interpreter(model_path=str(path), num_threads=threads)
        signatures = interpreter.get_signature_list()
    except (ValueError, RuntimeError) as error:
        fail(f"Expected a whole TFLite model. Received: {path} ({error})")
    if sorted(signatures.get("sample", {}).get("inputs", [])) != ["seed", "temperature"]:
        fail(
            f"Expected a model exported by tfgen, with a signature `sample` of seed and temperature. Received: {path} "
            f"with the signatures {sorted(signatures)}"
        )
    return interpreter.get_signature_runner("sample")


def sample(runner, n: int, seed: int = 0, temperature: float = 1.0):
    """Draw pictures.

    Args:
        runner: from `load`.
        n: how many.
        seed: of the first; the others count up, from 2³¹ − 1 to −2³¹.
        temperature: factor on the standard deviation of the latent.

    Returns:
        (float32 [n, H, W, C] in [0, 1] or points [n, D], milliseconds of each request).
    """
    import numpy as np

    batch = int(runner.get_input_details()["seed"]["shape"][0])
    # The signature has a fixed number of rows: the last request draws a few more than are kept.
    requests = -(-n // batch)
    wide = (np.arange(seed, seed + requests * batch, dtype=np.int64) + 2**31) % 2**32 - 2**31
    seeds = wide.astype(np.int32).reshape(requests, batch)
    temperatures = np.full(batch, temperature, np.float32)
    # The first request sets up the interpreter, and is not counted.
    runner(seed=seeds[0], temperature=temperatures)
    drawn, times = [], []
    for row in seeds:
        started = time.perf_counter()
        drawn.append(next(iter(runner(seed=row, temperature=temperatures).values())))
        times.append(1000.0 * (time.perf_counter() - started))
    return np.concatenate(drawn)[:n], times


def grid(images):
    """Pictures [n, H, W, C] side by side in rows of about the same number, as a Pillow image, small ones enlarged."""
    import numpy as np
    from PIL import Image

    n, height, width, channels = images.shape
    columns = math.ceil(math.sqrt(n))
    rows = -(-n // columns)
    page = np.zeros((rows, columns, height + 1, width + 1, channels), np.uint8)
    page.reshape(-1, height + 1, width + 1, channels)[:n, :height, :width] = np.rint(255.0 * images)
    page = page.transpose(0, 2, 1, 3, 4).reshape(rows * (height + 1), columns * (width + 1), channels)[:-1, :-1]
    picture = Image.fromarray(page[..., 0] if channels == 1 else page)
    scale = max(1, 1024 // max(picture.size))
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


def main(argv: Sequence[str] | None = None) -> None:
    """Sample as the command line says. Exit status 0, or 2 with a sentence on bad input."""
    options = parse(argv)
    runner = load(options.model, options.threads)
    images, times = sample(runner, options.n, options.seed, options.temperature)
    if images.ndim != 4:
        fail(f"Expected a model of images. Received: {options.model}, which makes points [n, {images.shape[1]}]")
    fresh = Path(options.out).with_suffix(f".{os.getpid()}.png")
    try:
        grid(images).save(fresh)
        fresh.replace(options.out)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        fail(f"Cannot write {options.out}: {error.strerror}")
    rows = -(-options.n // len(times))
    print(
        f"{options.out}: {options.n} pictures, seeds {options.seed} to {options.seed + options.n - 1}; median latency "
        f"{statistics.median(times):.2f} ms for {rows} picture{'s' * (rows > 1)}, {options.threads} "
        f"thread{'s' * (options.threads > 1)}"
    )


if __name__ == "__main__":
    main()
