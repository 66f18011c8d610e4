"""The versions of the packages on which a run's numbers depend."""

import importlib.metadata
import platform

PACKAGES = ("tfgen", "tensorflow", "keras", "tensorflow-probability", "tf_keras", "numpy")


def versions() -> dict[str, str]:
    """Return the version of Python and of each of `PACKAGES`, or "not installed"."""

    def version(package: str) -> str:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return "not installed"

    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}
