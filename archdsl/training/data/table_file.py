"""Reads tables: CSV files (with commas, semicolons or tabs) and Parquet files, as columns of text or numbers."""

import csv
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted
from ..errors.data_errors import BadTable
from ..errors.missing_extra import require

TABLES = (".csv", ".tsv", ".parquet")
"""The extensions of tables."""
_MOST_VALUES = 1 << 28
"""Largest number of values in a table, which is held in memory."""
_LARGEST_FILE = 4 << 30
_LARGEST_FIELD = 1 << 16
_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class DataTable:
    """The columns of a table, by name, in order: numbers, float64 of N, or text, a list of N words.

    `lines` are the lines of the rows in the file; None for Parquet files, whose rows are numbered from 1 instead.
    """

    path: Path
    columns: Mapping[str, NDArray[np.float64] | list[str]]
    lines: list[int] | None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def line(self, row: int) -> int:
        """The line, or the number from 1, of a row counted from 0."""
        return self.lines[row] if self.lines is not None else row + 1

    @property
    def notes(self) -> tuple[str, ...]:
        """A note that names the header of a CSV file if it could be a row of data: all its names are numbers, or values
        of their columns.
        """
        if self.lines is None or not all(
            _number(name) is not None or (isinstance(values, list) and name in values)
            for name, values in self.columns.items()
        ):
            return ()
        header = _cut(", ".join(self.columns))
        suggestion = "if it is data, add a line of column names before it"
        return (f"{self.path.name}: the first line, `{header}`, names the columns; {suggestion}",)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column of finite numbers. Raises BadTable at the first value that is not a finite number."""
        column = self.columns[name]
        if isinstance(column, list):
            row, word = next((row, word) for row, word in enumerate(column) if _number(word) is None)
            found = f"`{_cut(word)}`" if word.strip() else "empty"
            why = f"the column `{name}` has numbers, but this value is {found}"
            suggestion = "encode the column as finite numbers, or remove it"
            raise BadTable(
                self.path, why, suggestion if word.strip() else "complete the row, or remove it", self.line(row)
            )
        if not np.isfinite(column).all():
            row = int(np.flatnonzero(~np.isfinite(column))[0])
            why = f"the column `{name}` has a value that is not finite: {column[row]}"
            raise BadTable(self.path, why, "remove the row, or replace the value", self.line(row))
        return column

    def has_classes(self, name: str) -> bool:
        """Whether a column holds names: most of its values are not numbers."""
        column = self.columns[name]
        return isinstance(column, list) and 2 * sum(_number(word) is None for word in column) > len(column)

    def first_empty(self, name: str) -> int | None:
        """The line of the first row without a value in this column."""
        return next((self.line(row) for row, word in enumerate(self.words(name)) if not word), None)

    def words(self, name: str) -> list[str]:
        """A column as text, without surrounding spaces."""
        column = self.columns[name]
        return [word.strip() for word in column] if isinstance(column, list) else [f"{value:g}" for value in column]


def read_table(path: Path) -> DataTable:
    """The table in a file with a header. Raises BadTable, and MissingExtra for Parquet without pyarrow."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe could wait forever
            raise BadTable(path, "it is not a regular file", "give a CSV or Parquet file")
        if path.stat().st_size > _LARGEST_FILE:
            raise BadTable(path, f"the file has more than {_LARGEST_FILE:,} bytes", "split it")
        table = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    except OSError as error:
        raise BadTable(path, error.strerror or str(error), "give a CSV or Parquet file") from error
    if not len(table):
        raise BadTable(path, "the table has no rows", "give a table with a header and at least one row")
    return table


def _csv(path: Path) -> DataTable:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            first = stream.readline(_LARGEST_FIELD)
            delimiter = max(_DELIMITERS, key=first.count)
            stream.seek(0)
            names, rows, lines = _rows(path, csv.reader(stream, delimiter=delimiter, strict=True))
        except UnicodeDecodeError as error:
            raise BadTable(path, "the file is not UTF-8 text", "save it as UTF-8", _undecodable_line(path)) from error
    columns = {name: _column([row[index] for row in rows]) for index, name in enumerate(names)}
    return DataTable(path, columns, lines)


