"""Compare two networks: which layers are equal, which changed, and which weights carry over."""

from collections.abc import Hashable, Mapping
from typing import Any

from ...expressions.show import show
from ...graph import Graph, Node
from ...shapes.shape import times
from ..cost import Cost, Costs, costs
from ..derivation import heading
from ..receptive_field import Fields, fields, receptive_field
from ..state_dict import StateTensor, state_dict
from .align import align
from .differences import Diff, DiffLayer, DiffRow, Named, NetworkTotals, Pair, Weights
from .wiring import Wiring

__all__ = ["diff"]


def diff(a: Graph, b: Graph, files: tuple[str, str] = ("a", "b")) -> Diff:
    """The differences from the first network to the second; `files` are their names in the output."""
    pairs = _aligned(a, b)
    costs_a, costs_b = costs(a), costs(b)
    return Diff(
        a=_figures(a, costs_a.total, files[0]),
        b=_figures(b, costs_b.total, files[1]),
        rows=tuple(_rows(a, b, pairs, costs_a, costs_b, Wiring(a, b, pairs))),
        weights=_weights(a, b, {j: i for i, j in pairs}),
    )


# --- layers ---


def _aligned(a: Graph, b: Graph) -> list[tuple[int, int]]:
    numbers: dict[Hashable, int] = {}
    left, right = [_keys(a, node, numbers) for node in a.nodes], [_keys(b, node, numbers) for node in b.nodes]
    return align(left, right, lambda i, j: _similarity(a, a.nodes[i], b, b.nodes[j]))


def _keys(graph: Graph, node: Node, numbers: dict[Hashable, int]) -> tuple[int, ...]:
    """Keys for matching layers, from strict to loose, as integers that are equal if the keys are.

    Names of stages are chosen by the author and help; names of other scopes and of layers contain numbers, which shift.
    """
    xs = graph.shapes_in(node)
    op = _op(graph, node)
    stages = tuple(node.path[d - 1] for d in range(1, len(node.path)) if graph.scopes.get(node.path[:d]) in _NAMED)
    weights = tuple(node.op.weights_of(xs).items())
    keys: tuple[Hashable, ...] = ((op, stages, xs, node.shape), (op, stages, weights), (op, weights))
    return tuple(numbers.setdefault(key, len(numbers)) for key in keys)


_NAMED = ("stage", "aux")


def _op(graph: Graph, node: Node) -> Hashable:
    if node.is_input:
        return "input", graph.input_names[graph.inputs.index(node.id)], node.shape
    return node.op, node.shared is None


def _similarity(a: Graph, left: Node, b: Graph, right: Node) -> int:
    """A similarity score of two layers; 0 if they are of different kinds."""
    if left.is_input or right.is_input:
        return 20 if left.is_input and right.is_input else 0
    if left.op.style != right.op.style or (left.shared is None) != (right.shared is None):
        return 0
    score = 10 + 2 * (left.path[-1] == right.path[-1]) + 2 * (left.path[:-1] == right.path[:-1])
    if type(left.op) is type(right.op):
        mine, others = dict(left.op), dict(right.op)
        same = sum(mine[name] == others[name] for name in mine)
        score += 10 + 5 * same // max(1, len(mine))
    return score + 2 * (left.shape == right.shape)


def _rows(
    a: Graph, b: Graph, pairs: list[tuple[int, int]], costs_a: Costs, costs_b: Costs, wiring: Wiring
) -> list[DiffRow]:
    """The rows in the order of the second network, with removed layers at their position in the first."""
    left, right = _layers(a, costs_a), _layers(b, costs_b)
    rows: list[DiffRow] = []
    i = j = 0
    for x, y in [*pairs, (len(left), len(right))]:
        rows += [DiffRow(kind="removed", a=each, b=None) for each in left[i:x]]
        rows += [DiffRow(kind="added", a=None, b=each) for each in right[j:y]]
        if x < len(left):
            rows.append(_row(a.nodes[x], b.nodes[y], left[x], right[y], wiring.changes(x, y)))
        i, j = x + 1, y + 1
    return rows


