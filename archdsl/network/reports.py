"""The table and the report of a network, as `archdsl check` prints them."""

from collections.abc import Sequence

from ..analysis.check_report import ReportOptions
from ..analysis.columns import Column, TableColumns, choose
from ..analysis.cost import Costs
from ..analysis.measures import NetworkMeasures
from ..analysis.table import table as text_table
from ..analysis.table import totals
from ..analysis.table_formats import TableFormat, render_table
from ..graph import Graph

Columns = str | Sequence[str] | None


def table(graph: Graph, costs: Costs, columns: Columns, *, explain: bool, format: TableFormat) -> str:
    """The table of a network with the totals. Raises ValueError for an unknown column or format."""
    chosen = None if columns is None else TableColumns(NetworkMeasures(graph, costs), _chosen(columns))
    if format not in ("text", "markdown", "latex"):
        raise ValueError(f"unknown format `{format}`: use text, markdown or latex")
    if explain and format == "text":
        rows = text_table(graph, costs.nodes, explain=True, columns=chosen)
        return f"{rows}\n\n{totals(graph, costs.nodes)}"
    return render_table(graph, costs.nodes, chosen, format)


def wanted(columns: Columns, *, explain: bool) -> ReportOptions:
    """The optional parts of a report. Raises ValueError for an unknown column."""
    chosen = () if columns is None else _chosen(columns)
    measures = dict.fromkeys(column.measure for column in chosen if column.measure is not None)
    return ReportOptions(
        measures=tuple(measures),
        texts=tuple(column for column in chosen if column.measure is None and not column.always),
        arithmetic=explain,
    )


def _chosen(columns: str | Sequence[str]) -> tuple[Column, ...]:
    return choose(columns if isinstance(columns, str) else ",".join(columns))
