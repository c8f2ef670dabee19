"""What the sources of image files share: names, keys of the cache, the choice of test files, and unreadable files."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors.data_errors import BadAudio, BadImages

VALIDATION = ("val", "validation", "valid")
"""Names of the folder of the validation images."""
_TEST_PART = 0.1


def is_text(name: str) -> bool:
    """Whether a file name, which may be arbitrary bytes, is valid UTF-8."""
    return not any("\udc80" <= character <= "\udcff" for character in name)


def is_present(path: Path, problem: type[BadImages | BadAudio] = BadImages) -> bool:
    """Whether a path is a file. Raises the problem for a link whose target does not exist: it would be left out
    silently, for instance if a disk is not mounted.
    """
    if not path.is_symlink() or path.exists():
        return path.is_file()
    raise problem(path, "a link to a file that does not exist", "restore the file that it points to, or remove it")


def printable(name: str) -> str:
    """A file name without bytes that are not UTF-8."""
    return name if is_text(name) else os.fsencode(name).decode("utf-8", "replace")


def test_files(paths: Iterable[Path]) -> set[Path]:
    """The tenth of the files with the smallest digests of their names."""
    ranked = sorted(paths, key=lambda path: hashlib.sha256(os.fsencode(path.name)).digest())
    return set(ranked[: round(len(ranked) * _TEST_PART)])


def cache_path(cache: Path, folder: Path, shape: object, keys: Sequence[str]) -> Path:
    """Where the decoded images of a folder's files are kept, at this shape."""
    place = hashlib.sha256(b"2 " + os.fsencode(f"{folder.resolve()} {shape}")).hexdigest()[:16]
    digest = hashlib.sha256("".join(keys).encode()).hexdigest()[:16]
    return cache / "folders" / f"{place}-{digest}.npy"


def file_key(folder: Path, *paths: Path) -> str:
    """An identifier of the current version of files that belong together: it changes with path, time and size."""
    about = []
    for path in paths:
        state = path.stat()
        about.append(f"{path.relative_to(folder)}\0{state.st_size}\0{state.st_mtime_ns}")
    return hashlib.sha256(os.fsencode("\0".join(about))).hexdigest()[:32]


def refuse_unreadable(folder: Path, found: Sequence[str]) -> None:
    """Raise BadImages with all unreadable files, if there are any."""
    if found:
        bad = sorted(found)
        more = f" and {len(bad) - 3:,} more, listed below" if len(bad) > 3 else ""
        why = f"cannot read {', '.join(bad[:3])}{more}"
        help_text = "remove or replace these files; the other images are decoded and cached"
        raise BadImages(folder, why, help_text, tuple(bad) if more else ())
