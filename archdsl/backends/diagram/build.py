"""The graph as a picture in which every layer is seen.

Layers that leave the shape as it is (normalisation, activation, dropout) stand on the one before them, as rows of one
box: the picture is half as tall, and each arrow is a tensor of a new shape.
"""

from collections import Counter

from ...analysis.cost import ZERO, Costs, add
from ...graph import Graph, Node
from ...layer import Layer
from .flow import find_flows
from .picture import Arrow, Box, Cluster, Flow, Picture, Role, Row
from .words import count, layer_words, short

STACKED = frozenset({"norm", "activation", "regularisation", "arithmetic"})
"""The kinds of layers that may stand on the one before."""


def picture(graph: Graph, costs: Costs) -> Picture:
    """Every layer of the graph, in its stages and blocks."""
    drawn = tuple(path for path, kind in graph.scopes.items() if kind != "branch")
    groups = _groups(graph, drawn)
    boxes = [_box(graph, costs, group, drawn) for group in groups] + _ends(graph)
    total = costs.total
    caption = f"{graph.name}: {count(total.parameters, 'parameter')}, {short(total.macs)} MACs"
    return Picture(
        title=graph.name,
        caption=caption,
        description=_description(graph, boxes, caption),
        boxes=tuple(boxes),
        arrows=_arrows(graph, groups),
        clusters=tuple(_cluster(graph, path, costs) for path in drawn),
    )


def _groups(graph: Graph, drawn: tuple[tuple[str, ...], ...]) -> list[list[Node]]:
    """The nodes of each box, from top to bottom."""
    readers = Counter(i for node in graph.nodes for i in node.inputs)
    readers.update(node for _, node in graph.outputs)
    groups: dict[int, list[Node]] = {}
    for node in graph.nodes:
        below = groups.get(node.inputs[0]) if len(node.inputs) == 1 else None
        if below is not None and readers[node.inputs[0]] == 1 and _stacks(node, below[-1], drawn):
            below.append(node)
            groups[node.id] = groups.pop(node.inputs[0])
        else:
            groups[node.id] = [node]
    return sorted(groups.values(), key=lambda group: group[0].id)


def _stacks(node: Node, below: Node, drawn: tuple[tuple[str, ...], ...]) -> bool:
    """Whether a layer is drawn as a row under the one before it."""
    return (
        isinstance(node.op, Layer)
        and isinstance(below.op, Layer)
        and node.op.style in STACKED
        and node.shape == below.shape
        and _place(node, drawn) == _place(below, drawn)
    )


def _place(node: Node, drawn: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """The innermost cluster of a node."""
    prefixes = (node.path[:length] for length in range(len(node.path) - 1, 0, -1))
    return next((prefix for prefix in prefixes if prefix in drawn), ())


def _box(graph: Graph, costs: Costs, group: list[Node], drawn: tuple[tuple[str, ...], ...]) -> Box:
    first = group[0]
    if first.id in graph.inputs:
        return Box(id=f"n{first.id}", role=Role.INPUT, rows=(_input(graph, first),))
    role = Role.LAYERS if first.op is None or isinstance(first.op, Layer) else Role.MERGE
    rows = tuple(_row(graph, costs, node) for node in group)
    return Box(id=f"n{first.id}", role=role, rows=rows, cluster=_place(first, drawn))


def _row(graph: Graph, costs: Costs, node: Node) -> Row:
    shapes = graph.shapes_in(node)
    words = "?" if node.op is None else layer_words(node.op, shapes[0] if shapes else None)
    facts = [f"{node.name}: {node.text}", str(node.shape or "unknown shape")]
    if node.shared is not None:
        facts.append(f"the weights of {graph.nodes[node.shared].name}")
    cost = costs[node.id] or ZERO
    facts += [count(cost.parameters, "parameter")] if cost.parameters else []
    facts += [count(cost.macs, "MAC")] if cost.macs else []
    return Row(
        words=words,
        style=node.op.style if node.op else "",
        hover=", ".join(facts),
        parameters=cost.parameters,
        macs=cost.macs,
        shared=node.shared is not None,
    )


def _input(graph: Graph, node: Node) -> Row:
    name = graph.input_names[graph.inputs.index(node.id)]
    words = "input" if len(graph.inputs) == 1 and name == "x" else f"input {name}"
    size = node.shape.vocabulary if node.shape else None
    kind = f" of ids below {size:,}" if size else ""
    return Row(words=words, style="", hover=f"{words}: {node.shape}{kind}")


def _ends(graph: Graph) -> list[Box]:
    rows = (
        Row(words=name, style="", hover=f"{name}: {graph.nodes[node].shape}, made by {graph.nodes[node].name}")
        for name, node in graph.outputs
    )
    return [Box(id=f"y{i}", role=Role.OUTPUT, rows=(row,)) for i, row in enumerate(rows)]


def _arrows(graph: Graph, groups: list[list[Node]]) -> tuple[Arrow, ...]:
    """Between boxes, in the order in which their ends run. The first from a box that is no skip says the shape."""
    owner = {node.id: f"n{group[0].id}" for group in groups for node in group}
    tensors = [(i, f"n{group[0].id}") for group in groups for i in group[0].inputs]
    tensors += [(node, f"y{i}") for i, (_, node) in enumerate(graph.outputs)]
    flows = find_flows([(owner[source], end) for source, end in tensors])
    arrows, told = [], set()
    for (source, end), flow in zip(tensors, flows, strict=True):
        shape = graph.nodes[source].shape
        says = flow is not Flow.SKIP and source not in told and shape is not None
        told |= {source} if says else set()
        arrows.append(Arrow(start=owner[source], end=end, shape=str(shape) if says else None, flow=flow))
    return tuple(arrows)


def _cluster(graph: Graph, path: tuple[str, ...], costs: Costs) -> Cluster:
    kind = graph.scopes[path]
    inside = [node for node in graph.nodes if node.path[: len(path)] == path]
    total = add(costs[node.id] or ZERO for node in inside)
    facts = [count(len(inside), "layer"), count(total.parameters, "parameter")]
    what = kind if kind in ("stage", "aux") else f"block {kind}"
    return Cluster(path=path, title=path[-1], hover=f"{what} {'.'.join(path)}: {', '.join(facts)}")


def _description(graph: Graph, boxes: list[Box], caption: str) -> str:
    """The picture for those who cannot see it."""
    layers = [row.words for box in boxes if box.role in (Role.LAYERS, Role.MERGE) for row in box.rows]
    takes = " and ".join(str(graph.nodes[i].shape) for i in graph.inputs)
    gives = " and ".join(str(graph.nodes[i].shape) for _, i in graph.outputs)
    return f"{caption}. It turns {takes} into {gives} by {count(len(layers), 'layer')}: {', '.join(layers)}."
