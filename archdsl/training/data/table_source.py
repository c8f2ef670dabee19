"""Tables as data sets: rows of numbers, with one or several columns to predict."""

import re
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted
from ...text.names import nearest
from ...text.word_lists import first_of
from ..errors.data_errors import BadTable
from .dataset_spec import DataSpec
from .images import DataSource, ImageSet, Request, Splits, hold_out
from .number_targets import CLASSES_AS_TEXT, notes_of_numbers
from .table_file import TABLES, DataTable, read_table

_TEST_PART = 0.1
_SPLITS = {"train": ("train",), "validation": ("val", "validation", "valid"), "test": ("test",)}
_MOST_CLASSES = 10_000
_SEPARATE = "give at least two columns, separated by commas, semicolons or tabs"
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?")
_NAMED = re.compile(rf"(.+?(?:{'|'.join(map(re.escape, TABLES))}))(?::(.+))?", re.IGNORECASE | re.DOTALL)


class TableName(NamedTuple):
    """The path of a table, and the columns to predict; none if they are not named."""

    path: Path
    targets: tuple[str, ...]


def parse_table_name(name: str) -> TableName | None:
    """Parse `houses.csv` or `houses.csv:price,rooms`, or a folder with train.csv instead; None for another name."""
    match = _NAMED.fullmatch(name)
    if match is not None:
        return TableName(Path(match[1]).expanduser(), _words(match[2]))
    folder, _, targets = name.rpartition(":")
    for path, words in ((name, ""), (folder, targets)):
        if path and _split_file(Path(path).expanduser(), "train"):
            return TableName(Path(path).expanduser(), _words(words))
    return None


def _words(targets: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (targets or "").split(",") if word.strip())


def _split_file(folder: Path, split: str) -> Path | None:
    """The table of a split in a folder."""
    files = (folder / f"{name}{ending}" for name in _SPLITS[split] for ending in TABLES)
    return next((file for file in files if file.is_file()), None)


class TableSource(DataSource):
    """Rows of numbers with one target column or several: by default the last one; a target column of names is a class.

    A tenth of the rows becomes the test set, always the same ones; a folder has a table for each split.
    """

    def __init__(self, name: TableName) -> None:
        self._path, self._named = name

    @cached_property
    def _tables(self) -> dict[str, DataTable]:
        """The table of each split, or the only one under the empty name."""
        if not self._path.is_dir():
            return {"": read_table(self._path)}
        files = {split: _split_file(self._path, split) for split in _SPLITS}
        tables = {split: read_table(file) for split, file in files.items() if file is not None}
        if "train" not in tables:
            help_text = "give it train.csv, train.tsv or train.parquet, and optionally val and test"
            raise BadTable(self._path, "the folder has no table of training samples", help_text)
        first = tables["train"]
        for table in tables.values():
            if set(table.columns) != set(first.columns):
                odd = sorted(set(table.columns) ^ set(first.columns))[0]
                raise BadTable(
                    table.path, f"only one of the tables has the column `{odd}`", "give all tables the same columns"
                )
        return tables

    @property
    def has_splits(self) -> bool:
        """Whether each split has its own table."""
        return "" not in self._tables

    @cached_property
    def _targets(self) -> tuple[str, ...]:
        columns = tuple(next(iter(self._tables.values())).columns)
        if len(columns) < 2:
            raise BadTable(self._path, "one column, but a row needs inputs and a target", _SEPARATE)
        named = self._named or columns[-1:]
        for name in named:
            if name not in columns:
                near = nearest(name, columns)
                help_text = f"did you mean `{near}`?" if near else f"its columns: {first_of(columns, 10)}"
                raise BadTable(self._path, f"there is no column `{name}`", help_text)
        if len(set(named)) < len(named) or len(named) == len(columns):
            raise BadTable(self._path, "a column is named twice, or none is left as an input", "name other targets")
        return named

    @cached_property
    def _classes(self) -> tuple[str, ...] | None:
        """The names of the classes, if the target is one column of text.

        A few words among numbers, such as `N/A`, do not make classes: they are reported when the numbers are read.
        """
        if len(self._targets) > 1 or not any(t.has_classes(self._targets[0]) for t in self._tables.values()):
            return None
        for table in self._tables.values():
            if (line := table.first_empty(self._targets[0])) is not None:
                why = f"the column `{self._targets[0]}` has no value"
                raise BadTable(table.path, why, "complete the row, or remove it", line)
        names = sorted({word for table in self._tables.values() for word in table.words(self._targets[0])})
        if decimal := next((name for name in names if _DECIMAL_COMMA.fullmatch(name)), None):
            why = f"the column `{self._targets[0]}` has a number with a decimal comma: `{decimal}`"
            raise BadTable(self._path, why, f"write decimal points: `{decimal.replace(',', '.')}`")
        if len(names) > _MOST_CLASSES:
            why = f"the column `{self._targets[0]}` has {counted(len(names), 'different value')}, too many for classes"
            raise BadTable(self._path, why, "a column to predict has numbers")
        return tuple(names)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the input columns."""
        return tuple(name for name in next(iter(self._tables.values())).columns if name not in self._targets)

    @cached_property
    def spec(self) -> DataSpec:
        return DataSpec(
            self._path.resolve().stem,
            self._classes or self._targets,
            (len(self.features),),
            targets="class" if self._classes else "numbers",
            inputs="numbers",
            features=self.features,
        )

    @property
    def origin(self) -> str:
        return f"{self._path.resolve()}:{','.join(self._targets)}"

    def load(self, request: Request) -> Splits:
        parts = {split: self._samples(table) for split, table in self._tables.items()}
        if "" in parts:
            order = np.random.default_rng(1).permutation(len(parts[""]))
            test = round(len(order) * _TEST_PART)
            parts = {
                "train": parts[""].take(np.sort(order[test:])),
                **({"test": parts[""].take(np.sort(order[:test]))} if test else {}),
            }
        train, validation = parts["train"], parts.get("validation")
        if validation is None:
            train, validation = hold_out(train, request.split)
        return Splits(train, validation, parts.get("test"), self._notes(train))

    def _notes(self, train: ImageSet) -> tuple[str, ...]:
        notes = tuple(note for table in self._tables.values() for note in table.notes)
        if self._classes is None:
            notes += notes_of_numbers(self._targets[0], train.labels, CLASSES_AS_TEXT)
        return notes

    def _samples(self, table: DataTable) -> ImageSet:
        inputs = rows_of(table, self.features)
        if self._classes is None:
            return ImageSet(inputs, rows_of(table, self._targets))
        numbers = {name: number for number, name in enumerate(self._classes)}
        return ImageSet(inputs, np.array([numbers[word] for word in table.words(self._targets[0])], np.int64))


def rows_of(table: DataTable, columns: tuple[str, ...]) -> NDArray[np.float32]:
    """These columns of a table: float32 of N×columns. Raises BadTable for values that are not finite numbers."""
    values = np.stack([table.numbers(name) for name in columns], 1)
    with np.errstate(over="ignore"):
        made = values.astype(np.float32)
    if not np.isfinite(made).all():
        row, column = (int(each[0]) for each in np.nonzero(~np.isfinite(made)))
        why = f"the column `{columns[column]}` has {values[row, column]:g}, which 32 bits cannot represent"
        raise BadTable(table.path, why, "scale the column", table.line(row))
    return made
