"""A derivation as text: one line per step, with its shape and the reason."""

from collections.abc import Sequence
from typing import NamedTuple

from ..diagnostics.terminal import printable, width
from ..graph import Node
from .derivation import DerivationGroup, DerivationItem, DerivationStep
from .locate import LocatedNode
from .valid_sizes import SizeRequirement

_MOST = 56
"""The maximum width in columns of the statements on one line."""


def summary(place: LocatedNode) -> str:
    """The node: its statement, position, name and shape; and other nodes that match the same name."""
    node = place.node
    shape = str(node.shape) if isinstance(node, Node) else "an unknown shape"
    text = f"`{node.text}`, line {node.span.line}: {node.name} gives {shape}"
    text = printable(text)
    if not place.others:
        return text
    others = [printable(each.name) for each in place.others]
    return f"{text}\nalso matches: {', '.join(others[:3])}{f' and {len(others) - 3} more' if len(others) > 3 else ''}"


def questions(requirements: Sequence[SizeRequirement]) -> str:
    """One line for each condition in the program on a symbolic dimension."""
    return "\n".join(
        f"`{requirement.statement}`, line {requirement.span.line}, assumes {requirement}"
        for requirement in requirements
    )


class _Row(NamedTuple):
    line: str
    text: str
    shape: str
    reason: str


def render(items: Sequence[DerivationItem]) -> str:
    """The lines of a derivation, in columns: line number, statement, shape, reason."""
    rows = [row for item in items for row in _rows(item, 0)]
    wide = [max(width(row[column]) for row in rows) for column in range(3)]
    lines = []
    for row in rows:
        cells = [" " * (wide[0] - width(row.line)) + row.line]
        cells += [cell + " " * (wide[i] - width(cell)) for i, cell in ((1, row.text), (2, row.shape))]
        lines.append("  ".join([*cells, row.reason]).rstrip())
    return "\n".join(lines)


def _rows(item: DerivationItem, depth: int) -> list[_Row]:
    indent = "  " * depth
    if isinstance(item, DerivationStep):
        return [_Row(item.line, indent + _statements(item.texts), item.shape, _reason(item))]
    many = f"×{item.times}" if item.times > 1 else ""
    first = item.items[0]
    if not item.heading and len(item.items) == 1 and item.is_uniform and isinstance(first, DerivationStep):
        return [_Row(first.line, f"{indent}{_statements(first.texts)} {many}", first.shape, _reason(first))]
    rows = [row for each in item.items for row in _rows(each, depth + 1)]
    heading = printable(" ".join(filter(None, [item.heading, many])))
    return [_Row("", indent + heading, "", _repeated(item)), *rows]


def _repeated(group: DerivationGroup) -> str:
    """The note on a repetition whose iterations have different numbers."""
    if group.times == 1 or group.is_uniform:
        return ""
    return f"the first of {group.times}; the last gives {group.last}"


def _statements(texts: Sequence[str]) -> str:
    """Statements on one line, truncated if they are too long."""
    text = printable(texts[0])
    for index, each in enumerate(texts[1:], 1):
        if width(text) + width(each) + 2 > _MOST:
            return f"{text}; … ({len(texts) - index} more)"
        text += f"; {printable(each)}"
    return text if width(text) <= _MOST or len(texts) > 1 else text[: _MOST - 1] + "…"


def _reason(step: DerivationStep) -> str:
    clauses = [*filter(None, [step.source]), *step.numbers]
    clauses += [f"needs {', '.join(step.requirements)}"] if step.requirements else []
    return printable("; ".join(clauses))
