"""The outputs of two networks in the figure of their diff: added, removed, moved to another layer, or the same."""

from ...analysis.diff.differences import Diff, Kind
from ...graph import Graph
from ...record import Record


class OutputRow(Record):
    """An output: its name, and the layers whose output it is in the first and in the second network."""

    name: str
    kind: Kind
    a: int | None
    b: int | None

    @property
    def measure(self) -> str:
        """What the label adds: nothing, except for an output that moved to another layer."""
        return "of another layer" if self.kind == "changed" else ""


def output_rows(a: Graph, b: Graph, found: Diff) -> tuple[OutputRow, ...]:
    """The outputs of the second network in its order, then those that exist only in the first.

    Outputs correspond by name; renamed outputs correspond by layer.
    """
    row_of_a = {row.a.id: index for index, row in enumerate(found.rows) if row.a is not None}
    row_of_b = {row.b.id: index for index, row in enumerate(found.rows) if row.b is not None}
    before, now = dict(a.outputs), dict(b.outputs)
    left = {name: node for name, node in before.items() if name not in now}
    rows: list[OutputRow] = []
    for name, node in now.items():
        if name in before:
            same = row_of_a[before[name]] == row_of_b[node]
            rows.append(OutputRow(name=name, kind="same" if same else "changed", a=before[name], b=node))
            continue
        old = next((each for each, other in left.items() if row_of_a[other] == row_of_b[node]), None)
        rows.append(OutputRow(name=name, kind="added" if old is None else "same", a=left.pop(old or "", None), b=node))
    return (*rows, *(OutputRow(name=name, kind="removed", a=node, b=None) for name, node in left.items()))
