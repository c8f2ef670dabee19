"""One figure of two networks: layers that were added, removed or changed, between those that are the same.

Its boxes are the rows of a diff, which are in the order of both networks, so a run of rows that are the same can be one
box: every arrow of either network is either drawn or inside such a box.
"""

from collections import Counter

from ...analysis.diff.differences import Diff, DiffLayer, DiffRow
from ...graph import Graph
from ...record import Record
from .boxes import output_boxes
from .diff_outputs import OutputRow, output_rows
from .figure import Arrow, Box, BoxRow, Diagram, Flow, Role
from .flow import find_flows
from .labels import count, layer_words, shape_words

_SHOWN = 2
"""Maximum number of layers in a run that are drawn one by one although they are the same."""
SIGNS = {"added": "+", "removed": "−", "changed": "~", "same": ""}
"""The sign before the layers of each kind, so that nothing is conveyed by color alone."""


class _Union(Record):
    """The rows of a diff as boxes: for each node of each network, the index of its box."""

    runs: tuple[tuple[DiffRow, ...], ...]
    ids_of_a: dict[int, int]
    ids_of_b: dict[int, int]


def diff_figure(a: Graph, b: Graph, found: Diff) -> Diagram:
    """The figure of a diff from the first network to the second."""
    outputs = output_rows(a, b, found)
    union = _union(found, outputs)
    boxes = [_box(a, b, index, run) for index, run in enumerate(union.runs)]
    kinds = Counter[str](row.kind for row in found.rows if row.kind != "same")
    ends = Counter[str](row.kind for row in outputs if row.kind != "same")
    words = [f"{kinds[kind]} {kind}" for kind in ("added", "removed", "changed") if kinds[kind]]
    words += [f"{count(ends[kind], 'output')} {kind}" for kind in ("added", "removed", "changed") if ends[kind]]
    words = words or ["no difference"]
    caption = f"{found.a.name} → {found.b.name}: {', '.join(words)}"
    if found.a.name == found.b.name:
        caption = f"{found.b.name}: {', '.join(words)}"
    shown = tuple(kind for kind in SIGNS if kind != "same" and (kinds[kind] or ends[kind]))
    total = count(len(found.rows), "layer or input")
    return Diagram(
        title=found.b.name,
        caption=caption,
        description=f"{caption}, of {total}: {'; '.join(row.words for box in boxes for row in box.rows)}.",
        boxes=(*boxes, *_output_boxes(a, b, outputs)),
        arrows=_arrows(a, b, union, outputs),
        clusters=(),
        changes=shown,
    )


def _union(found: Diff, outputs: tuple[OutputRow, ...]) -> _Union:
    """Rows in boxes: one box for each row, but a single box for a long run of rows that are the same.

    A run ends at a layer of an output that differs, which would otherwise come from the middle of a box.
    """
    ends = {(row.a, row.b) for row in outputs if row.kind != "same"}
    of_ends = {end for pair in ends for end in (("a", pair[0]), ("b", pair[1]))}
    runs: list[list[DiffRow]] = []
    for row in found.rows:
        if runs and row.kind == runs[-1][-1].kind == "same" and not _ends(runs[-1][-1], of_ends):
            runs[-1].append(row)
        else:
            runs.append([row])
    split = [piece for run in runs for piece in ([run] if len(run) > _SHOWN else [[row] for row in run])]
    ids_of_a = {row.a.id: index for index, run in enumerate(split) for row in run if row.a is not None}
    ids_of_b = {row.b.id: index for index, run in enumerate(split) for row in run if row.b is not None}
    return _Union(runs=tuple(map(tuple, split)), ids_of_a=ids_of_a, ids_of_b=ids_of_b)


def _ends(row: DiffRow, of_outputs: set[tuple[str, int | None]]) -> bool:
    """Whether a run ends with this row: an input, or the layer of an output that differs."""
    sides = (("a", row.a), ("b", row.b))
    ends = any(layer is not None and (side, layer.id) in of_outputs for side, layer in sides)
    return ends or row.layer.keyword == "input"


