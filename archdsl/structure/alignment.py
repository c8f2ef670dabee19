"""Merge sequences of statements: those that correspond become one item, with an entry in its columns for each."""

from collections.abc import Hashable, Sequence

from ..layers import find
from .items import Chain, Column, Item, Operand, absent, first
from .layer_words import is_default

_SIMILAR = 0.6
"""The minimum fraction of words that correspond for one body to describe two sequences."""
_Aligned = tuple[float, list[Item]]


def skeleton(item: Item) -> Hashable:
    """The part that is equal in items that differ only in numbers, tensors and activations."""
    word = "activation" if is_plain_activation(item) else item.word
    return (
        item.sort,
        word,
        tuple(name for name in item.args if name != "word"),
        _fixed(item),
        len(item.results),
        tuple(_outline(each) for each in item.operands),
    )


def skeletons(items: Sequence[Item]) -> tuple[Hashable, ...]:
    """The skeletons of a sequence."""
    return tuple(skeleton(item) for item in items)


def _outline(operand: Operand) -> Hashable:
    return skeletons(operand.items) if isinstance(operand, Chain) else None


def _fixed(item: Item) -> str:
    return repr(sorted(item.fixed.items())) if item.fixed else ""


def is_plain_activation(item: Item) -> bool:
    """Whether an item is an activation without arguments, which another one may replace."""
    if item.sort != "layer" or item.fixed or any(name != "word" for name in item.args):
        return False
    layer = find(item.word)
    return layer is not None and layer.style == "activation"


def weight(items: Sequence[Item]) -> float:
    """The approximate number of words that a sequence takes."""
    return sum(_weight(item) for item in items)


def _weight(item: Item) -> float:
    given = sum(not is_default(p, first(item.args[p.name])) for p in item.parameters if p.name in item.args)
    return 1 + given + len(item.fixed) + sum(weight(chain.items) for chain in item.chains())


def similar(a: Sequence[Item], b: Sequence[Item]) -> bool:
    """Whether two sequences have enough in common for one body to describe both."""
    score, _ = _align(a, b, _width(a), _width(b))
    return score >= _SIMILAR * max(weight(a), weight(b))


def aligned(a: Sequence[Item], b: Sequence[Item], count_a: int, count_b: int) -> list[Item]:
    """One sequence with the columns of both, which have `count_a` and `count_b` entries."""
    return _align(a, b, count_a, count_b)[1]


def _width(items: Sequence[Item]) -> int:
    return len(items[0].out) if items else 1


def _align(a: Sequence[Item], b: Sequence[Item], count_a: int, count_b: int) -> _Aligned:
    """The largest total of words that correspond, in order (Needleman and Wunsch, 1970), and the result."""
    best: list[list[float]] = [[0.0] * (len(b) + 1) for _ in range(len(a) + 1)]
    pairs: dict[tuple[int, int], tuple[float, Item]] = {}
    for i in reversed(range(len(a))):
        for j in reversed(range(len(b))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1])
            if (pair := _pair(a[i], b[j], count_a, count_b)) is not None:
                pairs[i, j] = pair
                best[i][j] = max(best[i][j], pair[0] + best[i + 1][j + 1])
    found: list[Item] = []
    i = j = 0
    while i < len(a) or j < len(b):
        if (i, j) in pairs and best[i][j] == pairs[i, j][0] + best[i + 1][j + 1]:
            found.append(pairs[i, j][1])
            i, j = i + 1, j + 1
        elif j == len(b) or (i < len(a) and best[i][j] == best[i + 1][j]):
            found.append(_joined(a[i], absent(a[i], count_b), a[i].operands, absent(a[i], count_b).operands))
            i += 1
        else:
            found.append(_joined(absent(b[j], count_a), b[j], absent(b[j], count_a).operands, b[j].operands))
            j += 1
    return best[0][0], found


