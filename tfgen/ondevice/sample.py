"""Sample an exported model without TensorFlow: python -m tfgen.ondevice.sample model.tflite --n 64 --seed 7

This file needs numpy, ai-edge-litert and pillow only, and imports nothing of tfgen, so that it can be copied to a
device by itself. Therefore it contains its own argument parser, which library code of tfgen otherwise does not. Picture
i is the picture of seed SEED + i, as in `tfgen sample`.
"""

import argparse
import math
import os
import statistics
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

#: Words in place of a class: classes that the seeds draw from the class frequencies, and all classes in turn.
ANY, EACH = "any", "each"


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line. On an error, print the expected value and exit with status 2."""
    parser = argparse.ArgumentParser(
        description="Draw samples of an exported model and report the time of a request. TensorFlow is not needed.",
        allow_abbrev=False,
    )
    parser.add_argument("model", metavar="MODEL", help="A .tflite file written by: tfgen export RUN --to tflite.")
    parser.add_argument(
        "--n", type=int, default=64, metavar="N", help="Number of pictures, 1 to 10000 [default: %(default)s]."
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="SEED", help="Seed of the first picture [default: %(default)s]."
    )
    parser.add_argument(
        "--temperature",
        type=float,
        default=1.0,
        metavar="T",
        help="Factor on the standard deviation of the latent. Below 1, samples are more typical and less varied "
        "[default: %(default)s].",
    )
    parser.add_argument(
        "--label",
        metavar="CLASS",
        help="Conditional model: class of the pictures, by name or index; any for classes that the seeds draw, or each "
        "for all classes in turn [default: any].",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        metavar="N",
        help="Threads of the interpreter, 1 to 256 [default: %(default)s].",
    )
    parser.add_argument(
        "--out", default="samples.png", metavar="FILE", help="File to write, a .png [default: %(default)s]."
    )
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
    """Print the message to standard error and exit with status 2."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(2)


def load(file: str, threads: int = 1):
    """Return the LiteRT runner of a model's signature `sample`. On an error, exit with status 2.

    Args:
        file: a .tflite file.
        threads: number of threads of the interpreter.
    """
    path = Path(file)
    if not path.is_file():
        fail(f"Expected a .tflite file. Received: {path}, which {'is a folder' if path.is_dir() else 'does not exist'}")
    # Bytes 4 to 7 of a FlatBuffers file identify its format. LiteRT's own message names neither file nor reason.
    if path.read_bytes()[4:8] != b"TFL3":
        fail(f"Expected a TFLite model. Received: {path}, which has another format")
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        fail("Expected LiteRT; install it with: pip install numpy ai-edge-litert pillow")
    try:
        interpreter = Interpreter(model_path=str(path), num_threads=threads)
        signatures = interpreter.get_signature_list()
    except (ValueError, RuntimeError) as error:
        fail(f"Expected a complete TFLite model. Received: {path} ({error})")
    if {*signatures.get("sample", {}).get("inputs", [])} - {"label"} != {"seed", "temperature"}:
        fail(
            "Expected a model exported by tfgen, with a signature `sample` of the inputs seed and temperature. "
            f"Received: {path} with the signatures {sorted(signatures)}"
        )
    return interpreter.get_signature_runner("sample")


def class_names(file: str) -> list[str]:
    """Return the names of the classes of a .tflite file, its associated file `labels.txt`; [] without classes."""
    if not zipfile.is_zipfile(file):
        return []
    with zipfile.ZipFile(file) as archive:
        return archive.read("labels.txt").decode("utf-8").split("\n")[:-1] if "labels.txt" in archive.namelist() else []


def labels_of(label: str | None, n: int, classes: Sequence[str]) -> list[int]:
    """Return the label of each of `n` samples, −1 for a class that the seed draws. On an error, exit with status 2.

    Args:
        label: name or index of a class, "any", "each", or None, which is "any".
        n: number of samples.
        classes: names of the model's classes, [] for a model without classes.
    """
    if label is None or (classes and label == ANY and ANY not in classes):
        return [-1] * n
    if not classes:
        fail(f"--label: expected a conditional model. Received: {label!r} for a model without classes")
    if label in classes:
        return [list(classes).index(label)] * n
    if label == EACH:
        return [row % len(classes) for row in range(n)]
    if label.isdecimal() and int(label) < len(classes):
        return [int(label)] * n
    fail(f"--label: expected one of {', '.join(classes)}, an index, {ANY} or {EACH}. Received: {label!r}")


def sample(runner, n: int, seed: int = 0, temperature: float = 1.0, labels: Sequence[int] | None = None):
    """Draw samples.

    Args:
        runner: from `load`.
        n: number of samples.
        seed: seed of the first sample. The following seeds count up and wrap from 2³¹ − 1 to −2³¹.
        temperature: factor on the standard deviation of the latent.
        labels: label of each sample of a conditional model, from `labels_of`. None: classes that the seeds draw.

    Returns:
        (images float32 [n, H, W, C] in [0, 1] or points [n, D], time of each request in milliseconds).
    """
    import numpy as np

    details = runner.get_input_details()
    batch = int(details["seed"]["shape"][0])
    # The signature has a fixed number of rows, so that the last request can draw more samples than are kept.
    requests = -(-n // batch)
    wide = (np.arange(seed, seed + requests * batch, dtype=np.int64) + 2**31) % 2**32 - 2**31
    inputs = {"seed": wide.astype(np.int32), "temperature": np.full(requests * batch, temperature, np.float32)}
    if "label" in details:
        inputs["label"] = np.full(requests * batch, -1, np.int32)
        inputs["label"][:n] = -1 if labels is None else labels
    rows = [
        {name: values[start : start + batch] for name, values in inputs.items()}
        for start in range(0, requests * batch, batch)
    ]
    # The first request initializes the interpreter and is not timed.
    runner(**rows[0])
    drawn, times = [], []
    for row in rows:
        started = time.perf_counter()
        drawn.append(next(iter(runner(**row).values())))
        times.append(1000.0 * (time.perf_counter() - started))
    return np.concatenate(drawn)[:n], times


def grid(images):
    """Return a nearly square grid of images as a Pillow image, enlarged by an integer factor if the images are small.

    Args:
        images: [n, H, W, C] in [0, 1], with 1 or 3 channels.
    """
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
    """Run the command. Exit status 0, or 2 with a message if an argument is invalid."""
    options = parse(argv)
    runner = load(options.model, options.threads)
    labels = labels_of(options.label, options.n, class_names(options.model))
    images, times = sample(runner, options.n, options.seed, options.temperature, labels)
    if images.ndim != 4:
        fail(f"Expected a model of images. Received: {options.model}, which draws points [n, {images.shape[1]}]")
    temporary = Path(options.out).with_suffix(f".{os.getpid()}.png")
    try:
        grid(images).save(temporary)
        temporary.replace(options.out)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        fail(f"Expected to write {options.out}. Received: {error.strerror}")
    rows = -(-options.n // len(times))
    print(
        f"{options.out}: {options.n} pictures, seeds {options.seed} to {options.seed + options.n - 1}; median latency "
        f"{statistics.median(times):.2f} ms for {rows} picture{'s' * (rows > 1)}, {options.threads} "
        f"thread{'s' * (options.threads > 1)}"
    )


if __name__ == "__main__":
    main()
