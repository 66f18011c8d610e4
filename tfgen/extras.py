"""Optional packages, which are looked for before anything slow is loaded."""

import importlib.util
from collections.abc import Iterable

from tfgen.errors import ConfigError


def check_installed(packages: Iterable[str], extra: str, option: str) -> None:
    """Raise `ConfigError` if one of some packages is missing. None of them is imported.

    Args:
        packages: names of importable modules.
        extra: extra of this package that installs them.
        option: what needs them, for the message.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"{option}: expected the packages of: pip install 'tfgen[{extra}]'. Received: {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not installed"
        )
