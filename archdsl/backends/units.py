"""The scopes of a graph as a tree of units, each with its inputs and outputs: each becomes a class in the source."""

from collections.abc import Iterable, Mapping, Sequence

from ..contract.call import Module
from ..graph import Graph, Node


class Unit:
    """A scope: its nodes and inner scopes in order, the values it reads from outside, and those read from outside."""

    def __init__(self, graph: Graph, path: tuple[str, ...]) -> None:
        self.graph = graph
        self.path = path
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

    def attribute(self, item: "Node | Unit") -> str:
        """The attribute path from this unit to an item's module: `conv1`, or `stem.conv1` in a dissolved scope."""
        if isinstance(item, Node) and item.shared is not None:
            item = self.graph.nodes[item.shared]
        return ".".join(item.path[len(self.path) :])


def unit_tree(graph: Graph) -> Unit:
    """The units of a graph. A scope that reuses a module from outside is dissolved into the enclosing one.

    (A class can access the modules below itself, not those of its siblings.)
    """
    dissolved = set(_dissolved(graph))
    root = Unit(graph, ())
    units: dict[tuple[str, ...], Unit] = {(): root}
    for node in graph.layers:
        home = _unit_of(graph, node, units, dissolved)
        home.items.append(node)
    if root.items:
        _wire(root, _readers(graph))
    root.inputs = list(graph.inputs)
    root.outputs = [i for _, i in graph.outputs]
    root.chain = False
    return root


def _dissolved(graph: Graph) -> Iterable[tuple[str, ...]]:
    for node in graph.layers:
        if node.shared is None:
            continue
        owner = graph.nodes[node.shared].path
        common = 0
        while common < min(len(owner), len(node.path)) and owner[common] == node.path[common]:
            common += 1
        yield from (node.path[:depth] for depth in range(common + 1, len(node.path)))


def _unit_of(graph: Graph, node: Node, units: dict[tuple[str, ...], Unit], dissolved: set[tuple[str, ...]]) -> Unit:
    home = units[()]
    for depth in range(1, len(node.path)):
        path = node.path[:depth]
        if path in dissolved:
            return home
        if path not in units:
            units[path] = Unit(graph, path)
            home.items.append(units[path])
        home = units[path]
    return home


def _wire(unit: Unit, readers: Mapping[int, Sequence[int]]) -> None:
    """Find inputs and outputs, innermost units first; `readers` are the ids of the nodes that read a value."""
    nodes = _nodes(unit)
    inner = {node.id for node in nodes}
    unit.inputs = list(dict.fromkeys(i for node in nodes for i in node.inputs if i not in inner))
    unit.outputs = [node.id for node in nodes if any(reader not in inner for reader in readers.get(node.id, ()))]
    # A value that nobody reads is computed all the same: its weights are part of the network.
    unit.outputs = unit.outputs or [nodes[-1].id]
    for item in unit.items:
        if isinstance(item, Unit):
            _wire(item, readers)
    unit.chain = _is_chain(unit)


def _readers(graph: Graph) -> dict[int, list[int]]:
    """The readers of a value; -1 is the caller, who reads the outputs."""
    found: dict[int, list[int]] = {i: [-1] for _, i in graph.outputs}
    for node in graph.layers:
        for i in node.inputs:
            found.setdefault(i, []).append(node.id)
    return found


def _nodes(unit: Unit) -> list[Node]:
    found: list[Node] = []
    for item in unit.items:
        found += [item] if isinstance(item, Node) else _nodes(item)
    return found


def _is_chain(unit: Unit) -> bool:
    """Whether each item is one module applied to the result of the previous item: an nn.Sequential."""
    if len(unit.inputs) != 1 or len(unit.outputs) != 1:
        return False
    value = unit.inputs[0]
    for index, item in enumerate(unit.items):
        if list(item.inputs) != [value] or len(item.path) != len(unit.path) + 1:
            return False
        if isinstance(item, Node):
            steps = item.op.steps(unit.graph.shapes_in(item))
            if len(steps) != 1 or not isinstance(steps[0], Module) or item.shared is not None:
                return False
            value = item.id
        elif len(item.outputs) == 1:
            value = item.outputs[0]
        else:
            return False
        uses = sum(value in other.inputs for other in unit.items)
        if uses + (value in unit.outputs) != 1 or (value in unit.outputs) != (index == len(unit.items) - 1):
            return False
    return True
