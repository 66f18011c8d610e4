"""Pictures of a trained model: python -m tfgen.sample RUN --n 64 --seed 7 --temperature 0.8 --out grid.png"""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.errors import ConfigError, UndefinedError, reported

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: More pictures than this are no picture any more.
LARGEST_GRID = 10_000


def whole(low: int, high: int = 2**31 - 1):
    """An argparse type: an integer from `low` to `high`."""

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"expected an integer from {low} to {high}. Received: {text!r}")
        return value

    return convert


def factor(text: str) -> float:
    """An argparse type: a finite number, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0.0):
        raise argparse.ArgumentTypeError(f"expected a finite number, 0 or more. Received: {text!r}")
    return value


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m tfgen.sample",
        description="Draw pictures from a trained model. Picture i is that of seed SEED + i, however many are drawn.",
        allow_abbrev=False,
    )
    parser.add_argument("run", metavar="RUN", help="folder of the run, or a pretrained model's name")
    parser.add_argument("--n", type=whole(1, 1_000_000), default=64, metavar="N", help="how many [%(default)s]")
    parser.add_argument("--seed", type=whole(0), default=0, metavar="SEED", help="seed of the first [%(default)s]")
    parser.add_argument(
        "--temperature",
        type=factor,
        default=1.0,
        metavar="T",
        help="factor on the standard deviation of the latent; below 1: more typical, less varied [%(default)s]",
    )
    parser.add_argument(
        "--pixels",
        action="store_true",
        help="VAE: draw each pixel from its distribution, instead of showing its mean",
    )
    parser.add_argument(
        "--out",
        default="samples.png",
        metavar="FILE",
        help="a .png with all of them, or an .npz with the raw numbers [%(default)s]",
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Sample as the command line says. Exit status 0, or 2 with a sentence on bad input."""
    options = parse(argv)
    with reported():
        from tfgen.plots.target import check_target, writing
        from tfgen.runs import Run
        from tfgen.startup import start_tensorflow

        # Whatever can be refused is refused before the seconds that TensorFlow and the model take.
        path = check_target(options.out, (".png", ".npz"))
        if path.suffix.lower() == ".png" and options.n > LARGEST_GRID:
            raise ConfigError(
                f"--n: expected at most {LARGEST_GRID} for a .png; an .npz holds more. Received: {options.n}"
            )
        run = Run.open(options.run)
        start_tensorflow()
        model = run.load_model()
        examples = draw(model, options.n, options.seed, options.temperature, options.pixels)
        with writing(path):
            save(model, examples, path, options.seed, options.temperature)
        kind = "pictures" if model.is_image else "points"
        print(f"{path}: {options.n} {kind}, seeds {options.seed} to {options.seed + options.n - 1}")


def draw(model: "GenerativeModel", n: int, seed: int, temperature: float, pixels: bool):
    """Samples as a float32 array [n, H, W, C] or [n, 2].

    Raises:
        UndefinedError: if `pixels` are asked of a model whose pixels have no distribution of their own.
    """
    if not pixels:
        return model.sample(n, seed, temperature).numpy()
    if not model.can("sample_pixels"):
        raise UndefinedError(
            "--pixels: expected a model whose pixels have a distribution around their mean, as a VAE's have. "
            f"Received: a {type(model).__name__}"
        )
    return model.sample_pixels(n, seed, temperature).numpy()


def save(model: "GenerativeModel", examples, path: Path, seed: int, temperature: float) -> None:
    """Write samples as a picture or, by the suffix, as an .npz of "images" or "points", "seeds" and "temperature"."""
    import numpy as np

    from tfgen.files import replacing
    from tfgen.plots.grid import save_grid
    from tfgen.plots.points import save_points

    if path.suffix.lower() == ".npz":
        name = "images" if model.is_image else "points"
        with replacing(path) as fresh:
            np.savez(fresh, **{name: examples}, seeds=np.arange(seed, seed + len(examples)), temperature=temperature)
    elif model.is_image:
        save_grid(examples, path)
    else:
        save_points(examples, path, model)


if __name__ == "__main__":
    main()