def _rows(path: Path, reader: Any) -> tuple[list[str], list[list[str]], list[int]]:
    """The names of the columns, the rows and their lines."""
    names = [name.strip() for name in next(_records(path, reader), [])]
    _refuse_names(path, names)
    rows: list[list[str]] = []
    lines: list[int] = []
    for row in _records(path, reader):
        if not row:
            continue  # an empty line
        if len(row) != len(names):
            why = f"{counted(len(row), 'value')}, but the header has {counted(len(names), 'column')}"
            raise BadTable(path, why, "complete the row, or remove it", reader.line_num)
        rows.append(row)
        lines.append(reader.line_num)
        if len(rows) * len(names) > _MOST_VALUES:
            raise BadTable(path, f"the table has more than {_MOST_VALUES:,} values", "split it")
    return names, rows, lines


def _records(path: Path, reader: Any) -> Iterator[list[str]]:
    """The records of a CSV reader. Raises BadTable with the line at which a record that is not CSV begins."""
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise BadTable(path, f"not CSV: {error}", "correct the row, or save the table again", line) from error
        if row is None:
            return
        yield row


def _undecodable_line(path: Path) -> int | None:
    """The first line that is not UTF-8."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return None


def _refuse_names(path: Path, names: list[str]) -> None:
    if not names or not all(names):
        raise BadTable(path, "the header does not name each column", "begin with a line of column names", 1)
    numbers = [_number(name) for name in names]
    if None not in numbers and not all(name.isdecimal() and names.count(name) == 1 for name in names):
        why = f"the first line has numbers, not the names of the columns: {_cut(', '.join(names))}"
        raise BadTable(path, why, "add a line of column names before it", 1)
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadTable(path, f"two columns are named `{_cut(twice)}`", "give each column its own name", 1)


def _column(words: list[str]) -> NDArray[np.float64] | list[str]:
    """Numbers if all words are numbers, else the words."""
    numbers = [_number(word) for word in words]
    return words if None in numbers else np.array(numbers, np.float64)


def _number(word: str) -> float | None:
    try:
        return float(word) if "_" not in word else None
    except ValueError:
        return None


def _cut(word: str) -> str:
    return word if len(word) <= 40 else f"{word[:39]}…"


def _parquet(path: Path) -> DataTable:
    require("a Parquet file", "hf")
    import pyarrow  # type: ignore[import-untyped]  # it ships no types
    import pyarrow.parquet as parquet  # type: ignore[import-untyped]  # it ships no types

    try:
        facts = parquet.read_metadata(path)
        if facts.num_rows * facts.num_columns > _MOST_VALUES:
            raise BadTable(path, f"the table has more than {_MOST_VALUES:,} values", "split it")
        _refuse_names(path, list(facts.schema.to_arrow_schema().names))
        read = parquet.read_table(path)
    except (ValueError, TypeError, KeyError, NotImplementedError, pyarrow.ArrowException) as error:
        raise BadTable(path, f"not a Parquet file ({str(error).partition(chr(10))[0]})", "write it again") from error
    return DataTable(path, dict(_arrow_columns(path, read)), None)


def _arrow_columns(path: Path, table: Any) -> Iterator[tuple[str, NDArray[np.float64] | list[str]]]:
    from pyarrow import types

    for name in table.column_names:
        column, kind = table[name], table[name].type
        if column.null_count:
            row = next(row for row, value in enumerate(column.to_pylist()) if value is None)
            raise BadTable(path, f"the column `{name}` has no value here", "remove the row, or fill it in", row + 1)
        if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
            yield name, np.array(column.to_pylist(), np.float64)
        elif types.is_string(kind) or types.is_large_string(kind):
            yield name, column.to_pylist()
        else:
            why = f"the column `{name}` is of the type {kind}, neither numbers nor text"
            raise BadTable(path, why, "convert or remove the column")
