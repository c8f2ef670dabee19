"""The network of a run, read without torch: its text, and the values and sizes it was trained with."""

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ...elaborate.given_values import parameter, parse_sizes
from ...text.files import UnreadableFile, read_source
from ...text.source import Source
from ..errors.run_errors import CannotResume
from ..safe_files import read_bytes
from .text_digests import of_json, of_text

_SETTINGS, _NETWORK = "settings.json", "net.arch"


def read_run_network(folder: Path) -> tuple[Source, dict[str, Any], tuple[str, ...]]:
    """The text of a run's network, the values of its parameters and the sizes of its input that were given.

    Raises CannotResume if a file is damaged or was changed.
    """
    given, sizes, texts = _given(folder)
    verify_texts(folder, texts)
    try:
        return read_source(folder / _NETWORK, name=str(folder / _NETWORK)), given, sizes
    except UnreadableFile as error:
        raise CannotResume(folder, f"{_NETWORK} {error}") from error


def verify_texts(folder: Path, texts: Mapping[str, str]) -> None:
    """Raise CannotResume if net.arch, or a file that it uses, was changed."""
    for name, digest in texts.items():
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or PurePosixPath(name).is_absolute():
            raise CannotResume(folder, f"`{name}` is not a file in this folder")
        try:
            text = read_bytes(folder.joinpath(*parts)).decode("utf-8", "replace")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise CannotResume(folder, f"{name}: {why}") from error
        if of_text(text) != digest:
            why = f"{name}: it was modified or is corrupt: its checksum does not match"
            raise CannotResume(folder, why, "train the modified network in a new run")


def _given(folder: Path) -> tuple[dict[str, Any], tuple[str, ...], dict[str, str]]:
    """The parameter values, the input sizes and the digests of the texts in settings.json. Raises CannotResume."""
    try:
        content = json.loads(read_bytes(folder / _SETTINGS))
        digest = content.pop("digest", None)
        if digest is not None and digest != of_json(content):
            why = f"{_SETTINGS}: it was modified or is corrupt: its checksum does not match"
            raise CannotResume(folder, why)
        network = content["network"]
        given = {str(name): parameter(name, value, any_layer=True) for name, value in network["given"].items()}
        sizes = tuple(str(size) for size in network["sizes"])
        for size in sizes:
            parse_sizes(size.rpartition("=")[2])
        texts = {str(name): str(value) for name, value in network.get("texts", {}).items()}
    except OSError as error:
        raise CannotResume(folder, f"{_SETTINGS}: {error.strerror or error}") from error
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CannotResume(folder, f"{_SETTINGS}: it is corrupt, or not that of a run") from error
    return given, sizes, texts
