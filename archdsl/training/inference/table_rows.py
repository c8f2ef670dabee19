"""Rows of tables as inputs of a run that was trained on numbers: columns are found by the names of its inputs."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...text.names import nearest
from ...text.word_lists import first_of
from ..data.table_file import TABLES, read_table
from ..data.table_source import rows_of
from ..errors.data_errors import BadImages, BadTable
from ..runs.loaded_run import LoadedRun


class TableRow(NamedTuple):
    """A row of a table: its name for messages, and its inputs, float32."""

    name: str
    values: NDArray[np.float32]

    def __str__(self) -> str:
        return self.name


def table_rows(loaded: LoadedRun, name: str) -> list[TableRow]:
    """The rows of a table, whose columns include the inputs of the run; other columns are ignored.

    Raises BadImages for a name without a table's extension, and BadTable.
    """
    path, features = Path(name), tuple(loaded.settings.data.features)
    if path.suffix.lower() not in TABLES:
        why = "this run takes rows of a table, or samples of its own data set"
        raise BadImages(path, why, f"give a CSV or Parquet file{_with(features)}, or `test:0`")
    if not features:
        raise BadImages(path, "the inputs of this run have no names", "give samples of its own data set: `test:0`")
    table = read_table(path)
    for column in features:
        if column not in table.columns:
            near = nearest(column, table.columns)
            found = f"it has `{near}`" if near else f"its columns: {first_of(table.columns, 10)}"
            raise BadTable(path, f"there is no column `{column}`, an input of this run", found)
    rows = rows_of(table, features)
    return [TableRow(f"{name}:{table.line(index)}", row) for index, row in enumerate(rows)]


def _with(features: tuple[str, ...]) -> str:
    """The columns in words."""
    return f" with the columns {first_of(features, 4)}" if features else ""
