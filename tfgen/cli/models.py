"""tfgen models: the models that come trained, a line each"""

import argparse
from collections.abc import Sequence

from tfgen import pretrained
from tfgen.errors import reported


def main(argv: Sequence[str] | None = None) -> None:
    """List them. Exit status 0, or 2 with a sentence."""
    parser = argparse.ArgumentParser(
        prog="tfgen models",
        description="List the models that come trained. Every command that takes a run takes their names.",
    )
    parser.parse_args(argv)
    with reported():
        for name in pretrained.names():
            print(f"{name:<16} {pretrained.describe(name)}")


if __name__ == "__main__":
    main()
