"""Paths that a Python program gives, as arguments of functions."""

import os
from pathlib import Path


def given_path(argument: str, value: object) -> Path:
    """The path in an argument. Raises TypeError, ValueError, which name the argument."""
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str):
        raise TypeError(f"{argument}: a path is expected, as a text or a `pathlib.Path`, not {value!r}")
    if not text:
        raise ValueError(f"{argument}: the path is empty")
    if "\0" in text:
        raise ValueError(f"{argument}: {text!r} is not a path: it contains a null character")
    return Path(text)