def _output_boxes(a: Graph, b: Graph, outputs: tuple[OutputRow, ...]) -> list[Box]:
    """The boxes of the outputs, with a sign and a color if they differ."""
    boxes = {box.rows[0].name: box for graph in (a, b) for box in output_boxes(graph)}
    found = []
    for index, output in enumerate(outputs):
        box = boxes[output.name]
        (row,) = box.rows
        if output.kind != "same":
            words = f"{SIGNS[output.kind]} {row.words}"
            row = row.replace(
                words=words, hover=f"{row.hover}, {output.kind}", change=output.kind, measure=output.measure
            )
        role = Role.OUTPUT if output.kind == "same" else Role.LAYERS
        found.append(box.replace(id=f"y{index}", role=role, rows=(row,)))
    return found


def _box(a: Graph, b: Graph, index: int, run: tuple[DiffRow, ...]) -> Box:
    name = f"n{index}"
    if len(run) > 1:
        first, last = run[0].layer.name, run[-1].layer.name
        hover = "\n".join(f"{row.layer.name}: {row.layer.text}" for row in run)
        words = f"{len(run)} layers, the same"
        row = BoxRow(words=words, style="", hover=hover, change="same", name=first)
        return Box(id=name, role=Role.GROUP, rows=(row,), note=f"{first} … {last}")
    (only,) = run
    graph, layer = (b, only.b) if only.b is not None else (a, only.layer)
    node = graph.nodes[layer.id]
    sign = SIGNS[only.kind]
    if node.is_input:
        words = f"{sign} input".strip()
    else:
        words = f"{sign} {layer_words(node.op, graph.shapes_in(node)[0])}".strip()
    before = _before(a, b, only)
    hover = f"{layer.name}: {layer.text}, {only.kind}" + (f", {before}" if before else "")
    row = BoxRow(words=words, style=node.op.style, hover=hover, change=only.kind, measure=before, name=layer.name)
    role = Role.INPUT if node.is_input and only.kind == "same" else Role.LAYERS
    return Box(id=name, role=role, rows=(row,), shape=node.shape)


def _before(a: Graph, b: Graph, row: DiffRow) -> str:
    """The previous state of a changed layer: another layer, or the previous shape or parameters of the same layer."""
    if row.kind != "changed" or row.a is None or row.b is None:
        return ""
    before, after = a.nodes[row.a.id], b.nodes[row.b.id]
    if before.is_input or after.is_input:
        return f"was {shape_words(before.shape)}"
    words = [layer_words(node.op, graph.shapes_in(node)[0]) for graph, node in ((a, before), (b, after))]
    if words[0] != words[1]:
        return f"was {words[0]}"
    return f"was {_facts(row.a)}"


def _facts(layer: DiffLayer) -> str:
    return f"{layer.shape}, {count(layer.parameters, 'parameter')}" if layer.parameters else layer.shape


def _arrows(a: Graph, b: Graph, union: _Union, outputs: tuple[OutputRow, ...]) -> tuple[Arrow, ...]:
    """The arrows of the second network, then those that exist only in the first."""
    sources: dict[tuple[str, str], int] = {}
    for node in b.nodes:
        for i in node.inputs:
            sources.setdefault((f"n{union.ids_of_b[i]}", f"n{union.ids_of_b[node.id]}"), i)
    sources |= {
        (f"n{union.ids_of_b[row.b]}", f"y{index}"): row.b for index, row in enumerate(outputs) if row.b is not None
    }
    current = set(sources)
    for node in a.nodes:
        for i in node.inputs:
            # The nodes of the first network are numbered after those of the second.
            sources.setdefault((f"n{union.ids_of_a[i]}", f"n{union.ids_of_a[node.id]}"), len(b.nodes) + i)
    for index, row in enumerate(outputs):
        if row.a is not None and row.kind != "same":
            sources.setdefault((f"n{union.ids_of_a[row.a]}", f"y{index}"), len(b.nodes) + row.a)
    pairs = [pair for pair in sources if pair[0] != pair[1]]
    order = sorted(pairs, key=lambda pair: [_rank(name, len(union.runs)) for name in reversed(pair)])
    arrows, labeled = [], set()
    for pair, flow in zip(order, find_flows(order), strict=True):
        source, shown = sources[pair], pair in current and flow is not Flow.SKIP and sources[pair] not in labeled
        shape = shape_words(b.nodes[source].shape) if shown else None
        labeled |= {source} if shown else set()
        removed = pair not in current
        arrows.append(Arrow(start=pair[0], end=pair[1], shape=shape, flow=flow, removed=removed, source=source))
    return tuple(arrows)


def _rank(name: str, boxes: int) -> int:
    return int(name[1:]) + (boxes if name.startswith("y") else 0)
