"""From a graph to chains: bodies of merges where they are private, names where they are not."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..contract.arguments import ParameterSpec, TensorRef
from ..graph import Graph, MoeOp, Node, ScanOp, ZerosOp
from ..layers.linear import Unembedding
from ..layers.merge import MergeOp
from ..shapes.shape import Layout, Shape
from ..shapes.symbolic import concrete
from .compare import has_state
from .dominators import ROOT, Dominators
from .items import Chain, Column, Item, ModuleScope, Operand, Ref
from .layer_words import Unwritable, is_default

_DIMENSIONS = re.compile(r"([123])d$")
_LONGEST_SKIPPED = 4
"""Maximum number of layers of a body that shrinks and enlarges an image; a longer one has a named skip connection."""
_MAX_DEPTH = 12
"""Maximum nesting depth of bodies."""


def chain_of(
    graph: Graph,
    start: int,
    ends: Sequence[int],
    scopes: Mapping[int, tuple[ModuleScope, ...]],
    auxiliary: Mapping[int, str] | None = None,
) -> Chain:
    """The chain of a whole graph that begins with an input as the current tensor.

    `ends` are the nodes that must be made, the output first; `auxiliary` those that `aux` makes, with their names.
    """
    return _Builder(graph, ends, scopes, auxiliary or {}).build(start)


class _Builder:
    def __init__(
        self,
        graph: Graph,
        ends: Sequence[int],
        scopes: Mapping[int, tuple[ModuleScope, ...]],
        auxiliary: Mapping[int, str],
    ) -> None:
        self.graph = graph
        self.auxiliary = auxiliary
        self.ends = ends
        self.scopes = scopes
        self.tree = Dominators(graph, ends)
        self.emitted = set(graph.inputs)
        self.depth = 0
        self.read_by: dict[tuple[ModuleScope, ...], frozenset[int]] = {}

    def build(self, start: int) -> Chain:
        current = start
        items: list[Item] = []
        for end in sorted(self.ends):
            make = self.branch if end in self.auxiliary else self.make
            current = make(end, items, current)
        if self.ends and len(self.ends) == len(self.auxiliary) + 1:
            self.go_to(self.ends[0], items, current)
        return Chain((start,), items)

    def branch(self, end: int, items: list[Item], current: int) -> int:
        """Append the `aux` that makes an output; returns the current tensor after it, which is the one before it."""
        at, top = end, end
        while at != ROOT and at not in self.emitted and self.tree.exits[at] == 1:
            # It leads to this output alone.
            if self.tree.leaving[at] != (end, len(self.graph.nodes)):
                break
            at, top = self.tree.above[at], at
        if at not in (end, ROOT):
            needed = self.before(at, top, set())
            for shared in (each for each in needed if self.tree.exits[self.child(at, each)] > 1):
                current = self.make(shared, items, current)
        start = current
        if at != ROOT:
            self.go_to(at, items, self.make(at, items, current))
            start = at
        chain = self.body(start, end, start)
        chain.items += [] if chain.items else [_from(end)]
        items.append(Item("aux", self.auxiliary[end], (start,), (start,), operands=(chain,)))
        return start

    def make(self, target: int, items: list[Item], current: int) -> int:
        """Append the items that create a node and all that it depends on. Returns the current tensor after them."""
        path = []
        at = target
        while at != ROOT and at not in self.emitted:
            path.append(at)
            at = self.tree.above[at]
        if not path:
            return current
        for node in reversed(path):
            # A tensor that other items need may have been created on the way.
            if node not in self.emitted:
                current = self.step(self.tree.above[node], node, items, current)
        return current

    def step(self, start: int, node: int, items: list[Item], current: int) -> int:
        """Append the items that make a node from the one that dominates it; returns the node as the current tensor."""
        made = self.graph.nodes[node]
        inline = {i for i in dict.fromkeys(_operands(made)) if self.is_private(i, start, node)}
        for target in self.before(start, node, inline):
            current = self.make(target, items, current)
        item = self.merge(made, start, inline, items, current) if isinstance(made.op, MergeOp) else None
        if item is None:
            first = current if made.op.starts else made.inputs[0]
            self.go_to(first, items, current)
            item = self.layer(made, first)
        items.append(item)
        self.emitted.add(node)
        return node

    def go_to(self, node: int, items: list[Item], current: int) -> None:
        """Make a node the current tensor."""
        if node != current:
            items.append(_from(node))

    def child(self, start: int, node: int) -> int:
        """The child of `start` in the dominator tree above a node."""
        while self.tree.above[node] != start:
            node = self.tree.above[node]
        return node

    def is_private(self, operand: int, start: int, node: int) -> bool:
        """Whether everything from `start` to an operand of a merge can be one of its bodies."""
        if operand == start or operand in self.emitted:
            return False
        top = self.child(start, operand)
        if self.tree.exits[top] != 1 or self.tree.leaving[top] != (operand, node) or self.depth > _MAX_DEPTH:
            return False
        return not self.is_skipped(start, operand) and not self.splits_module(start, operand, node)

    def splits_module(self, start: int, operand: int, node: int) -> bool:
        """Whether a node is outside of the module that makes an operand, and the operand's body would have only the end
        of the module.
        """
        around = self.scopes.get(operand, ())
        if not around or self.scopes.get(node, ())[: len(around)] == around:
            return False
        reads = [read for read in self.tree.reads[self.child(start, operand)] if read not in self.emitted]
        parts = [read for read in reads if read != start and self.scopes.get(read, ()) == around]
        return bool(parts) and self.sources(around) != {start}

    def sources(self, around: tuple[ModuleScope, ...]) -> frozenset[int]:
        """The tensors that a module reads from outside."""
        if around not in self.read_by:
            inside = {node for node, scopes in self.scopes.items() if scopes[: len(around)] == around}
            read = {read for node in inside for read in self.tree.reads[node]}
            self.read_by[around] = frozenset(read - inside)
        return self.read_by[around]

    def is_skipped(self, start: int, operand: int) -> bool:
        """Whether a path is long enough for its skip connection to have a name: down to smaller images and up again."""
        count, smallest = 0, None
        at = operand
        first = None if start == ROOT else _positions(self.graph.nodes[start].shape)
        while at != start:
            count += 1
            positions = _positions(self.graph.nodes[at].shape)
            smallest = positions if smallest is None else min(smallest, positions)
            at = self.tree.above[at]
        if count <= _LONGEST_SKIPPED or smallest is None or first is None:
            return False
        return 1 < smallest < first and smallest < _positions(self.graph.nodes[operand].shape)

    def before(self, start: int, node: int, inline: set[int]) -> list[int]:
        """The nodes that must have been made before a node, apart from those in bodies of its own."""
        found: set[int] = set()
        seen: set[int] = set()
        pending = [each for each in self.tree.reads[node] if each not in inline]
        pending += [each for i in inline for each in self.tree.reads[self.child(start, i)]]
        bodies = {self.child(start, i) for i in inline}
        while pending:
            each = pending.pop()
            if each in seen or each in self.emitted or each == start:
                continue
            seen.add(each)
            top = self.child(start, each)
            if top in bodies:
                continue
            if self.tree.exits[top] == 1 and each not in self.tree.reads[node]:
                # It becomes a body of the node that reads it, or is created directly before that node.
                pending += self.tree.reads[top]
                continue
            found.add(each)
        first = next(iter(self.tree.reads[node]), None)
        return sorted(found, key=lambda each: (each == first, each))

    # --- items ---

    def layer(self, node: Node, first: int) -> Item:
        op = node.op
        word = _keyword(node, self.graph.nodes[first])
        if isinstance(op, ScanOp | MoeOp):
            args: dict[str, Column] = {str(number): (Ref(i),) for number, i in enumerate(node.inputs[1:])}
            return self.item(node, first, "scan" if isinstance(op, ScanOp) else "moe", op.keyword, args, {"op": op})
        if isinstance(op, ZerosOp):
            letters = self.graph.nodes[first].shape.letters
            dims = (
                str(dim) if axis is None else f"(@{letters[axis]})"
                for dim, axis in zip(op.shape.dims, op.axes, strict=True)
            )
            return self.item(node, first, "zeros", op.keyword, {}, {"shape": "x".join(dims)})
        if isinstance(op, Unembedding) or (node.shared is not None and has_state(self.graph, node)):
            if node.shared is None:
                raise Unwritable(f"{op.keyword} without the layer whose weights it has")
            return self.item(node, first, "reuse", "reuse", {"tensor": (Ref(node.shared),)})
        return self.item(node, first, "layer", word, *_arguments(node))

    def item(
        self,
        node: Node,
        first: int,
        sort: str,
        word: str,
        args: dict[str, Column],
        fixed: dict[str, Any] | None = None,
        operands: tuple[Operand, ...] = (),
    ) -> Item:
        """The item of a node that reads the current tensor `first`."""
        parameters = node.op.parameters if sort in ("layer", "merge") else ()
        scopes = self.scopes.get(node.id, ())
        return Item(sort, word, (first,), (node.id,), args, parameters, operands, scopes, fixed)

    def merge(self, node: Node, start: int, inline: set[int], items: list[Item], current: int) -> Item:
        op = node.op
        first = start if inline else current if current in node.inputs else node.inputs[0]
        if first == ROOT:
            first = current
        self.go_to(first, items, current)
        operands: list[Operand] = []
        for i in node.inputs:
            if i == first and i not in inline:
                operands.append(Chain((first,), []))
            elif i in inline and i not in self.emitted:
                operands.append(self.body(start, i, first))
            else:
                operands.append((Ref(i),))
        return self.item(node, first, "merge", op.keyword, *_arguments(node), tuple(operands))

    def body(self, start: int, end: int, current: int) -> Chain:
        """The chain of an operand."""
        items: list[Item] = []
        self.depth += 1
        self.make(end, items, current)
        self.depth -= 1
        return Chain((current,), items)


def _from(node: int) -> Item:
    return Item("from", "from", (node,), (node,), {"tensor": (Ref(node),)})


def _keyword(node: Node, first: Node) -> str:
    """The layer's name: one whose number of spatial dimensions, if it has one, is that of its input."""
    shape = first.shape
    count = len(shape.spatial_size) if shape.spatial else 0
    names = (node.op.keyword, *node.op.synonyms)
    return next(
        (name for name in names if (found := _DIMENSIONS.search(name)) is None or int(found[1]) == count), names[0]
    )


