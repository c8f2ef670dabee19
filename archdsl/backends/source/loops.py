"""Consecutive modules that are built alike, as loops and comprehensions."""

import re
from collections.abc import Sequence

from ...graph import Node
from ..units import Unit
from .layout import WIDTH, laid_out
from .trees import CallTree, Leaf

_MIN_LENGTH = 3
"""The fewest modules for which a loop is shorter than the code that it replaces."""
_NUMBERED = re.compile(r"(.*?)(\d+)$")


def entries(members: Sequence[tuple[str, str]]) -> list[str]:
    """The arguments of an `OrderedDict` of modules: `conv1=nn.Conv2d(…)`, or a comprehension for equal ones."""
    found: list[str] = []
    at = 0
    while at < len(members):
        count, base, first = _equal_from(members, at)
        if count >= _MIN_LENGTH or (count == 2 and len(members[at][1]) > 20):
            text = f'**{{f"{base}{{i}}": {members[at][1]} for i in range({first}, {first + count})}}'
            if len(text) + 17 <= WIDTH:
                found.append(text)
                at += count
                continue
        found.append(f"{members[at][0]}={members[at][1]}")
        at += 1
    return found


def _equal_from(members: Sequence[tuple[str, str]], at: int) -> tuple[int, str, int]:
    """How many members from here on are built alike and numbered in order, with their common name and first number."""
    match = _NUMBERED.fullmatch(members[at][0])
    if match is None:
        return 1, "", 0
    base, first = match[1], int(match[2])
    count = 1
    while at + count < len(members) and members[at + count] == (f"{base}{first + count}", members[at][1]):
        count += 1
    return count, base, first


def loops_of(unit: Unit, made: Sequence[CallTree | None]) -> dict[int, tuple[int, str, int]]:
    """The runs of items that become loops, by the index of the first item: length, common name, first number."""
    found: dict[int, tuple[int, str, int]] = {}
    at = 0
    while at < len(unit.items):
        count, base, first = _run(unit, made, at)
        if count >= _MIN_LENGTH + 1:
            found[at] = count, base, first
        at += count
    return found


def _run(unit: Unit, made: Sequence[CallTree | None], at: int) -> tuple[int, str, int]:
    item = unit.items[at]
    match = _NUMBERED.fullmatch(unit.attribute(item))
    call = made[at]
    if match is None or isinstance(item, Node) or call is None or len(item.inputs) != 1 or len(item.outputs) != 1:
        return 1, "", 0
    base, first = match[1], int(match[2])
    count = 1
    while at + count < len(unit.items):
        before, after = unit.items[at + count - 1], unit.items[at + count]
        other = made[at + count]
        if isinstance(before, Node) or isinstance(after, Node) or other is None:
            break
        readers = sum(before.outputs[0] in each.inputs for each in unit.items) + (before.outputs[0] in unit.outputs)
        if after.inputs != before.outputs or readers != 1 or len(after.outputs) != 1:
            break
        if unit.attribute(after) != f"{base}{first + count}" or _values(other) != _values(call):
            break
        count += 1
    return count, base, first


def _values(call: CallTree) -> tuple[object, ...]:
    return call.head, *(arg.column if isinstance(arg, Leaf) else None for _, arg in call.args)


class LoopRun:
    """Modules of a class that a loop builds."""

    def __init__(self, names: list[str], base: str, first: int, texts: dict[str, str]) -> None:
        self.names = names
        self.base = base
        self.first = first
        self.text = texts[names[0]]

    def lines(self) -> list[str]:
        """The loop."""
        head = f"        for i in range({self.first}, {self.first + len(self.names)}):"
        return [head, *laid_out(f'self.add_module(f"{self.base}{{i}}", {self.text})', 12)]