def _row(x: Node, y: Node, a: DiffLayer, b: DiffLayer, wiring: list[str]) -> DiffRow:
    same = (type(x.op), x.op, x.shape.vocabulary) == (type(y.op), y.op, y.shape.vocabulary)
    changes = [] if same else ["layer"]
    # Closed forms are compared by text here: comparing their values would record a condition.
    changes += [
        each for each in ("parameters", "macs", "field", "name") if str(getattr(a, each)) != str(getattr(b, each))
    ]
    changes += ["output"] if a.shape != b.shape else []
    changes += wiring
    seen = set(changes) - {"field", "name"}
    return DiffRow(kind="changed" if seen else "same", a=a, b=b, changes=tuple(changes))


def _layers(graph: Graph, costs: Costs) -> list[DiffLayer]:
    layers, found = [], fields(graph)
    for node in graph.nodes:
        cost = costs[node.id]
        arguments = tuple((name, _value(value)) for name, value in node.op)
        layers.append(
            DiffLayer(
                id=node.id,
                name=node.name,
                text=node.text,
                keyword=node.op.keyword,
                line=node.span.line,
                arguments=arguments,
                shape=str(node.shape),
                inputs=() if node.is_input else tuple(graph.nodes[i].name for i in node.inputs),
                shares=None if node.shared is None else graph.nodes[node.shared].name,
                outputs=tuple(place for place, (_, i) in enumerate(graph.outputs, 1) if i == node.id),
                parameters=cost.parameters,
                macs=cost.macs,
                field=_field(found, node),
                scopes=_scopes(graph, node),
            )
        )
    return layers


def _scopes(graph: Graph, node: Node) -> tuple[tuple[str, str], ...]:
    depths = (depth for depth in range(1, len(node.path)) if node.path[:depth] in graph.scopes)
    return tuple((".".join(node.path[:depth]), heading(graph, node, depth)) for depth in depths)


def _value(value: Any) -> str:
    if isinstance(value, tuple) and not all(isinstance(each, int) for each in value):
        return ", ".join(map(_value, value))
    return times(value) if isinstance(value, tuple) else show(value).strip("`")


def _field(found: Fields, node: Node) -> str:
    """`11`, `11×5`, `whole`; empty if no position sees its own part of the input."""
    sizes = [
        "whole" if field.size is None else str(field.size)
        for seen in found[node.id]
        if seen.has_positions
        for field in seen.dimensions
    ]
    return sizes[0] if len(set(sizes)) == 1 else "×".join(sizes)


def _figures(graph: Graph, total: Cost, file: str) -> NetworkTotals:
    return NetworkTotals(
        file=file,
        name=graph.name,
        layers=len(graph.layers),
        parameters=total.parameters,
        trainable=total.trainable,
        buffers=total.buffers,
        macs=total.macs,
        field=receptive_field(graph),
        inputs=tuple(str(graph.nodes[i].shape) for i in graph.inputs),
        outputs=tuple(str(graph.nodes[i].shape) for _, i in graph.outputs),
    )


# --- weights ---


def _weights(a: Graph, b: Graph, matched: Mapping[int, int]) -> Weights:
    """Which tensors carry over; `matched` maps nodes of the second network to those of the first."""
    left, right = state_dict(a), state_dict(b)
    by_node = {(tensor.node, tensor.local): name for name, tensor in left.items()}
    same: list[Named] = []
    renamed: list[Pair] = []
    changed: list[Pair] = []
    new: list[Named] = []
    conflicting: list[str] = []
    used: set[str] = set()
    for name, tensor in right.items():
        source = by_node.get((matched.get(tensor.node, -1), tensor.local))
        now = _named(name, tensor)
        if source != name and name in left and left[name].shape == tensor.shape:
            conflicting.append(name)
        if source is None:
            new.append(now)
            continue
        used.add(source)
        before = _named(source, left[source])
        if before.shape != now.shape:
            changed.append(Pair(a=before, b=now))
        elif source == name:
            same.append(now)
        else:
            renamed.append(Pair(a=before, b=now))
    return Weights(
        same=tuple(same),
        renamed=tuple(renamed),
        changed=tuple(changed),
        new=tuple(new),
        left=tuple(_named(name, tensor) for name, tensor in left.items() if name not in used),
        conflicting=tuple(conflicting),
    )


def _named(name: str, tensor: StateTensor) -> Named:
    return Named(name=name, shape=tensor.shape, parameter=tensor.parameter)
