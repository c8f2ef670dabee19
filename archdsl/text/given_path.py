"""Paths that a Python program gives, as arguments of functions."""

import os
import reprlib
from pathlib import Path


def given_path(argument: str, value: object) -> Path:
    """The path in an argument. Raises TypeError, ValueError, which name the argument."""
    text = path_text(argument, value)
    if not text:
        raise ValueError(f"{argument}: the path is empty")
    if "\0" in text:
        raise ValueError(f"{argument}: {text!r} is not a path: it contains a null character")
    return Path(text)


def recorded_path(argument: str, value: object) -> Path:
    """`given_path` for a path that a run records as text. Raises TypeError, ValueError, which name the argument."""
    path = given_path(argument, value)
    if not is_utf8(str(path)):
        raise ValueError(f"{argument}: {str(path)!r} is not UTF-8 text, as the files of a run require")
    return path


def is_utf8(text: str) -> bool:
    """Whether a path or an argument is text: bytes that are not UTF-8 are surrogates in Python."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def has_utf8_bytes(path: str) -> bool:
    """Whether the bytes of a path from the command line are UTF-8, whatever the locale decodes them to."""
    return is_utf8(os.fsencode(path).decode(errors="surrogateescape"))


def path_text(argument: str, value: object) -> str:
    """The path in an argument as a text, as it is given. Raises TypeError, which names the argument."""
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str):
        raise TypeError(f"{argument}: a path is expected, as a text or a `pathlib.Path`, not {reprlib.repr(value)}")
    return text


def is_source_text(text: str) -> bool:
    """Whether a text is that of a network rather than a path: it has white space, and does not end in `.arch`."""
    return not text.endswith(".arch") and any(character.isspace() for character in text.strip())
