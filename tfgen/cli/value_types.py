"""Types of values on the command line, for the argument `type` of argparse: what they accept, and their sentences."""

import argparse
import math
from collections.abc import Callable

LARGEST_INT32 = 2**31 - 1
#: Seeds of samples are integers of 32 bits with sign, as in the app and in exported models.
SMALLEST_SEED = -(2**31)
#: Largest temperature, as in exported models. The samples of many models are infinite at a temperature far above it.
LARGEST_TEMPERATURE = 10.0
#: Largest weight of the guidance of a flow of transformers.
LARGEST_GUIDANCE = 20.0
#: Largest number of latent or dequantization samples for the likelihood of an example.
LARGEST_SAMPLES = 100_000


def int_in_range(low: int, high: int = LARGEST_INT32) -> Callable[[str], int]:
    """An integer from `low` to `high`."""

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"expected an integer from {low} to {high}. Received: {shown(text)}")
        return value

    return convert


def number_in_range(low: float, high: float, unit: str = "a number") -> Callable[[str], float]:
    """A number from `low` to `high`. `unit` names it, for example "a number of seconds"."""

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"expected {unit} from {low:.12g} to {high:.12g}. Received: {shown(text)}")
        return value

    return convert


#: A factor on the standard deviation of the latent noise.
temperature = number_in_range(0.0, LARGEST_TEMPERATURE)


def host(text: str) -> str:
    """A name or address of this machine. An empty name is refused: servers take it for all addresses."""
    try:
        text.encode("idna")
        is_name = bool(text.strip())
    except UnicodeError:
        is_name = False
    if not is_name:
        raise argparse.ArgumentTypeError(
            f"expected a host name or an address, such as 127.0.0.1. Received: {shown(text)}"
        )
    return text


def image_size(text: str) -> int | str:
    """The size of images, N or HxW."""
    from tfgen.config.image_size import checked_size
    from tfgen.errors import ConfigError

    try:
        size = checked_size(text, 4, 1024)
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error).removeprefix("image_size: ")) from None
    assert size is not None
    return size


def shown(text: str, length: int = 80) -> str:
    """A received text for a message, shortened to `length` characters."""
    return repr(text if len(text) <= length else text[:length] + "…")