def _operands(node: Node) -> tuple[int, ...]:
    return node.inputs if isinstance(node.op, MergeOp) else ()


def _arguments(node: Node) -> tuple[dict[str, Column], dict[str, Any]]:
    """The arguments of a layer: numbers and tensors, and those of other kinds that differ from their defaults."""
    given = iter(node.inputs[1:])
    args: dict[str, Column] = {}
    fixed: dict[str, Any] = {}
    for p in node.op.parameters:
        value = node.op.value_of(p)
        if isinstance(value, TensorRef):
            args[p.name] = (Ref(next(given)),)
        elif _is_numeric(p, value):
            args[p.name] = (value,)
        elif not is_default(p, value):
            fixed[p.name] = value
    plain = node.op.style == "activation" and not fixed
    if plain and all(is_default(p, args[p.name][0]) for p in node.op.parameters if p.name in args):
        return {}, {}
    return args, fixed


def _is_numeric(p: ParameterSpec, value: Any) -> bool:
    """Whether a value is a number, or a size, that a parameter of a block could give."""
    if p.many or p.rest:
        return False
    if isinstance(value, tuple):
        return bool(value) and all(isinstance(each, int) for each in value)
    return isinstance(value, int | float)


def _positions(shape: Shape) -> int:
    """The number of positions of an image, a signal or a volume; 1 for other tensors."""
    if shape.layout not in (Layout.IMAGE, Layout.VOLUME, Layout.SIGNAL):
        return 1
    count = 1
    for dim in shape.spatial_size:
        count *= concrete(dim)
    return count
