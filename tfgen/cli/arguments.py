"""The argument parser of every command, and the options that several commands share.

A mistake on the command line prints one sentence with what was expected and what was received, and ends with exit
status 2. Nothing here imports TensorFlow.
"""

import argparse
import os
import re
import sys
from typing import Any, NoReturn

from tfgen.cli.value_types import (
    LARGEST_INT32,
    LARGEST_SAMPLES,
    LARGEST_TEMPERATURE,
    SMALLEST_SEED,
    host,
    image_size,
    int_in_range,
    shown,
    temperature,
)
from tfgen.errors import did_you_mean
from tfgen.startup import tolerate_any_terminal

#: Help texts end with the default value in this form; argparse fills it in.
DEFAULT = "[default: %(default)s]"


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str):
        super().__init__(prog, max_help_position=30, width=110)


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one sentence and suggest the nearest name that exists.

    Args:
        prog: the command as the user types it, for example "tfgen sample".
        description: what the command does, in full sentences.
        **settings: passed to `argparse.ArgumentParser`.
    """

    def __init__(self, prog: str, description: str, **settings: Any):
        defaults: dict[str, Any] = {"allow_abbrev": False, "formatter_class": _HelpFormatter}
        super().__init__(prog=prog, description=_wrapped(description), **{**defaults, **settings})

    def parse_known_args(self, args=None, namespace=None):
        tolerate_any_terminal()
        arguments = list(sys.argv[1:] if args is None else args)
        before = ""
        for argument in arguments:
            if argument == "--":
                break
            self._check_text(argument, before)
            before = argument
        return super().parse_known_args(arguments, namespace)

    def _check_text(self, argument: str, before: str) -> None:
        """Refuse a word that is the value of no option and no name of a file. `before` is the word before it."""
        match = re.fullmatch(r"(--[\w-]+)=(.*)", argument, re.DOTALL)
        name, value = match.groups() if match else (before, argument)
        place = f"{name}: expected" if name.startswith("--") and "=" not in name else "Expected"
        # argparse would turn the value -- into an empty list.
        if value == "" or (match and value == "--"):
            self.error(f"{place} a value. Received: {value!r}")
        try:
            is_text = b"\0" not in os.fsencode(value)
        except UnicodeEncodeError:
            is_text = False
        if not is_text:
            self.error(f"{place} text without the character 0 and without halves of characters. Received: {value!a}")

    def parse_args(self, args=None, namespace=None):
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            flag = unknown[0].split("=")[0]
            expected = "an option of this command" if flag.startswith("-") else "no further argument"
            hint = did_you_mean(flag, self._option_string_actions)
            self.error(f"Expected {expected}. Received: {unknown[0]!r}.{hint}")
        return options

    def _check_value(self, action, value):
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            name = "/".join(action.option_strings) or action.metavar or action.dest
            hint = did_you_mean(str(value), choices)
            self.error(f"{name}: expected one of {', '.join(choices)}. Received: {shown(str(value))}.{hint}")

    def error(self, message: str) -> NoReturn:
        """Print the sentence and where to find the options, and exit with status 2."""
        if match := re.fullmatch(r"argument (\S+): ignored explicit argument (.*)", message, re.DOTALL):
            message = f"{match[1]}: expected no value. Received: {match[2]}"
        message = re.sub(r"^argument (\S+): expected", r"\1: expected", message)
        print(f"error: {message}\nOptions: {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def _wrapped(text: str, width: int = 110) -> str:
    """The text in lines of at most `width` characters; paragraphs are separated by empty lines."""
    import textwrap

    return "\n\n".join(textwrap.fill(paragraph, width) for paragraph in text.split("\n\n"))


class DeprecatedOption(argparse.Action):
    """An old name of an option. It works as the new name does and prints a warning.

    Args:
        new: the new name, for example "--method".
        **settings: as for `add_argument`; `dest` is that of the new option.
    """

    def __init__(self, option_strings, dest, new: str, **settings):
        super().__init__(option_strings, dest, help=argparse.SUPPRESS, default=argparse.SUPPRESS, **settings)
        self.new = new

    def __call__(self, parser, namespace, values, option_string=None):
        print(f"warning: {option_string} is now {self.new}; the old name will be removed", file=sys.stderr)
        setattr(namespace, self.dest, values)


# -- options that several commands share -------------------------------------------------------------------------------


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the positional argument RUN."""
    parser.add_argument(
        "run", metavar="RUN", help="Run folder, name of a pretrained model (tfgen models), or .keras file of a model."
    )


def add_n(parser: argparse.ArgumentParser, largest: int, default: int = 64, help: str = "Number of samples") -> None:
    """Add --n, an integer from 1 to `largest`."""
    parser.add_argument(
        "--n", type=int_in_range(1, largest), default=default, metavar="N", help=f"{help}, 1 to {largest} {DEFAULT}."
    )


