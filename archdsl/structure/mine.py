"""Finds modules where none are known: repeated sequences of statements, those that save the most first."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence

from ..layers import find
from .alignment import skeleton, skeletons, weight
from .items import Chain, Item, ModuleScope, chains_in
from .runs import made_by, uses_of

_LONGEST = 16
"""The largest number of statements in a sequence."""
_MOST = 8
"""The largest number of kinds of modules."""
_LIGHT = frozenset({"norm", "activation", "dropout"})
_LEAST_SAVED = 6.0
_USE = 2.0
"""The approximate number of words that a use takes."""


class _Group:
    """Statements that are one module: items, and modules inside it."""

    def __init__(self, kind: str, parts: "list[_Part]") -> None:
        self.kind = kind
        self.parts = parts


_Part = Item | _Group


def mined_scopes(chain: Chain, several: bool = False) -> dict[int, tuple[ModuleScope, ...]]:
    """The modules around each node, found by what is repeated in a network without blocks.

    With `several`, modules may have several results; those with few connections are preferred.
    """
    miner = _ModuleMiner(chain, several)
    for _ in range(_MOST):
        if not miner.group():
            break
    return miner.scopes()


class _ModuleMiner:
    def __init__(self, chain: Chain, several: bool) -> None:
        self.several = several
        self.top: list[_Part] = list(chain.items)
        self.bodies: dict[int, list[_Part]] = {
            id(each): list(each.items) for each in chains_in(chain) if each is not chain
        }
        self.sequences: list[list[_Part]] = [self.top, *self.bodies.values()]
        self.modules: set[int] = set()
        """The sequences that are modules already, by their identity."""
        self.tokens: dict[int, Hashable] = {}
        self.weights: dict[int, float] = {}
        self.kinds: Counter[str] = Counter()
        self.uses = uses_of(chain.items)

    def token(self, part: _Part) -> Hashable:
        """The token that equal parts share."""
        if isinstance(part, _Group):
            return "group", part.kind
        if id(part) not in self.tokens:
            self.tokens[id(part)] = _token(part)
        return self.tokens[id(part)]

    def words(self, part: _Part) -> float:
        if isinstance(part, _Group):
            return _USE
        if id(part) not in self.weights:
            self.weights[id(part)] = weight([part])
        return self.weights[id(part)]

    def group(self) -> bool:
        """Group the occurrences of the sequence that saves the most; returns whether there is one."""
        numbers: dict[Hashable, int] = {}
        lists = [[numbers.setdefault(self.token(part), len(numbers)) for part in each] for each in self.sequences]
        breaks = [_breaks(each) for each in self.sequences]
        counts: Counter[tuple[int, ...]] = Counter()
        places: dict[tuple[int, ...], tuple[int, int]] = {}
        for index, tokens in enumerate(lists):
            for length in range(1, min(_LONGEST, self.max_parts(self.sequences[index])) + 1):
                ends: dict[tuple[int, ...], int] = {}
                for at in range(len(tokens) - length + 1):
                    if not (breaks[index][at] and breaks[index][at + length]):
                        continue
                    pattern = tuple(tokens[at : at + length])
                    if ends.get(pattern, 0) <= at:
                        counts[pattern] += 1
                        ends[pattern] = at + length
                        places.setdefault(pattern, (index, at))
        best, chosen = _LEAST_SAVED, None
        for pattern, count in counts.items():
            if count < 2 or _is_periodic(pattern):
                continue
            index, at = places[pattern]
            parts = self.sequences[index][at : at + len(pattern)]
            if any(isinstance(part, Item) and part.sort in ("from", "aux", "zeros") for part in (parts[0], parts[-1])):
                continue
            if len(parts) == 1 and isinstance(parts[0], _Group):
                continue
            saved = (count - 1) * sum(map(self.words, parts)) - count * _USE
            if saved > best and (saved := saved - count * self.named(parts)) > best:
                best, chosen = saved, parts
        if chosen is None:
            return False
        self.replace(chosen)
        return True

    def named(self, parts: Sequence[_Part]) -> int:
        """The number of tensors with a name that a module of these parts reads from outside, or makes for others.

        0 unless modules may have several results.
        """
        if not self.several:
            return 0
        items = list(_items(parts))
        own, made, last = uses_of(items), made_by(items), items[-1].out
        start = {*items[0].into, *last}
        read = sum(node not in made and node not in start for node in own)
        return read + sum(node not in last and self.uses[node] != own[node] for node in made)

    def replace(self, example: list[_Part]) -> None:
        """Make a module of each occurrence of these parts, including those where a residual connection is left out."""
        kind = self.name(example)
        patterns = [[self.token(part) for part in example]]
        sums = [i for i, part in enumerate(example) if isinstance(part, Item) and _is_sum(part)]
        if len(sums) == 1:
            body = example[sums[0]]
            assert isinstance(body, Item)
            lead = body.operands[0]
            assert isinstance(lead, Chain)
            inner = [self.token(part) for part in self.bodies[id(lead)]]
            patterns.append([*patterns[0][: sums[0]], *inner, *patterns[0][sums[0] + 1 :]])
        made: list[list[_Part]] = []
        for pattern in patterns:
            for sequence in self.sequences:
                if len(pattern) <= self.max_parts(sequence):
                    made += self.grouped(sequence, pattern, kind)
        self.sequences += made
        self.modules.update(map(id, made))

    def max_parts(self, sequence: list[_Part]) -> int:
        """Maximum number of a module's parts in a sequence."""
        return len(sequence) - (id(sequence) in self.modules)

    def grouped(self, sequence: list[_Part], pattern: Sequence[Hashable], kind: str) -> Iterator[list[_Part]]:
        """Replace the occurrences of a pattern, and yield the parts of each."""
        at = 0
        while at + len(pattern) <= len(sequence):
            parts = sequence[at : at + len(pattern)]
            breaks = _breaks(sequence[at : at + len(pattern) + 1])
            whole = (at == 0 or breaks[0]) and breaks[-1]
            if whole and [self.token(part) for part in parts] == list(pattern):
                sequence[at : at + len(pattern)] = [_Group(kind, parts)]
                yield parts
            at += 1

    def name(self, parts: Sequence[_Part]) -> str:
        """A name for a sequence, from its contents."""
        words = Counter(word for part in parts for word in self.words_of(part))
        base = _named(words)
        self.kinds[base] += 1
        return base if self.kinds[base] == 1 else f"{base}#{self.kinds[base]}"

    def words_of(self, part: _Part) -> Iterator[str]:
        if isinstance(part, _Group):
            yield part.kind
            for inner in part.parts:
                yield from self.words_of(inner)
            return
        yield part.word
        for chain in part.chains():
            for inner in self.bodies[id(chain)]:
                yield from self.words_of(inner)

    def scopes(self) -> dict[int, tuple[ModuleScope, ...]]:
        """The modules around each node."""
        found: dict[int, tuple[ModuleScope, ...]] = {}
        number = Counter[str]()

        def visit(parts: Sequence[_Part], around: tuple[ModuleScope, ...]) -> None:
            for part in parts:
                if isinstance(part, _Group):
                    number[part.kind] += 1
                    scope = ModuleScope(f"{part.kind}_{number[part.kind]}", part.kind)
                    visit(part.parts, (*around, scope))
                    continue
                for chain in part.chains():
                    visit(self.bodies[id(chain)], around)
                if part.sort not in ("from", "aux"):
                    found.update({node: around for node in part.out if node is not None})

        visit(self.top, ())
        return found


