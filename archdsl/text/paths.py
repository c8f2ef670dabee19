"""Locations of the files that ship with the package, and of the user's cache."""

import os
import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def grammars() -> Path:
    """The folder of the grammar: in the installed package, or next to it in a checkout."""
    return _shipped("grammars")


def examples() -> Path:
    """The folder of the example programs, including `zoo/`."""
    return _shipped("examples")


def _shipped(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def user_cache() -> Path:
    """The user's cache folder, the same as that of `platformdirs`; `ARCHDSL_CACHE` overrides it.

    Implemented here because importing platformdirs would take a tenth of the time of `archdsl check`.
    """
    if override := os.environ.get("ARCHDSL_CACHE"):
        return Path(override)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "archdsl" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "archdsl"
    given = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG Base Directory Specification says to ignore a relative path.
    return Path(given if os.path.isabs(given) else Path.home() / ".cache") / "archdsl"
