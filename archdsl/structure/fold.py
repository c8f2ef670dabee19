"""A graph as the program that a person would write."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from ..contract.arguments import REQUIRED
from ..graph import Graph
from ..shapes.shape import Layout
from ..shapes.symbolic import Sym
from ..syntax import ast
from .blocks import BlockWording, FoldedBlock, Unsolvable
from .chain_groups import ChainSlice, Modules, nodes_of, results_of
from .clusters import ClusterBody, clustered
from .flat import FlatText, flat, nested, verified
from .free_names import identifier
from .items import Chain, Item, ModuleScope, chains_in
from .layer_words import Unwritable, literal
from .mine import mined_scopes
from .runs import uses_of, with_runs
from .write import Writer, braced, composed

_BLOCK_COST = 4
_PARAMETER_COST = 1
_VARIANT_COST = 10
_MOST_TRIED = 8
_REPETITION_FRACTION = 0.6
"""The fraction of the words without blocks above which repeated sequences are also searched."""
_OFF, _UNITED, _SEPARATE = range(3)


def fold(graph: Graph, scopes: Mapping[int, tuple[ModuleScope, ...]]) -> ast.Program:
    """The program of a network: what repeats is a block or a repetition.

    `scopes` are the modules around each node, from outside in; without them, repetition is found on the layers alone.
    Its graph is the same network: equal layers, edges, shapes and shared weights. Raises Unwritable.
    """
    for attempt in sorted(_attempts(graph, scopes), key=lambda each: each.cost)[:_MOST_TRIED]:
        try:
            return verified(attempt.text, graph)
        except Unwritable:
            continue
    return flat(graph)


def _attempts(graph: Graph, scopes: Mapping[int, tuple[ModuleScope, ...]]) -> list["_Attempt"]:
    """Texts with blocks for all, some or none of the kinds of modules."""
    chain = FlatText(graph, {}).chain
    sums_first(chain)
    found = _choices(graph, scopes, Modules(scopes), several=False)
    if any(each.refused for each in found):
        found = [*_choices(graph, scopes, Modules(scopes), several=True), *found]
    shortest = min(each.words for each in found)
    if shortest > _REPETITION_FRACTION * found[-1].words:
        # A block can have several results only where statements refer to tensors by name.
        for several in (False, True) if uses_of(chain.items) else (False,):
            mined = mined_scopes(chain, several)
            found += _choices(graph, mined, Modules(mined), several, options=(_OFF,))
    return found


def _choices(
    graph: Graph,
    scopes: Mapping[int, tuple[ModuleScope, ...]],
    modules: Modules,
    several: bool,
    options: Sequence[int] = (_OFF, _SEPARATE),
) -> list["_Attempt"]:
    """Texts with blocks for all, some and, last of all, none of the kinds of modules.

    With `several`, blocks may have several results.
    """
    kinds = modules.in_order()
    choice = dict.fromkeys(kinds, _UNITED)
    best = _attempt(graph, scopes, modules, choice, several)
    found = [best]
    for kind in reversed(kinds):
        for option in options:
            other = _attempt(graph, scopes, modules, {**choice, kind: option}, several)
            found.append(other)
            if other is not None and (best is None or other.cost < best.cost):
                best, choice = other, {**choice, kind: option}
    found.append(_attempt(graph, scopes, modules, dict.fromkeys(kinds, _OFF), several))
    return [each for each in found if each is not None]


class _Attempt:
    """A text, and how long it is."""

    def __init__(self, text: str, blocks: Sequence[FoldedBlock], refused: bool) -> None:
        self.text = text
        self.refused = refused
        """Whether a module has no block because it has several results."""
        words = re.sub(r"[{};]", " ", text).split()
        self.words = len(words)
        self.cost = len(words) + sum(_BLOCK_COST + _PARAMETER_COST * len(block.parameters) for block in blocks)
        self.cost += _VARIANT_COST * (len(blocks) - len({block.kind for block in blocks}))


def _attempt(
    graph: Graph,
    scopes: Mapping[int, tuple[ModuleScope, ...]],
    modules: Modules,
    choice: Mapping[str, int],
    several: bool,
) -> _Attempt | None:
    try:
        return _Folding(graph, scopes, modules, several).run(choice)
    except Unsolvable:
        return None


class _Folding:
    def __init__(
        self, graph: Graph, scopes: Mapping[int, tuple[ModuleScope, ...]], modules: Modules, several: bool
    ) -> None:
        self.graph = graph
        self.several = several
        self.refused = False
        self.modules = modules
        self.text = FlatText(graph, scopes)
        self.inputs = self.text.inputs()
        self.chain = self.text.chain
        sums_first(self.chain)
        self.members: dict[int, frozenset[int]] = {}
        self.kept: list[Item] = []
        self.blocks: list[FoldedBlock] = []

    def run(self, choice: Mapping[str, int]) -> _Attempt:
        for kind in self.modules.in_order():
            if choice[kind] != _OFF:
                self.replace(kind, choice[kind])
        self.chain.items = with_runs(self.chain.items, self.uses())
        return _Attempt(self.written(), self.blocks, self.refused)

    def uses(self) -> Counter[int]:
        """How often the network refers to each node, including as an output."""
        found = uses_of(self.chain.items)
        for block in self.blocks:
            found.update(uses_of(block.items))
        if self.text.lists_outputs():
            found.update(i for _, i in self.graph.outputs)
        return found

    # --- blocks ---

    def replace(self, kind: str, option: int) -> None:
        """Replace the modules of a kind by uses of a block, or several."""
        uses = self.uses()
        bodies, outward = [], set[int]()
        for slice_ in self.modules.slices(kind, self.chain, self.members):
            if (results := results_of(slice_, uses)) is None:
                continue
            if results and not self.several:
                self.refused = True
            else:
                bodies.append(ClusterBody([slice_], with_runs(slice_.items, uses)))
                outward |= results
        calls: list[tuple[ChainSlice, Item]] = []
        for body in clustered(bodies, option == _UNITED):
            if len(body.slices) > 1:
                calls += self.block(kind, body, outward)
        for slice_, call in sorted(calls, key=lambda each: each[0].first, reverse=True):
            self.members[id(call)] = nodes_of(slice_.items, self.members)
            self.kept.append(call)
            slice_.chain.items[slice_.first : slice_.last] = [call]

    def block(self, kind: str, body: ClusterBody, outward: AbstractSet[int]) -> list[tuple[ChainSlice, Item]]:
        """Define a block that also returns the tensors of `outward`, which others refer to, and return its uses."""
        start = tuple(node for each in body.slices for node in each.items[0].into)
        try:
            block = FoldedBlock(kind, body.items, start, self.channels, outward)
        except Unsolvable:
            return []
        block.kind = kind
        block.name = self.text.names.take(_snake_case(kind), "block")
        self.blocks.append(block)
        found = []
        at = 0
        for slice_ in body.slices:
            first, last = slice_.items[0], slice_.items[-1]
            width = len(last.out)
            args = {p.name: p.column[at : at + width] for p in block.parameters}
            specs = tuple(p.spec for p in block.parameters)
            results = tuple(column[at : at + width] for column in block.results)
            call = Item("call", block.name, first.into, last.out, args, specs, results=results)
            call.scopes = _common(slice_.items)
            found.append((slice_, call))
            at += width
        return found

    def channels(self, node: int) -> int | None:
        shape = self.graph.nodes[node].shape
        size = None if shape.layout is Layout.OPEN else shape.size("c")
        return None if size is None or isinstance(size, Sym) else size

    # --- the text ---

    def written(self) -> str:
        """The whole text."""
        blocks = [line for block in self.blocks for line in ["", *_definition(block)]]
        self.text.name_tensors(self.chain)
        lines = Writer(self.text.wording(), nested).lines(self.chain.items)
        return "\n".join([self.text.head(), *self.inputs, *blocks, "", *lines, *self.text.ending()]) + "\n"


def _definition(block: FoldedBlock) -> list[str]:
    """A block as text."""
    parameters = ", ".join(
        p.name if p.default is REQUIRED else f"{p.name} = {literal(None, p.default)}" for p in block.parameters
    )
    head = f"block {block.name}" + (f"({parameters})" if parameters else "")
    lines = Writer(BlockWording(block), nested).lines(block.items)
    return composed(head, [braced([*lines, *block.ending()])], "")


def _common(items: Sequence[Item]) -> tuple[ModuleScope, ...]:
    """The modules that contain all items."""
    scopes = [item.scopes for item in items if item.sort != "from"]
    depth = 0
    while all(len(each) > depth and each[depth] == scopes[0][depth] for each in scopes):
        depth += 1
    return scopes[0][:depth]


def _snake_case(kind: str) -> str:
    """`InvertedResidual` as `inverted_residual`, `BasicBlock` as `basic`."""
    words = re.sub(
        r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind.partition("#")[0].rsplit(".", 1)[-1]
    ).lower()
    short = words.removesuffix("_block").strip("_")
    return short if short and identifier(short, "block") == short else f"{short}_block".strip("_")


def sums_first(chain: Chain) -> None:
    """Write each sum of a tensor and a body, in this order, as a residual connection."""
    for each in chains_in(chain):
        for item in each.items:
            if item.sort == "merge" and item.word == "add" and len(item.operands) == 2:
                lead, body = item.operands
                if isinstance(lead, Chain) and isinstance(body, Chain) and not lead.items:
                    item.operands = (body, lead)
