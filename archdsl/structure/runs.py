"""Equal statements one after another, as repetitions."""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

from .alignment import stacked, weight
from .items import Chain, Column, Item, Operand, Ref, refs_of

_LONGEST = 12
"""The largest number of statements in a repetition's body."""
_BRACES = 2.0


def uses_of(items: Sequence[Item]) -> Counter[int]:
    """How often items, including nested ones, refer to each node by name."""
    found: Counter[int] = Counter()
    for item in items:
        for column in refs_of(item):
            found.update(value.node for value in column if isinstance(value, Ref))
        for chain in item.chains():
            found.update(uses_of(chain.items))
    return found


def made_by(items: Sequence[Item]) -> set[int]:
    """The nodes that items, including nested ones, create."""
    made = (item for item in items if item.sort not in ("from", "aux"))
    found = {node for item in made for column in item.makes for node in column if node is not None}
    for item in items:
        for chain in item.chains():
            found |= made_by(chain.items)
    return found


def with_runs(items: list[Item], uses: Counter[int]) -> list[Item]:
    """The items with a repetition for those that follow each other unchanged.

    `uses` has how often the whole network refers to each node: a tensor from within a repetition has no name after it.
    """
    items = [_inside(item, uses) for item in items]
    if len(items) < 2:
        return items
    keys = [_key(item, None) for item in items]
    found: list[Item] = []
    at = 0
    while at < len(items):
        period, count = _longest(items, keys, at, uses)
        if count > 1:
            found.append(_run(items[at : at + period * count], period, count))
            at += period * count
        else:
            found.append(items[at])
            at += 1
    return found


def _inside(item: Item, uses: Counter[int]) -> Item:
    """The item with repetitions in its bodies."""
    if not item.operands or item.sort == "run":
        return item
    operands: list[Operand] = []
    for each in item.operands:
        operands.append(
            Chain(each.start, with_runs(each.items, uses), each.origin) if isinstance(each, Chain) else each
        )
    return item.copy(operands=tuple(operands))


def _longest(items: Sequence[Item], keys: Sequence[Hashable], at: int, uses: Counter[int]) -> tuple[int, int]:
    """The number of statements that repeat from here, and how often: those that save the most words."""
    best, found = -0.5, (1, 1)
    for period in range(1, min(_LONGEST, (len(items) - at) // 2) + 1):
        count = 1
        while keys[at : at + period] == keys[at + count * period : at + (count + 1) * period]:
            count += 1
        if count == 1:
            continue
        parts = [items[at + i * period : at + (i + 1) * period] for i in range(count)]
        saved = (count - 1) * weight(parts[0]) - (1.0 if period == 1 else _BRACES)
        if saved > best and _repeats(parts, uses):
            best, found = saved, (period, count)
    return found


def _repeats(parts: Sequence[Sequence[Item]], uses: Counter[int]) -> bool:
    """Whether parts that look alike can be iterations of a repetition."""
    if any(each.sort in ("from", "aux", "zeros") for part in parts for each in part):
        return False
    first = _relative(parts[0])
    return all(_relative(part) == first for part in parts[1:]) and _closed(parts, uses)


def _closed(parts: Sequence[Sequence[Item]], uses: Counter[int]) -> bool:
    """Whether nothing outside of the iterations refers to their tensors, apart from the last one."""
    last = parts[-1][-1].out
    for part in parts:
        own = uses_of(part)
        for node in made_by(part):
            if node not in last and uses[node] != own[node]:
                return False
    return all(uses_of(parts[-1])[node] == 0 for node in last if node is not None)


def _relative(part: Sequence[Item]) -> Hashable:
    places: dict[int, int] = {}
    return tuple(_key(item, places) for item in part)


def _key(item: Item, places: dict[int, int] | None) -> Hashable:
    """What is equal in items that can be repeated. `places` has the tensors made so far; None if they do not count."""
    operands = tuple(
        tuple(_key(inner, places) for inner in each.items) if isinstance(each, Chain) else _column(each, places)
        for each in item.operands
    )
    args = tuple((name, _column(column, places)) for name, column in item.args.items())
    present = tuple(node is not None for node in item.out)
    fixed = repr(sorted(item.fixed.items()))
    if places is not None:
        for column in item.makes:
            places.update({node: len(places) for node in column if node is not None})
    return item.sort, item.word, args, fixed, operands, present


def _column(column: Column, places: dict[int, int] | None) -> Hashable:
    return tuple(_value(value, places) for value in column)


def _value(value: Any, places: dict[int, int] | None) -> Hashable:
    if not isinstance(value, Ref):
        return type(value).__name__, value
    if places is None:
        return "tensor"
    place = places.get(value.node)
    return ("outside", value.node) if place is None else ("inside", place)


def _run(items: Sequence[Item], period: int, count: int) -> Item:
    """The repetition of equal items: in its body, the columns have an entry for each iteration."""
    parts = [items[i * period : (i + 1) * period] for i in range(count)]
    width = len(items[0].out)
    body = [stacked([part[index] for part in parts]) for index in range(period)]
    start = tuple(node for part in parts for node in part[0].into)
    origin = tuple(range(width)) * count
    counts = tuple(None if node is None else count for node in items[-1].out)
    last = items[-1].out
    return Item("run", "", items[0].into, last, {"count": counts}, (), (Chain(start, body, origin),))
