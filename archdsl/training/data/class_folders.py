"""Files in folders named after their classes, directly or in `train`, `val` (or `validation`, `valid`) and `test`."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from ..errors.data_errors import BadAudio
from .image_files import VALIDATION, is_present, printable, test_files


class ClassFile(NamedTuple):
    """The path of a file, and its class."""

    path: Path
    label: int


def split_folders(folder: Path) -> dict[str, Path]:
    """The folders that contain class folders: by split, or the folder itself under the empty name."""
    if not (folder / "train").is_dir():
        return {"": folder}
    named = {"train": "train", **dict.fromkeys(reversed(VALIDATION), "validation"), "test": "test"}
    return {split: folder / name for name, split in named.items() if (folder / name).is_dir()}


def class_names(folder: Path, wanted: Callable[[Path], bool]) -> tuple[str, ...]:
    """The names of the class folders with wanted files, in alphabetical order."""
    return tuple(sorted({name for root in split_folders(folder).values() for name in _with_files(root, wanted)}))


def class_files(folder: Path, names: tuple[str, ...], wanted: Callable[[Path], bool]) -> dict[str, list[ClassFile]]:
    """The files of the splits `train`, `validation` and `test`, with the numbers of their classes.

    Without folders for the splits, a tenth of each class becomes the test set, selected by the digest of the file name.
    """
    found = {
        split: [
            ClassFile(path, label)
            for label, name in enumerate(names)
            if (root / name).is_dir()
            for path in files_below(root / name, wanted)
        ]
        for split, root in split_folders(folder).items()
    }
    if "" not in found:
        return found
    test: set[Path] = set()
    for label in range(len(names)):
        test |= test_files(file.path for file in found[""] if file.label == label)
    return {
        "train": [file for file in found[""] if file.path not in test],
        "test": [file for file in found[""] if file.path in test],
    }


def notes_of_empty_folders(folder: Path, names: Collection[str], files: str) -> tuple[str, ...]:
    """A note for each subfolder that is not a class, because it has none of the `files`."""
    return tuple(
        f"{printable(entry.relative_to(folder).as_posix())}: no {files}, so it is not a class"
        for root in split_folders(folder).values()
        for entry in sorted(root.iterdir())
        if entry.is_dir() and not entry.name.startswith(".") and entry.name not in names
    )


def files_below(folder: Path, wanted: Callable[[Path], bool]) -> Iterator[Path]:
    """The wanted files below a folder, ordered by path, without hidden ones. Raises BadAudio for a dangling link."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if wanted(path) and not hidden and is_present(path, BadAudio):
            yield path


def _with_files(root: Path, wanted: Callable[[Path], bool]) -> list[str]:
    folders = [entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
    return [entry.name for entry in folders if next(files_below(entry, wanted), None)]