def _pair(a: Item, b: Item, count_a: int, count_b: int) -> tuple[float, Item] | None:
    """One item for both, with the number of words that they share; None if they do not correspond."""
    if skeleton(a)[:2] != skeleton(b)[:2] or _fixed(a) != _fixed(b):  # type: ignore[index]  # a tuple
        return None
    others = is_plain_activation(a)
    if not others and set(a.args) != set(b.args):
        return None
    if len(a.operands) != len(b.operands) or len(a.results) != len(b.results):
        return None
    score = 1.0 + len(a.fixed)
    left: list[Operand] = []
    right: list[Operand] = []
    for x, y in zip(a.operands, b.operands, strict=True):
        if isinstance(x, Chain) is not isinstance(y, Chain):
            return None
        if isinstance(x, Chain) and isinstance(y, Chain):
            if (x.origin is None) is not (y.origin is None):
                return None
            widths = len(x.start), len(y.start)
            inner, items = _align(x.items, y.items, *widths)
            if x.items and y.items and inner < _SIMILAR / 2 * max(weight(x.items), weight(y.items)):
                return None
            score += inner
            # The items of the body are already joined; the chains are kept for their `start`.
            left.append(Chain(x.start, items, x.origin))
            right.append(Chain(y.start, items, y.origin))
        else:
            left.append(x)
            right.append(y)
    for p in a.parameters:
        if p.name in a.args and not is_default(p, first(a.args[p.name])):
            score += 1.0 if first(a.args[p.name]) == first(b.args[p.name]) else 0.5
    return score, _joined(a, b, tuple(left), tuple(right), bodies_joined=True)


def _joined(
    a: Item, b: Item, left: tuple[Operand, ...], right: tuple[Operand, ...], bodies_joined: bool = False
) -> Item:
    """An item with the columns of two that correspond."""
    operands: list[Operand] = []
    outer = len(a.out)
    for x, y in zip(left, right, strict=True):
        if isinstance(x, Chain) and isinstance(y, Chain):
            origin = None
            if x.origin is not None and y.origin is not None:
                origin = x.origin + tuple(outer + each for each in y.origin)
            items = x.items if bodies_joined else _zipped(x, y)
            operands.append(Chain(x.start + y.start, items, origin))
        else:
            assert isinstance(x, tuple)
            assert isinstance(y, tuple)
            operands.append(x + y)
    args: dict[str, Column] = {name: column + b.args[name] for name, column in a.args.items() if name in b.args}
    if is_plain_activation(a) and (a.word != b.word or "word" in a.args or "word" in b.args):
        args["word"] = _words(a) + _words(b)
    scopes = a.scopes if a.scopes else b.scopes
    results = tuple(x + y for x, y in zip(a.results, b.results, strict=True))
    into, out = a.into + b.into, a.out + b.out
    return a.copy(into=into, out=out, args=args, operands=tuple(operands), scopes=scopes, results=results)


def _zipped(x: Chain, y: Chain) -> list[Item]:
    """The items of two chains of the same form, joined in pairs."""
    pairs = zip(x.items, y.items, strict=True)
    return [_joined(a, b, a.operands, b.operands) for a, b in pairs]


def _words(item: Item) -> Column:
    """The activation of each instance."""
    return item.args.get("word") or tuple(None if node is None else item.word for node in item.out)


def stacked(items: Sequence[Item]) -> Item:
    """Items with equal skeletons as one, with the columns of all."""
    head = items[0]
    operands: list[Operand] = []
    for index, each in enumerate(head.operands):
        others = [item.operands[index] for item in items]
        if isinstance(each, Chain):
            chains = [other for other in others if isinstance(other, Chain)]
            operands.append(_stacked_chain(chains, len(head.out)))
        else:
            operands.append(tuple(value for other in others if isinstance(other, tuple) for value in other))
    args = {name: tuple(value for item in items for value in item.args[name]) for name in head.args if name != "word"}
    if is_plain_activation(head) and (len({item.word for item in items}) > 1 or any(item.args for item in items)):
        args["word"] = tuple(word for item in items for word in _words(item))
    into = tuple(value for item in items for value in item.into)
    out = tuple(value for item in items for value in item.out)
    results = tuple(
        tuple(value for item in items for value in item.results[index]) for index in range(len(head.results))
    )
    return head.copy(into=into, out=out, args=args, operands=tuple(operands), results=results)


def _stacked_chain(chains: Sequence[Chain], width: int) -> Chain:
    body = [stacked([chain.items[index] for chain in chains]) for index in range(len(chains[0].items))]
    start = tuple(node for chain in chains for node in chain.start)
    if chains[0].origin is None:
        return Chain(start, body)
    origin = tuple(i * width + each for i, chain in enumerate(chains) for each in chain.origin or ())
    return Chain(start, body, origin)
