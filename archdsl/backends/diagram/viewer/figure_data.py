"""What the page of a diagram shows, as plain values for its script.

A box has its size, because the script lays boxes out without measuring text.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ....graph import Graph, Node
from ....shapes.symbolic import Sym
from ..box_shapes import size_of, times_width
from ..boxes import use_of
from ..figure import Box, BoxRow, Cluster, Diagram, Role
from ..figure_groups import module_name
from ..figure_options import KINDS, SYMBOLS, DiagramStyle
from ..font_metrics import width_of
from ..labels import count, shape_words
from .statement_texts import SourceTexts

Values = dict[str, Any]
_STRIP = 24
"""The number of layers that a color strip shows one by one."""


def figure_data(diagram: Diagram, graph: Graph, style: DiagramStyle, closed: set[int]) -> Values:
    """The boxes, frames and arrows, the texts of the statements, and which frames are closed at first."""
    texts = SourceTexts()
    frames = {cluster.path: index for index, cluster in enumerate(diagram.clusters)}
    boxes = [_box(box, graph, style, frames, texts) for box in diagram.boxes]
    inside: dict[int, list[Box]] = {index: [] for index in frames.values()}
    for box in diagram.boxes:
        for length in range(1, len(box.cluster) + 1):
            if (index := frames.get(box.cluster[:length])) is not None:
                inside[index].append(box)
    clusters = [
        _frame(cluster, inside[index], graph, style, frames, texts) for index, cluster in enumerate(diagram.clusters)
    ]
    order = {box.id: index for index, box in enumerate(diagram.boxes)}
    arrows = [
        [order[arrow.start], order[arrow.end], arrow.shape if style.shapes else None, arrow.flow]
        for arrow in diagram.arrows
    ]
    return {
        "title": diagram.title,
        "caption": diagram.caption if style.caption else "",
        "description": diagram.description,
        "boxes": boxes,
        "frames": [{**frame, "closed": index in closed} for index, frame in enumerate(clusters)],
        "arrows": arrows,
        "legend": [] if style.legend is False else _legend(diagram, style),
        "sources": texts.values(),
        "texts": {"words": style.fonts.words, "numbers": style.fonts.numbers, "shapes": style.fonts.shapes},
    }


def _legend(diagram: Diagram, style: DiagramStyle) -> list[list[str]]:
    """The kinds of layers, each with its words."""
    words = {meaning: kind for kind, meaning in KINDS.items()}
    return [[words.get(meaning, "other"), meaning] for _, _, meaning in style.replace(legend=True).legend_of(diagram)]


def _box(
    box: Box, graph: Graph, style: DiagramStyle, frames: Mapping[tuple[str, ...], int], texts: SourceTexts
) -> Values:
    width, height = (9.0, 9.0) if box.role is Role.ENTRY else size_of(box, style)
    return {
        "role": box.role.value,
        "symbol": SYMBOLS.get(box.rows[0].words, "") if box.role is Role.MERGE else "",
        "frame": _innermost(box.cluster, frames),
        "times": box.times,
        "note": box.note,
        "width": round(width, 2),
        "height": round(height, 2),
        "aside": round(times_width(box, style), 2) if box.role is Role.LAYERS else 0,
        "shape": "" if box.shape is None else shape_words(box.shape),
        "kinds": _strip(box.inside),
        "rows": [_row(row, graph, style, texts) for row in box.rows],
    }


def _row(row: BoxRow, graph: Graph, style: DiagramStyle, texts: SourceTexts) -> Values:
    node = graph.nodes[row.nodes[0]] if row.nodes else None
    return {
        "words": row.words,
        "kind": row.style,
        "name": row.name,
        "shape": row.shape,
        "nodes": list(row.nodes),
        "numbers": style.numbers(row),
        "parameters": _total(row.parameters, "parameter"),
        "macs": _total(row.macs, "MAC"),
        "shared": row.shared,
        "statements": [] if node is None else _statements(node, texts),
    }


def _statements(node: Node, texts: SourceTexts) -> list[int]:
    """The statement of a layer, and then the uses of blocks that led to it, the innermost first."""
    if node.statement is None:
        return []
    return [texts.statement(node.span), *(texts.statement(use.span) for use in reversed(node.uses))]


def _total(numbers: Iterable[int], noun: str) -> str:
    """Numbers of all repetitions, in words; empty if there are none."""
    total = sum(numbers)
    if isinstance(total, Sym):
        return count(total, noun)
    return f"{total:,}" if total else ""


def _frame(
    cluster: Cluster,
    boxes: list[Box],
    graph: Graph,
    style: DiagramStyle,
    frames: Mapping[tuple[str, ...], int],
    texts: SourceTexts,
) -> Values:
    """An open or closed stage, block or repetition."""
    rows = [row for box in boxes for row in box.rows]
    closed = _closed_box(cluster, boxes, rows, style)
    width, height = size_of(closed, style)
    statement: list[int] = []
    if cluster.scope is not None:
        node = next(node for node in graph.nodes if node.path[: len(cluster.scope)] == cluster.scope)
        use = use_of(graph, cluster.scope, node)
        statement = [] if use is None else [texts.statement(use.span)]
    return {
        "parent": _innermost(cluster.path[:-1], frames),
        "title": cluster.title,
        "titleWidth": round(width_of(f"{cluster.title} ×{cluster.times}", style.fonts.titles) + 16, 2),
        "words": closed.rows[0].words,
        "what": "repetition" if cluster.scope is None else graph.scopes[cluster.scope],
        "name": "" if cluster.scope is None else module_name(graph, cluster.scope),
        "times": cluster.times,
        "width": round(width, 2),
        "height": round(height, 2),
        "shape": boxes[-1].rows[-1].shape if boxes and boxes[-1].rows else "",
        "kinds": _strip(closed.inside),
        "numbers": style.numbers(closed.rows[0]),
        "layers": sum(len(row.nodes) for row in rows),
        "parameters": _total((n for row in rows for n in row.parameters), "parameter"),
        "macs": _total((n for row in rows for n in row.macs), "MAC"),
        "statements": statement,
    }


def _closed_box(cluster: Cluster, boxes: list[Box], rows: list[BoxRow], style: DiagramStyle) -> Box:
    """The box of a closed frame, whose numbers are those of all its repetitions."""
    words = cluster.words or " → ".join(dict.fromkeys(row.words for row in rows[:1] + rows[-1:])) or "repetition"
    total = sum(n for row in rows for n in row.parameters)
    macs = sum(n for row in rows for n in row.macs)
    row = BoxRow(words=words, style="", hover="", parameters=(total,), macs=(macs,))
    kinds = tuple(kind for box in boxes for kind in (*(row.style for row in box.rows), *box.inside) if kind)
    return Box(id="", role=Role.GROUP, rows=(row,), times=cluster.times, inside=kinds)


def _strip(kinds: tuple[str, ...]) -> list[tuple[str, int]]:
    """The kinds of layers: in order or, if there are many, with the number of each."""
    if len(kinds) <= _STRIP:
        return [(kind, 1) for kind in kinds]
    return Counter(kinds).most_common()


def _innermost(path: tuple[str, ...], frames: Mapping[tuple[str, ...], int]) -> int:
    """The innermost frame around a place, by its index; -1 for none."""
    lengths = range(len(path), 0, -1)
    return next((frames[path[:length]] for length in lengths if path[:length] in frames), -1)
