"""The table of a network as Markdown and LaTeX, for READMEs and papers, and a table of several networks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, assert_never

from ..diagnostics.terminal import printable
from ..graph import Draft, Graph
from ..record import Record
from ..text.latex import escape
from ..text.markdown import code_cell, plain, table
from .cost import DraftCosts, add, draft_costs
from .quantities import at_example
from .table import HEAD, rows, totals
from .table import table as text_table

if TYPE_CHECKING:
    from .columns import TableColumns

TableFormat = Literal["text", "markdown", "latex"]
NETWORKS_HEAD = ("network", "input", "output", "params", "MACs")
_PAGE_ROWS = 40
"""A longer table does not fit on a page: it becomes a `longtable`."""


def render_table(
    draft: Draft | Graph,
    costs: DraftCosts | None = None,
    columns: "TableColumns | None" = None,
    format: TableFormat = "text",
) -> str:
    """A network as a table: one row per layer, a heading for each stage and use of a block, and the totals.

    `text` is the table of `archdsl check`. `markdown` is a table of GitHub Flavored Markdown. `latex` is a `tabular` of
    the package booktabs, or a `longtable` if there are too many rows for a page. `columns` replaces the cost columns.
    In a network with errors, unknown values are `?`.
    """
    costs = costs or draft_costs(draft)
    if format == "text":
        return "\n\n".join(filter(None, (text_table(draft, costs, columns=columns), totals(draft, costs))))
    head, body, last = _cells(draft, costs, columns)
    alignment = f"rll{'r' * (len(head) - 3)}"
    match format:
        case "markdown":
            return _markdown(head, alignment, body, last)
        case "latex":
            return "\n".join(_latex(head, alignment, [_latex_row(*row) for row in body], _latex_total(last)))
        case _:
            assert_never(format)


class NetworkRow(Record):
    """A network in a table of several: its name, its file, and the cells after its name."""

    name: str
    file: str
    cells: tuple[str, ...] = ("?", "?", "?", "?")


def networks_row(file: str, graph: Graph | None, parameters: int, macs: int) -> NetworkRow:
    """The row of a network in a table of several networks; `?` in place of all values if it has errors."""
    file = printable(file)
    if graph is None:
        return NetworkRow(name=file, file=file)
    ins = ", ".join(str(graph.nodes[i].shape) for i in graph.inputs)
    outs = ", ".join(str(graph.nodes[i].shape) for _, i in graph.outputs)
    cells = (ins, outs, f"{parameters:,}", at_example(graph, macs))
    return NetworkRow(name=printable(graph.name), file=file, cells=cells)


def render_networks(found: Sequence[NetworkRow], format: TableFormat) -> str:
    """A table of several networks. Networks with the same name are named by their files."""
    names = Counter(row.name for row in found)
    named = [(row.name if names[row.name] == 1 else row.file, row.cells) for row in found]
    if format == "latex":
        rows = [" & ".join([rf"\texttt{{{escape(name)}}}", *map(escape, cells)]) for name, cells in named]
        return "\n".join(_latex(NETWORKS_HEAD, "lllrr", rows, None))
    return table(NETWORKS_HEAD, "lllrr", [(code_cell(name), *map(plain, cells)) for name, cells in named])


_Row = tuple[int, str, tuple[str, ...], bool]
"""The depth of a row, its layer or heading, the cells before and after it, and whether it is a heading."""


def _cells(
    draft: Draft | Graph, costs: DraftCosts, columns: "TableColumns | None"
) -> tuple[tuple[str, ...], list[_Row], tuple[str, ...]]:
    """The heads of the columns, the rows, and the row of totals."""
    head = HEAD if columns is None else (*HEAD[:3], *columns.head)
    body: list[_Row] = []
    for cells, node in rows(draft, costs):
        layer = cells[1].lstrip(" ")
        depth = (len(cells[1]) - len(layer)) // 2
        values = cells[2:] if columns is None else (cells[2], *columns.cells(None if node is None else node.id))
        body.append((depth, layer, (cells[0], *values), node is None))
    return head, body, _totals(draft, costs) if columns is None else ("", *columns.totals())


def _totals(draft: Draft | Graph, costs: DraftCosts) -> tuple[str, ...]:
    """The cells of the row of totals after the layer's cell; lower bounds if a node has an error."""
    total = add(cost for cost in costs if cost is not None)
    least = "" if None not in costs else "≥ "
    return ("", f"{least}{total.parameters:,}", least + at_example(draft, total.macs))


# --- Markdown ---


def _markdown(head: Sequence[str], alignment: str, body: Iterable[_Row], last: Sequence[str]) -> str:
    found = []
    for depth, layer, (number, *values), heading in body:
        text = f"**{code_cell(layer)}**" if heading else code_cell(layer)
        # Markdown removes the spaces around a cell's text.
        found.append((number, "&emsp;" * depth + text, *map(plain, values)))
    total = ("", "**total**", *(f"**{plain(cell)}**" if cell else "" for cell in last))
    return table(head, alignment, [*found, total])


# --- LaTeX ---


def _latex_row(depth: int, layer: str, cells: tuple[str, ...], heading: bool) -> str:
    number, *values = map(_latex_cell, cells)
    text = rf"\texttt{{{escape(layer)}}}"
    return " & ".join([number, r"\quad " * depth + (rf"\textbf{{{text}}}" if heading else text), *values])


def _latex_total(cells: Sequence[str]) -> str:
    return " & ".join(["", "total", *map(_latex_cell, cells)])


def _latex_cell(text: str) -> str:
    return escape(text).replace("↺", "shared")


def _latex(head: Sequence[str], alignment: str, found: Sequence[str], last: str | None) -> Iterator[str]:
    """The lines of a table of rows that are LaTeX."""
    long = len(found) > _PAGE_ROWS
    environment = "longtable" if long else "tabular"
    yield rf"% needs \usepackage{{booktabs{',longtable' * long}}}"
    yield rf"\begin{{{environment}}}{{{alignment}}}"
    yield r"\toprule"
    yield " & ".join(map(_latex_cell, head)) + r" \\"
    yield r"\midrule"
    if long:
        yield r"\endhead"
    yield from (rf"{row} \\" for row in found)
    if last is not None:
        yield r"\midrule"
        yield rf"{last} \\"
    yield r"\bottomrule"
    yield rf"\end{{{environment}}}"
