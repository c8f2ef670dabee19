"""The scopes of a graph as a tree of units, each with its inputs and outputs.

Each becomes a class in the source, and a module with its own `forward` in the torch module.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from ..contract.call import Module
from ..graph import Graph, Node
from ..record import Record


class OutsideModule(Record):
    """A module outside of a unit, by its path, or one of its weights."""

    path: tuple[str, ...]
    weight: str | None = None


class Unit:
    """A scope: its nodes and inner scopes in order, the outside values that it reads, and its values that are read
    outside.

    `original` is the unit that this one applies again, with that unit's modules: its inputs and outputs are then in
    that unit's order. `outside` lists the modules outside of it that it uses, or their weights: the code that applies
    the unit passes them.
    """

    def __init__(self, graph: Graph, path: tuple[str, ...], original: "Unit | None" = None) -> None:
        self.graph = graph
        self.path = path
        self.original = original
        self.outside: list[OutsideModule] = []
        self.items: list[Node | Unit] = []
        self.inputs: list[int] = []
        self.outputs: list[int] = []
        self.chain = False

    @property
    def name(self) -> str:
        """The attribute under which it is stored."""
        return self.path[-1] if self.path else self.graph.name

    @property
    def kind(self) -> str:
        """`stage`, `branch`, `aux`, or the name of a block."""
        return self.graph.scopes.get(self.path, "stage")

    @property
    def is_root(self) -> bool:
        """Whether it is the whole network."""
        return not self.path

    def reads(self, item: "Node | Unit") -> list[int]:
        """The distinct values that an item reads."""
        return list(dict.fromkeys(item.inputs))

    def makes(self, item: "Node | Unit") -> list[int]:
        """The values of an item that others read."""
        return [item.id] if isinstance(item, Node) else item.outputs

    def holds(self, path: tuple[str, ...]) -> bool:
        """Whether a module with this path is in the unit."""
        return path[: len(self.path)] == self.path

    def attribute(self, item: "Node | Unit") -> str:
        """The attribute path from this unit to an item's module: `conv1`, or `stem.conv1` in a dissolved scope."""
        if isinstance(item, Node) and item.shared is not None:
            item = self.graph.nodes[item.shared]
        return ".".join(item.path[len(self.path) :])


def unit_tree(graph: Graph) -> Unit:
    """The units of a graph. A scope that reuses a module from outside is dissolved into the enclosing one.

    (A class can access the modules below itself, not those of its siblings.)
    """
    root = connected_units(graph, set(_inlined(graph)))
    find_chains(root)
    return root


def connected_units(graph: Graph, inlined: AbstractSet[tuple[str, ...]]) -> Unit:
    """The units with their inputs and outputs; the nodes of a dissolved scope belong to the unit around it."""
    root = Unit(graph, ())
    units: dict[tuple[str, ...], Unit] = {(): root}
    for node in graph.layers:
        unit = _unit_of(graph, node, units, inlined)
        unit.items.append(node)
    if root.items:
        _wire(root, _readers(graph))
    root.inputs = list(graph.inputs)
    root.outputs = [i for _, i in graph.outputs]
    return root


def _inlined(graph: Graph) -> Iterable[tuple[str, ...]]:
    for node in graph.layers:
        if node.shared is None:
            continue
        owner = graph.nodes[node.shared].path
        common = 0
        while common < min(len(owner), len(node.path)) and owner[common] == node.path[common]:
            common += 1
        yield from (node.path[:depth] for depth in range(common + 1, len(node.path)))


def _unit_of(
    graph: Graph, node: Node, units: dict[tuple[str, ...], Unit], inlined: AbstractSet[tuple[str, ...]]
) -> Unit:
    unit = units[()]
    for depth in range(1, len(node.path)):
        path = node.path[:depth]
        if path in inlined:
            return unit
        if path not in units:
            units[path] = Unit(graph, path)
            unit.items.append(units[path])
        unit = units[path]
    return unit


def _wire(unit: Unit, readers: Mapping[int, Sequence[int]]) -> None:
    """Find inputs and outputs, innermost units first; `readers` are the ids of the nodes that read a value."""
    nodes = nodes_of(unit)
    inner = {node.id for node in nodes}
    unit.inputs = list(dict.fromkeys(i for node in nodes for i in node.inputs if i not in inner))
    unit.outputs = [node.id for node in nodes if any(reader not in inner for reader in readers.get(node.id, ()))]
    # A unit whose values are not read outside is computed anyway: its weights are part of the network.
    unit.outputs = unit.outputs or [nodes[-1].id]
    for item in unit.items:
        if isinstance(item, Unit):
            _wire(item, readers)


def _readers(graph: Graph) -> dict[int, list[int]]:
    """The readers of a value; -1 is the caller, which reads the outputs."""
    found: dict[int, list[int]] = {i: [-1] for _, i in graph.outputs}
    for node in graph.layers:
        for i in node.inputs:
            found.setdefault(i, []).append(node.id)
    return found


def nodes_of(unit: Unit) -> list[Node]:
    """The nodes of a unit and of those in it, in order."""
    found: list[Node] = []
    for item in unit.items:
        found += [item] if isinstance(item, Node) else nodes_of(item)
    return found


def find_chains(root: Unit) -> None:
    """Mark the units below the root that are chains."""
    for item in root.items:
        if isinstance(item, Unit) and item.original is None:
            find_chains(item)
            item.chain = _is_chain(item)


_SEQUENTIAL = frozenset({"append", "extend", "insert", "pop"})
"""Attributes of nn.Sequential that nn.Module does not have. A test compares this with torch."""


def _is_chain(unit: Unit) -> bool:
    """Whether each item is one module applied to the result of the previous item: an nn.Sequential."""
    if len(unit.inputs) != 1 or len(unit.outputs) != 1 or unit.outside:
        return False
    reads = Counter(value for item in unit.items for value in set(item.inputs))
    reads.update(unit.outputs)
    value = unit.inputs[0]
    for item in unit.items:
        if list(item.inputs) != [value] or reads[value] != 1 or not _is_link(unit, item):
            return False
        value = item.id if isinstance(item, Node) else item.outputs[0]
    return [value] == unit.outputs


def _is_link(unit: Unit, item: Node | Unit) -> bool:
    """Whether an item is one module of the unit with one result."""
    if len(item.path) != len(unit.path) + 1 or item.path[-1] in _SEQUENTIAL:
        return False
    if isinstance(item, Unit):
        return item.original is None and len(item.outputs) == 1 and not item.outside
    steps = item.op.steps(unit.graph.shapes_in(item))
    return len(steps) == 1 and isinstance(steps[0], Module) and item.shared is None
