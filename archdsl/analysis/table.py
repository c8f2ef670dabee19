"""The table that `archdsl check` prints: one row per layer, sections for stages, totals."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..contract.layer import Layer
from ..diagnostics.terminal import printable, width
from ..graph import Draft, DraftNode, Graph, Node, likely_shape
from ..shapes.symbolic import concrete
from .cost import Cost, DraftCosts, add, draft_costs
from .quantities import si, size

if TYPE_CHECKING:
    from .columns import TableColumns

HEAD = ("#", "layer", "output", "params", "MACs")
_MAX_TEXT = 60
# Scopes that are not uses of blocks.
_INLINE = frozenset({"stage", "branch", "aux", "reuse"})
_REPETITION = re.compile(r"(?<! as) x\d+( as \w+(?:, \w+)*)?$")


def table(
    draft: Draft | Graph,
    costs: DraftCosts | None = None,
    *,
    explain: bool = False,
    columns: "TableColumns | None" = None,
) -> str:
    """The rows of a network as text, with `?` for unknown values; `columns` replaces the cost columns."""
    found = rows(draft, costs)
    head: tuple[str, ...] = HEAD
    if columns is not None:
        head = (*HEAD[:3], *columns.head)
        found = [((*cells[:3], *columns.cells(None if node is None else node.id)), node) for cells, node in found]
    notes = {
        index: lines
        for index, (_, node) in enumerate(found)
        if explain and isinstance(node, Node) and (lines := _explain(draft, node))
    }
    return _render(head, [cells for cells, _ in found], notes)


def rows(draft: Draft | Graph, costs: DraftCosts | None = None) -> list[tuple[tuple[str, ...], DraftNode | None]]:
    """The cells of each row as text, and its node; None for a heading, which opens a scope.

    The cells are those of HEAD. The second one is indented by two spaces for each scope.
    """
    costs, entries = costs or draft_costs(draft), set(draft.inputs)
    found: list[tuple[tuple[str, ...], DraftNode | None]] = []
    before: tuple[tuple[str, ...], ...] = ()
    number = 0
    for node, cost in zip(draft.nodes, costs, strict=True):
        entry = node.id in entries
        number += not entry
        scopes = _scopes(draft, node)
        for depth, name in _opened(draft, node, before, scopes):
            found.append((("", "  " * depth + name, "", "", ""), None))
        before = scopes
        found.append((_row(node, cost, "" if entry else str(number), len(scopes)), node))
    return found


def totals(draft: Draft | Graph, costs: DraftCosts | None = None) -> str:
    """The totals under the table; empty if nothing is known."""
    costs = costs or draft_costs(draft)
    known = [cost for cost in costs if cost is not None]
    if not any(cost is not None for node, cost in zip(draft.nodes, costs, strict=True) if node.id not in draft.inputs):
        return ""
    total = add(known)
    at_least = "at least " if len(known) < len(costs) or draft.is_partial else ""
    frozen = total.parameters - total.trainable
    # What `freeze` freezes changes during training, so it is not counted.
    without = " without `freeze`" if any(setting.name == "freeze" for setting in draft.training) else ""
    trained = f", all trainable{without}" if total.parameters else ""
    weights = size(4 * (total.parameters + total.buffers))
    lines = [
        f"parameters {at_least}{total.parameters:,}"
        + (f" ({total.trainable:,} trainable{without}, {frozen:,} frozen)" if frozen else trained)
        + (f" · buffers {at_least}{total.buffers:,}" if total.buffers else ""),
        f"MACs {_macs(draft, total, at_least)} · weights {at_least}{weights} in float32",
    ]
    return "\n".join(lines)


def _macs(draft: Draft | Graph, total: Cost, at_least: str) -> str:
    """The multiply-accumulates; if they depend on symbolic dimensions, those of the example sizes."""
    macs = total.macs
    number = concrete(macs)
    if number is macs:
        return f"{at_least}{macs:,} per sample ({si(macs)}; FLOPs = 2 × MACs)"
    shapes = (likely_shape(draft.nodes[i]) for i in draft.inputs)
    example = ", ".join("×".join(str(concrete(dim)) for dim in shape.dims) for shape in shapes if shape)
    return (
        f"depend on {' and '.join(draft.symbols)}: {at_least}{number:,} at {example} ({si(number)}; FLOPs = 2 × MACs)"
    )


def verdict(graph: Graph) -> str:
    """`LeNet5: 1×32×32 → 10`, the last line for a network without errors."""
    ins = ", ".join(str(graph.nodes[i].shape) for i in graph.inputs)
    outs = ", ".join(str(graph.nodes[i].shape) for _, i in graph.outputs)
    return f"{printable(graph.name)}: {ins} → {outs}"


def _scopes(draft: Draft | Graph, node: DraftNode) -> tuple[tuple[str, ...], ...]:
    """The paths of the scopes around a node, outermost first."""
    return tuple(node.path[:depth] for depth in range(1, len(node.path)) if node.path[:depth] in draft.scopes)


def _opened(
    draft: Draft | Graph, node: DraftNode, before: tuple[tuple[str, ...], ...], now: tuple[tuple[str, ...], ...]
) -> list[tuple[int, str]]:
    """The headings of the scopes that start with this node: a stage's name, or a block use as written."""
    same = 0
    while same < min(len(before), len(now)) and before[same] == now[same]:
        same += 1
    blocks = sum(draft.scopes[path] not in _INLINE for path in now[:same])
    headings = []
    for depth in range(same, len(now)):
        heading = f"{draft.scopes[now[depth]]} {now[depth][-1]}"
        if draft.scopes[now[depth]] not in _INLINE:
            heading = _REPETITION.sub("", " ".join(node.uses[blocks].span.text.split()))
            blocks += 1
        headings.append((depth, printable(heading)))
    return headings


def _row(node: DraftNode, cost: Cost | None, label: str, depth: int) -> tuple[str, ...]:
    text = printable(node.text)
    if len(text) > _MAX_TEXT:
        text = text[: _MAX_TEXT - 1] + "…"
    shape = likely_shape(node)
    if cost is None or not isinstance(node, Node):
        # After an error, the likely shape is shown: `10?`.
        return label, "  " * depth + text, "?" if shape is None else f"{shape}?", "?", "?"
    parameters = f"{cost.parameters:,}" if cost.parameters else "↺" if node.shared is not None else ""
    return label, "  " * depth + text, str(shape), parameters, f"{cost.macs:,}" if cost.macs else ""


def _explain(draft: Draft | Graph, node: Node) -> tuple[str, ...]:
    x = likely_shape(draft.nodes[node.inputs[0]]) if node.inputs else None
    return node.op.explain(x, node.shape) if isinstance(node.op, Layer) and x is not None else ()


def _render(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], notes: dict[int, tuple[str, ...]]) -> str:
    widths = [max(width(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [_line(head, widths), "─" * (sum(widths) + 2 * (len(widths) - 1))]
    for index, row in enumerate(rows):
        lines.append(_line(row, widths))
        indent = widths[0] + 2 + len(row[1]) - len(row[1].lstrip()) + 2
        lines += [" " * indent + note for note in notes.get(index, ())]
    return "\n".join(lines)


def _line(row: tuple[str, ...], widths: Sequence[int]) -> str:
    cells = []
    for index, (cell, wide) in enumerate(zip(row, widths, strict=True)):
        blank = " " * (wide - width(cell))
        cells.append(cell + blank if index in (1, 2) else blank + cell)
    return "  ".join(cells).rstrip()
