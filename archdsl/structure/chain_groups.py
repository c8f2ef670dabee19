"""Where a block could be: the statements of one module, or sequences that repeat."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ..graph import Graph
from .items import Chain, Item, ModuleScope, chains_in
from .runs import made_by, uses_of

Path = tuple[str, ...]


_INLINE = ("stage", "branch", "aux")


def scopes_of_text(graph: Graph) -> dict[int, tuple[ModuleScope, ...]]:
    """The uses of blocks around each node of a network that was elaborated from a text."""
    return {
        node.id: tuple(
            ModuleScope(node.path[depth - 1], "" if kind in _INLINE else kind)
            for depth in range(1, len(node.path))
            for kind in [graph.scopes.get(node.path[:depth], "")]
        )
        for node in graph.nodes
    }


class ChainSlice:
    """Consecutive items of a chain."""

    def __init__(self, chain: Chain, first: int, last: int) -> None:
        self.chain = chain
        self.first = first
        self.last = last

    @property
    def items(self) -> list[Item]:
        """The items."""
        return self.chain.items[self.first : self.last]


class Modules:
    """The modules of a network, by their kinds."""

    def __init__(self, scopes: Mapping[int, tuple[ModuleScope, ...]]) -> None:
        self.paths: dict[int, Path] = {node: tuple(scope.name for scope in around) for node, around in scopes.items()}
        self.sizes: Counter[Path] = Counter()
        self.kinds: dict[str, set[Path]] = defaultdict(set)
        self.heights: Counter[str] = Counter()
        for around in scopes.values():
            names = tuple(scope.name for scope in around)
            for depth, scope in enumerate(around, 1):
                self.sizes[names[:depth]] += 1
                if scope.kind:
                    self.kinds[scope.kind].add(names[:depth])
                    self.heights[scope.kind] = max(self.heights[scope.kind], len(around) - depth)

    def in_order(self) -> list[str]:
        """The kinds that occur more than once, inner ones first."""
        several = [kind for kind, paths in self.kinds.items() if len(paths) > 1]
        return sorted(several, key=lambda kind: (self.heights[kind], kind))

    def slices(self, kind: str, chain: Chain, members: Mapping[int, frozenset[int]]) -> list[ChainSlice]:
        """Where the modules of a kind are. `members` are the nodes of each call, by the identity of the item."""
        wanted = self.kinds[kind]
        found = []
        for each in chains_in(chain):
            at = 0
            while at < len(each.items):
                found_here = self._slice(each, at, wanted, members)
                if found_here is None:
                    at += 1
                else:
                    found.append(found_here)
                    at = found_here.last
        return found

    def _slice(
        self, chain: Chain, at: int, wanted: set[Path], members: Mapping[int, frozenset[int]]
    ) -> ChainSlice | None:
        """The whole module that starts at an item; if there are several, the outermost."""
        some = next(_nodes(chain.items[at], members), None)
        if some is None:
            return None
        path = self.paths.get(some, ())
        if not any(path[:depth] in wanted for depth in range(1, len(path) + 1)):
            return None
        nodes = set(_nodes(chain.items[at], members))
        common = _prefix([self.paths.get(node, ()) for node in nodes])
        for depth in range(1, len(common) + 1):
            if common[:depth] in wanted and (last := self._end(chain, at, common[:depth], members)) is not None:
                return ChainSlice(chain, at, last)
        return None

    def _end(self, chain: Chain, at: int, path: Path, members: Mapping[int, frozenset[int]]) -> int | None:
        """The end of the items that start here and are exactly one module; None if there are none."""
        size, depth = 0, len(path)
        for last in range(at, len(chain.items)):
            item = chain.items[last]
            inner = set(_nodes(item, members))
            if any(self.paths.get(node, ())[:depth] != path for node in inner):
                return None
            if item.sort == "aux" or (not inner and item.sort != "from"):
                return None
            size += len(inner)
            if size == self.sizes[path]:
                return last + 1
        return None


def _prefix(paths: Sequence[Path]) -> Path:
    found = paths[0]
    for path in paths[1:]:
        length = 0
        while length < min(len(found), len(path)) and found[length] == path[length]:
            length += 1
        found = found[:length]
    return found


def _nodes(item: Item, members: Mapping[int, frozenset[int]]) -> Iterator[int]:
    """The nodes that an item creates, including those in its bodies."""
    if id(item) in members:
        yield from members[id(item)]
        return
    if item.sort in ("from", "aux"):
        return
    for chain in item.chains():
        for inner in chain.items:
            yield from _nodes(inner, members)
    yield from (node for column in item.makes for node in column if node is not None)


def nodes_of(items: Sequence[Item], members: Mapping[int, frozenset[int]]) -> frozenset[int]:
    """The nodes that items create."""
    return frozenset(node for item in items for node in _nodes(item, members))


def results_of(slice_: ChainSlice, uses: Counter[int]) -> frozenset[int] | None:
    """The tensors from inside that something outside refers to, apart from the last one.

    None if a block cannot return them, because they are in the body of a statement or the slice ends with `from`.
    """
    items = slice_.items
    if items[-1].sort == "from":
        return None
    last, own = items[-1].out, uses_of(items)
    found = frozenset(node for node in made_by(items) if node not in last and uses[node] != own[node])
    made = (item for item in items if item.sort not in ("from", "aux"))
    return found if found <= {node for item in made for column in item.makes for node in column} else None
