"""Compare runs on the same data: tfgen compare RUN RUN … [--out DIR]"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tfgen.cli.arguments import int_in_range
from tfgen.errors import ConfigError, reported


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; on a mistake, print what was expected and exit with status 2."""
    parser = argparse.ArgumentParser(
        prog="tfgen compare",
        description="Compare runs on the same data: likelihood (only like with like), spread over seeds, sample "
        "quality, cost of training and sampling, and how near samples are to training images. What a finished run "
        "lacks is measured and recorded in its evaluation.json. Writes comparison.md, .json and .png.",
        allow_abbrev=False,
    )
    parser.add_argument("runs", metavar="RUN", nargs="+", help="folder of a run; those of other seeds are one row")
    parser.add_argument("--out", default="comparison", metavar="DIR", help="folder to write to [%(default)s]")
    parser.add_argument("--recorded", action="store_true", help="measure nothing, take what is recorded")
    count, samples = "samples for quality, at most as many as test images", "for the likelihood of each example"
    parser.add_argument("--count", type=int_in_range(1), default=10_000, metavar="N", help=f"{count} [%(default)s]")
    parser.add_argument("--samples", type=int_in_range(1), default=1, metavar="K", help=f"{samples} [%(default)s]")
    parser.add_argument("--classifier", metavar="FILE", help="for quality; see tfgen evaluate --help")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Compare as the command line says. Exit status 0, or 2 with a sentence on bad input."""
    options = parse(argv)
    with reported():
        from tfgen.comparison import recorded
        from tfgen.runs.run import Run

        runs = [Run.open(path) for path in options.runs]
        found = recorded(runs)
        out = _folder(options.out)
        if not options.recorded:
            from tfgen.startup import start_tensorflow

            start_tensorflow()
            from tfgen.comparison import compare

            settings = {name: getattr(options, name) for name in ("count", "samples", "classifier")}
            found = compare(runs, **settings, report=lambda line: print(line, file=sys.stderr, flush=True))
        from tfgen.comparison import figure, table
        from tfgen.files import replacing, write_json
        from tfgen.plots import style

        text = table(found)
        with replacing(out / "comparison.md") as fresh:
            fresh.write_text(text)
        write_json(out / "comparison.json", found.to_dict())
        style.save(figure(found), out / "comparison.png")
        print(text)
        print(f"{out}: comparison.md, comparison.json, comparison.png")


def _folder(path: str) -> Path:
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"{path} ({error.strerror})"
        raise ConfigError(f"--out: expected a folder that can be written. Received: {reason}") from None
    return folder


if __name__ == "__main__":
    main()