def add_seed(
    parser: argparse.ArgumentParser,
    help: str = "Seed of the first sample; sample i has seed SEED + i",
    low: int = SMALLEST_SEED,
) -> None:
    """Add --seed, an integer from `low` to 2³¹ − 1."""
    parser.add_argument(
        "--seed",
        type=int_in_range(low),
        default=0,
        metavar="SEED",
        help=f"{help}; {low} to {LARGEST_INT32} {DEFAULT}.",
    )


def add_temperature(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add --temperature, a number from 0 to `LARGEST_TEMPERATURE`."""
    parser.add_argument(
        "--temperature",
        type=temperature,
        default=1.0,
        metavar="T",
        help=f"Factor on the standard deviation of the latent noise, 0 to {LARGEST_TEMPERATURE:g}. Values below 1 give "
        f"more typical and less varied samples {DEFAULT}.",
    )


def add_samples(parser: argparse.ArgumentParser | argparse._ArgumentGroup, help: str) -> None:
    """Add --samples, the number of samples of a likelihood estimator. `help` says for what."""
    parser.add_argument(
        "--samples",
        type=int_in_range(1, LARGEST_SAMPLES),
        default=1,
        metavar="K",
        help=f"Number of latent or dequantization samples for {help}, 1 to {LARGEST_SAMPLES}. More samples tighten the "
        f"bound; the time grows with K {DEFAULT}.",
    )


def add_label(parser: argparse.ArgumentParser, help: str, each: bool = True) -> None:
    """Add --label, the class of a conditional model; the help text says what "each" means, if it is allowed."""
    parser.add_argument("--label", metavar="NAME|each" if each else "NAME", help=help if each else f"{help}.")


def add_pictures(parser: argparse.ArgumentParser) -> None:
    """Add the positional argument PICTURES: new pictures for a trained model."""
    parser.add_argument(
        "pictures",
        metavar="PICTURES",
        help="Pictures: a file, a folder, a .zip or .tar, an .npz or .npy of images of the model's shape, or the name "
        "of a data set, whose test images are taken. Files are cropped and resized to the model's shape.",
    )


def add_skip_broken(parser: argparse.ArgumentParser) -> None:
    """Add --skip-broken."""
    parser.add_argument(
        "--skip-broken",
        action="store_true",
        help="Leave out pictures that cannot be read. Without it, the first one is an error.",
    )


def add_out(parser: argparse.ArgumentParser, default: str | None, help: str, metavar: str = "FILE") -> None:
    """Add --out, the file or folder to write."""
    suffix = f" {DEFAULT}." if default is not None else ""
    parser.add_argument("--out", default=default, metavar=metavar, help=help + suffix)


def add_data_dir(parser: argparse.ArgumentParser) -> None:
    """Add --data-dir, the folder of the files of a data set that has a name."""
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        help="Folder with the files of mnist, fashion_mnist, kmnist, emnist, cifar10, cifar100 or stacked_mnist, or of "
        "tfds:NAME [default: $TFGEN_DATA, else Keras downloads them].",
    )


def add_data_source(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a data set is read; `data_options` returns them as arguments of `data.load`."""
    add_data_dir(parser)
    parser.add_argument(
        "--image-size",
        type=image_size,
        metavar="SIZE",
        help="Size of the images: N for N×N pixels, or HxW for H rows of W pixels, 4 to 1024 a side [default: the size "
        "of the files].",
    )
    parser.add_argument(
        "--fit",
        choices=("crop", "pad"),
        default="crop",
        help="With --image-size: crop cuts a picture to the shape of the images, pad keeps all of it and fills the "
        f"rest with --background {DEFAULT}.",
    )
    parser.add_argument(
        "--background",
        default="white",
        metavar="COLOR",
        help=f"Colour behind transparent pixels and of the border of --fit pad: a name as in CSS or #rrggbb {DEFAULT}.",
    )
    parser.add_argument(
        "--color",
        choices=("grey", "rgb"),
        help="Convert all pictures to grey or to RGB [default: as the files are].",
    )
    parser.add_argument(
        "--labels",
        metavar="FILE",
        help="CSV file with the columns file and label, the class of each picture [default: the sub-folders, or the "
        "labels in the file of the data].",
    )
    add_skip_broken(parser)
    parser.add_argument(
        "--no-cache",
        action="store_true",
        help="Decode the pictures into memory, and do not use the cache folder of the user.",
    )


def data_options(options: argparse.Namespace) -> dict[str, Any]:
    """The options of `add_data_source` as arguments of `tfgen.data.load`."""
    names = ("data_dir", "image_size", "fit", "background", "color", "labels", "skip_broken")
    return {**{name: getattr(options, name) for name in names}, "cache": not options.no_cache}


def add_listening(parser: argparse.ArgumentParser, port: int) -> None:
    """Add --host and --port of a server."""
    parser.add_argument(
        "--host",
        type=host,
        default="127.0.0.1",
        help="Address to listen on. 127.0.0.1 admits this machine only. 0.0.0.0 admits everybody who can reach this "
        f"machine; the server asks for no password {DEFAULT}.",
    )
    parser.add_argument(
        "--port",
        type=int_in_range(0, 65535),
        default=port,
        metavar="N",
        help=f"HTTP port, 0 to 65535; 0 chooses a free port {DEFAULT}.",
    )