def _items(parts: Sequence[_Part]) -> Iterator[Item]:
    """The statements of parts, without those in bodies."""
    for part in parts:
        if isinstance(part, Item):
            yield part
        else:
            yield from _items(part.parts)


def _breaks(parts: Sequence[_Part]) -> list[bool]:
    """Whether a module can begin or end before each part, and after the last: not before an activation."""
    inside = [not (isinstance(part, Item) and _is_light_layer(part)) for part in parts]
    return [True, *inside[1:], True]


def _is_light_layer(item: Item) -> bool:
    layer = find(item.word) if item.sort == "layer" else None
    return layer is not None and layer.style in _LIGHT


def _is_periodic(pattern: Sequence[int]) -> bool:
    """Whether a sequence repeats a shorter one: that is a repetition, not a module."""
    length = len(pattern)
    return any(length % n == 0 and pattern[n:] == pattern[:-n] for n in range(1, length // 2 + 1))


def _token(item: Item) -> Hashable:
    """The skeleton; for a residual connection, that of its body, without the projection of its shortcut."""
    if not _is_sum(item):
        return skeleton(item)
    lead = item.operands[0]
    assert isinstance(lead, Chain)
    return "sum", skeletons(lead.items)


def _is_sum(item: Item) -> bool:
    if item.sort != "merge" or item.word != "add" or len(item.operands) != 2:
        return False
    lead = item.operands[0]
    return isinstance(lead, Chain) and bool(lead.items) and isinstance(item.operands[1], Chain)


def _named(words: Mapping[str, int]) -> str:
    """The usual name of a module with these layers."""
    if words.get("attention"):
        return "encoder_layer"
    if words.get("add"):
        if words.get("dwconv"):
            return "inverted_residual"
        return "bottleneck" if words.get("conv", 0) >= 3 else "residual_block"
    if words.get("mul") and words.get("gap"):
        return "squeeze_excite"
    if words.get("concat"):
        return "dense_layer" if words["concat"] == 1 and words.get("bn", 0) >= 1 else "inception"
    if words.get("dwconv"):
        return "separable"
    if words.get("conv"):
        return "conv_norm" if words.get("bn") else "conv_unit"
    return "feed_forward" if words.get("fc") else "unit"
