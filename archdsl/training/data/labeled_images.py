"""Folders of images with a table, labels.csv, of their numbers or their sets of classes."""

import re
from functools import cached_property
from pathlib import Path, PurePosixPath

import numpy as np

from ..errors.data_errors import BadImages, BadTable
from .dataset_spec import DataSpec
from .image_files import VALIDATION, printable, refuse_unreadable, test_files
from .image_folder import read_images
from .images import DataSource, ImageSet, Request, Splits, TargetArray, divide
from .number_targets import CLASSES_AS_TEXT, notes_of_numbers
from .table_file import DataTable, read_table
from .table_source import rows_of

LABELS = ("labels.csv", "labels.tsv", "labels.parquet")
SPLIT = "split"
"""The column with the split of each image, if there is one."""
_BETWEEN = re.compile(r"[\s,;|]+")


def labels_of(folder: Path) -> Path | None:
    """The table of a folder's images."""
    return next((folder / name for name in LABELS if (folder / name).is_file()), None)


class LabeledImagesSource(DataSource):
    """Images named in the first column of labels.csv.

    Columns of numbers are numbers to predict; several columns of 0 and 1 are classes; one column of text has the set of
    classes of each image, separated by spaces, commas, semicolons or bars. A column `split` assigns the images to
    train, val and test; without it, a tenth becomes the test set, selected by the digest of the file name.
    """

    def __init__(self, folder: Path, labels: Path) -> None:
        self.folder, self._labels = folder, labels

    @cached_property
    def _table(self) -> DataTable:
        table = read_table(self._labels)
        if len(self._columns_of(table)) < 1:
            raise BadTable(
                self._labels, "no column besides the files", "add a column of classes, or of numbers to predict"
            )
        return table

    def _columns_of(self, table: DataTable) -> tuple[str, ...]:
        return tuple(name for name in list(table.columns)[1:] if name != SPLIT)

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        return self._columns_of(self._table)

    @cached_property
    def _paths(self) -> list[Path]:
        """The images, in the order of the table. Raises BadTable for one that is outside of the folder, missing, or
        listed twice.
        """
        table, found = self._table, []
        seen: dict[str, int] = {}
        for row, name in enumerate(table.words(next(iter(table.columns)))):
            inside = PurePosixPath(name.replace("\\", "/"))
            if not name or inside.is_absolute() or ".." in inside.parts or ":" in inside.parts[0]:
                why = f"`{printable(name)}` is not a path below the folder"
                raise BadTable(self._labels, why, "write paths like images/1.jpg", table.line(row))
            if str(inside) in seen:
                why = f"`{printable(name)}` is also listed on line {seen[str(inside)]}"
                raise BadTable(self._labels, why, "list each image once", table.line(row))
            seen[str(inside)] = table.line(row)
            path = self.folder / inside
            if not path.is_file():
                why = f"there is no image `{printable(name)}`"
                raise BadTable(self._labels, why, "paths are relative to the folder", table.line(row))
            found.append(path)
        return found

    @cached_property
    def _sets(self) -> bool:
        """Whether the columns are sets of classes rather than numbers."""
        columns = [self._table.columns[name] for name in self._columns]
        if len(columns) == 1:
            return isinstance(columns[0], list)
        return all(isinstance(column, np.ndarray) and set(np.unique(column)) <= {0.0, 1.0} for column in columns)

    @cached_property
    def _classes(self) -> tuple[str, ...]:
        if not self._sets or len(self._columns) > 1:
            return self._columns
        words = {word for row in self._table.words(self._columns[0]) for word in _members(row)}
        if not words:
            raise BadTable(self._labels, f"the column `{self._columns[0]}` names no class", "name the classes")
        return tuple(sorted(words))

    @cached_property
    def spec(self) -> DataSpec:
        targets = "classes" if self._sets else "numbers"
        return DataSpec(self.folder.resolve().name, self._classes, None, targets=targets)  # type: ignore[arg-type]  # one of two literals

    @property
    def origin(self) -> str:
        return str(self.folder.resolve())

    def load(self, request: Request) -> Splits:
        if request.image.channels not in (1, 3):
            why = f"the network takes {request.image.channels} channels; images have 1 (grayscale) or 3 (color)"
            raise BadImages(self.folder, why, f"`input 3x{request.image.height}x{request.image.width}`")
        paths, targets, parts = self._paths, self._targets(), self._parts()
        if not parts["train"]:
            raise BadTable(self._labels, "no training images", f"write `train` into the column `{SPLIT}`")
        if not parts["validation"]:
            learn, validate = divide(len(parts["train"]), request.split)
            parts["validation"] = [parts["train"][index] for index in validate]
            parts["train"] = [parts["train"][index] for index in learn]
        bad: list[str] = []
        found = {
            name: read_images(self.folder, [paths[row] for row in rows], request, bad) if rows else None
            for name, rows in parts.items()
        }
        refuse_unreadable(self.folder, bad)
        made = {}
        for name, images in found.items():
            files = tuple(printable(paths[row].relative_to(self.folder).as_posix()) for row in parts[name])
            made[name] = None if images is None else ImageSet(images, targets[parts[name]], files)
        train = made["train"]
        assert train is not None
        notes = self._table.notes
        if not self._sets:
            notes += notes_of_numbers(self._columns[0], train.labels, CLASSES_AS_TEXT)
        return Splits(train, made["validation"], made["test"], notes)

    def _targets(self) -> TargetArray:
        """The numbers, float32 of N×K, or the sets of classes, uint8 of N×K."""
        if not self._sets or len(self._columns) > 1:
            rows = rows_of(self._table, self._columns)
            return rows.astype(np.uint8) if self._sets else rows
        numbers = {name: number for number, name in enumerate(self._classes)}
        made = np.zeros((len(self._table), len(numbers)), np.uint8)
        for row, words in enumerate(self._table.words(self._columns[0])):
            made[row, [numbers[word] for word in _members(words)]] = 1
        return made

    def _parts(self) -> dict[str, list[int]]:
        """The rows of each split."""
        if SPLIT not in self._table.columns:
            test = test_files(self._paths)
            rows = range(len(self._paths))
            return {
                "train": [row for row in rows if self._paths[row] not in test],
                "validation": [],
                "test": [row for row in rows if self._paths[row] in test],
            }
        names = {"train": "train", "test": "test", **dict.fromkeys(VALIDATION, "validation")}
        parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
        for row, word in enumerate(self._table.words(SPLIT)):
            if word.lower() not in names:
                why = f"`{word}` is not a split"
                raise BadTable(self._labels, why, "splits are train, val and test", self._table.line(row))
            parts[names[word.lower()]].append(row)
        return parts


def _members(words: str) -> list[str]:
    """The classes in the text of a set."""
    return [word for word in _BETWEEN.split(words.strip()) if word]
