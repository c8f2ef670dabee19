"""Packages that are not installed, and the command that installs them."""

import importlib.util
import re
from importlib import metadata

from .problem import Problem

_MODULES = {"pillow": "PIL", "huggingface-hub": "huggingface_hub", "graphviz-pure": "graphviz_pure"}
"""The import name of a package, if it differs from the package's name."""


class MissingExtra(Problem):
    """A feature whose packages are not installed."""

    exit_status = 2

    def __init__(self, what: str, packages: tuple[str, ...]) -> None:
        super().__init__(what, packages)
        self.what, self.packages = what, packages

    def message(self) -> str:
        verb = "is" if len(self.packages) == 1 else "are"
        return f"{self.what} needs {', '.join(self.packages)}, which {verb} not installed"

    def help(self) -> tuple[str, ...]:
        return (install_command(self.packages),)


def install_command(packages: tuple[str, ...]) -> str:
    """The command that installs packages into this environment, in the versions that archdsl requires.

    It names the packages instead of an extra, which works no matter how archdsl was installed, including from a
    checkout.
    """
    bounds = _bounds()
    words = [f"{name}{bounds.get(name, '')}" for name in packages]
    return "pip install " + " ".join(f"'{word}'" if re.search("[<>=!~]", word) else word for word in words)


def missing(packages: tuple[str, ...]) -> tuple[str, ...]:
    """The packages that cannot be imported."""
    return tuple(name for name in packages if not _is_there(_MODULES.get(name, name)))


def missing_of_training() -> tuple[str, ...]:
    """The missing ones among the packages that training and its runs require."""
    return missing(("pydantic", "numpy", "torch", "safetensors", "pillow", "matplotlib", "pooch", "rich"))


def package_of(module: str) -> str:
    """The package that provides a module: `pillow` for `PIL.Image`."""
    top = module.partition(".")[0]
    return next((package for package, name in _MODULES.items() if name == top), top)


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # ValueError: a module that was set to None by hand
        return False


def _bounds() -> dict[str, str]:
    """The versions that archdsl requires, by package."""
    try:
        needed = metadata.requires("archdsl") or []
    except metadata.PackageNotFoundError:
        return {}
    matches = (re.match(r"([A-Za-z0-9._-]+)\s*([<>=!~][^;]*)?", each) for each in needed)
    return {match[1].lower(): (match[2] or "").strip() for match in matches if match}
