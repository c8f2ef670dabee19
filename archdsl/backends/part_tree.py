"""The scopes of a graph as the parts of a torch module, including the parts that `reuse` applies again."""

from collections.abc import Sequence

from ..contract.call import Module
from ..graph import Graph, Node
from .units import OutsideModule, Unit, connected_units, find_chains, nodes_of


def part_tree(graph: Graph) -> Unit:
    """The units of a graph: one for each scope of the text, and one with `original` wherever a unit is applied again.

    A module that several units use stays where its name places it; the other units receive it as an argument.
    """
    inner = {node.path[:depth] for node in graph.layers for depth in range(1, len(node.path))}
    root = connected_units(graph, {path for path in inner if path not in graph.scopes})
    if any(node.shared is not None for node in graph.layers):
        _Uses(graph, root).find()
        _find_outside(root)
    find_chains(root)
    return root


def _find_outside(unit: Unit) -> None:
    """Find the outside modules that the units use, innermost units first."""
    found: list[OutsideModule] = []
    for item in unit.items:
        if isinstance(item, Node):
            found += used_elsewhere(unit.graph, item)
        elif item.original is None:
            _find_outside(item)
            found += item.outside
        else:
            found += [OutsideModule(path=item.original.path), *item.original.outside]
    unit.outside = list(dict.fromkeys(each for each in found if not unit.holds(each.path)))


def used_elsewhere(graph: Graph, node: Node) -> list[OutsideModule]:
    """What a node uses of the layer whose weights it shares: the module, or weights."""
    if node.shared is None:
        return []
    path = graph.nodes[node.shared].path
    has_module = any(isinstance(step, Module) for step in node.op.steps(graph.shapes_in(node)))
    found = [OutsideModule(path=path)] if has_module else []
    return [*found, *(OutsideModule(path=path, weight=name) for name in node.op.shared_weights)]


class _Candidate:
    """A unit that may be applied again, with its nodes and the nodes that own their modules."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.nodes = nodes_of(unit)
        self.owners = [node.id if node.shared is None else node.shared for node in self.nodes]


class _Uses:
    """The search for nodes that apply a whole unit again."""

    def __init__(self, graph: Graph, root: Unit) -> None:
        self.root = root
        self.readers: dict[int, set[int]] = {i: {-1} for _, i in graph.outputs}
        for node in graph.layers:
            for i in node.inputs:
                self.readers.setdefault(i, set()).add(node.id)
        self.candidates: dict[int, list[_Candidate]] = {}
        self.collect(root)
        self.found: list[tuple[Unit, dict[int, int]]] = []

    def collect(self, unit: Unit) -> None:
        """Note the units in a unit by the node of their first module, the largest first."""
        for item in unit.items:
            if isinstance(item, Unit):
                candidate = _Candidate(item)
                # A unit that only reapplies layers of others is never reapplied itself.
                if any(node.shared is None for node in candidate.nodes):
                    self.candidates.setdefault(candidate.owners[0], []).append(candidate)
                self.collect(item)

    def find(self) -> None:
        """Replace the nodes of each use by a unit with `original`."""
        self.replace(self.root)
        for use, mapping in self.found:
            assert use.original is not None
            use.inputs = [mapping[i] for i in use.original.inputs]
            use.outputs = [mapping[i] for i in use.original.outputs]

    def replace(self, unit: Unit) -> None:
        items: list[Node | Unit] = []
        at = 0
        while at < len(unit.items):
            item = unit.items[at]
            if isinstance(item, Unit):
                self.replace(item)
            elif item.shared is not None:
                fitting = (self.use(unit.items, at, each) for each in self.candidates.get(item.shared, ()))
                item = next((use for use in fitting if use is not None), item)
            items.append(item)
            at += len(item.items) if isinstance(item, Unit) and item.original else 1
        unit.items = items

    def use(self, items: Sequence[Node | Unit], at: int, candidate: _Candidate) -> Unit | None:
        """The items from here on as a use of a unit; None if they do not apply its nodes to other inputs."""
        here = items[at : at + len(candidate.nodes)]
        nodes = [item for item in here if isinstance(item, Node) and item.shared is not None]
        if [node.shared for node in nodes] != candidate.owners:
            return None
        mapping: dict[int, int] = {}
        for old, new in zip(candidate.nodes, nodes, strict=True):
            if old.op != new.op or len(old.inputs) != len(new.inputs):
                return None
            for before, now in zip(old.inputs, new.inputs, strict=True):
                if mapping.setdefault(before, now) != now:
                    return None
            mapping[old.id] = new.id
        unit, inside = candidate.unit, {node.id for node in nodes}
        # The unit also returns values that are read only from this use.
        unit.outputs += [
            old.id
            for old in candidate.nodes
            if old.id not in unit.outputs and not self.readers.get(mapping[old.id], set()) <= inside
        ]
        use = Unit(unit.graph, nodes[0].path[:-1], original=unit)
        use.items = list(nodes)
        self.found.append((use, mapping))
        return use
