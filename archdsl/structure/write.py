"""Chains as text."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from ..contract.styles import SHAPE_KEEPING
from ..graph import Graph, MoeOp, ScanOp
from ..layers import find
from .free_names import Names
from .items import Chain, Code, Item, Ref, first, refs_of
from .layer_words import Unwritable, size, words
from .wording import Wording

_WIDTH = 96
_FLAT = 72
_JOINED = SHAPE_KEEPING | {"activation", "pool"}
"""Styles of layers that are placed on the line of the previous layer."""


class Writer:
    """Writes chains in the words of a wording; `nested` writes the body of a scan or a mixture of experts."""

    def __init__(self, wording: Wording, nested: "Callable[[Graph, Mapping[int, str]], list[str]]") -> None:
        self.wording = wording
        self.nested = nested

    def lines(self, items: Sequence[Item]) -> list[str]:
        """The statements of items, several on a line where they belong together."""
        found: list[str] = []
        index = 0
        while index < len(items):
            item = items[index]
            condition = self.wording.condition(item)
            found += self.wording.before(item)
            if condition is None:
                _append(found, self.statement(item), self.continues(item))
                index += 1
                continue
            group = [item]
            while index + len(group) < len(items) and self.wording.condition(items[index + len(group)]) == condition:
                group.append(items[index + len(group)])
            inner: list[str] = []
            for each in group:
                inner += self.wording.before(each) if each is not item else ()
                _append(inner, self.statement(each), self.continues(each))
            _append(found, composed(f"if {condition}", [braced(inner)], ""), joins=False)
            index += len(group)
        return found

    def continues(self, item: Item) -> bool:
        """Whether an item belongs to the line of the one before."""
        if item.sort != "layer":
            return False
        if "word" in item.args:
            return True
        layer = find(item.word)
        return layer is not None and layer.style in _JOINED

    def statement(self, item: Item) -> list[str]:
        """The lines of one item."""
        alias = self.wording.alias(item)
        tail = f" as {alias}" if alias is not None and item.sort not in ("from", "aux") else ""
        match item.sort:
            case "from":
                return [f"from {self.wording.value(item, 'tensor')}"]
            case "reuse":
                return [f"reuse {self.wording.value(item, 'tensor')}{tail}"]
            case "layer" | "call":
                return [" ".join([self.word(item), *self.words(item)]) + tail]
            case "merge":
                return self.merge(item, tail)
            case "run":
                return self.run(item, tail)
            case "aux":
                return composed(f"aux {item.word}", [self.operand(item, 0)], "")
            case "zeros":
                # A repetition names its last tensor: here the one that it starts with.
                return [f"repeat 1 carry {alias} = {item.fixed['shape']} {{ stage {alias} {{ from {alias} }} }}"]
            case "scan" | "moe":
                return self.body_of_layer(item, tail)
            case _:
                raise Unwritable(item.sort)

    def word(self, item: Item) -> str:
        return str(self.wording.value(item, "word")) if "word" in item.args else item.word

    def words(self, item: Item) -> list[str]:
        """The arguments of an item."""
        values = {name: self.wording.value(item, name) for name in item.args if name not in ("word", "when")}
        return words(item.parameters, {**item.fixed, **values})

    # --- bodies ---

    def merge(self, item: Item, tail: str) -> list[str]:
        if is_residual(item):
            shortcut = item.operands[1]
            other = self.body(shortcut) if isinstance(shortcut, Chain) and shortcut.items else []
            shown = [[f"shortcut {other[0]}", *other[1:]]] if other else []
            when = f" when {self.wording.value(item, 'when')}" if "when" in item.args else ""
            return composed(f"residual{when}", [self.operand(item, 0), *shown], tail)
        head = " ".join([item.word, *self.words(item)])
        lead = item.operands[0]
        shorter = len(item.operands) == 2 and isinstance(lead, Chain) and not lead.items
        return composed(head, [self.operand(item, i) for i in range(int(shorter), len(item.operands))], tail)

    def operand(self, item: Item, index: int) -> list[str]:
        operand = item.operands[index]
        return self.body(operand) if isinstance(operand, Chain) else [self.wording.operand(item, index)]

    def body(self, chain: Chain) -> list[str]:
        """A body in braces: on one line if it fits."""
        return braced(self.lines(chain.items))

    def run(self, item: Item, tail: str) -> list[str]:
        """A repetition: `x3` after a single statement, else `repeat`."""
        body = item.operands[0]
        assert isinstance(body, Chain)
        count = self.wording.value(item, "count")
        lines = self.lines(body.items)
        index = f" as {item.word}" if item.word else ""
        if len(body.items) == 1 and not isinstance(count, Code) and not index and self.repeats(body.items[0]):
            return [*lines[:-1], f"{lines[-1]} x{count}{tail}"]
        return composed(f"repeat {count}{index}", [braced(lines)], tail)

    def repeats(self, item: Item) -> bool:
        """Whether a statement can be followed by `x3`."""
        plain = item.sort in ("layer", "merge", "call") and self.wording.alias(item) is None
        return plain and self.wording.condition(item) is None and not self.wording.before(item)

    def body_of_layer(self, item: Item, tail: str) -> list[str]:
        op = item.fixed["op"]
        outer = [self.wording.value(item, str(number)) for number in range(len(item.args))]
        if isinstance(op, MoeOp):
            values = {p.name: op.value_of(p) for p in op.parameters}
            head = " ".join([item.word, *words(op.parameters, values)])
            return composed(head, [braced(self.nested(op.body.graph, {}))], tail)
        assert isinstance(op, ScanOp)
        graph = op.body.graph
        names = Names(map(str, outer))
        carried = [names.take(name, "state") for name in graph.input_names[1 : 1 + len(op.initial)]]
        given = iter(outer)
        starts = [next(given) if zeros is None else size(zeros.dims) for zeros in op.initial]
        known = dict(zip(graph.inputs[1 + len(carried) :], map(str, given), strict=True))
        known |= dict(zip(graph.inputs[1:], carried, strict=False))
        pairs = ", ".join(f"{name} = {start}" for name, start in zip(carried, starts, strict=True))
        return composed(f"scan carry {pairs}", [braced(self.nested(graph, known))], tail)


def is_residual(item: Item) -> bool:
    """Whether a merge is `residual`: an addition of a body and the current tensor or another body, the body first."""
    if item.word != "add" or len(item.operands) != 2 or item.fixed:
        return False
    body, shortcut = item.operands
    return isinstance(body, Chain) and bool(body.items) and isinstance(shortcut, Chain)


def _append(lines: list[str], made: list[str], joins: bool) -> None:
    """Append statements, on the last line if they belong to it and fit."""
    if joins and lines and len(made) == 1 and not lines[-1].startswith(("from", "}", " ", "let")):
        line = f"{lines[-1]}; {made[0]}"
        if len(line) <= _WIDTH:
            lines[-1] = line
            return
    lines += made


def braced(lines: Sequence[str]) -> list[str]:
    """Lines in braces: on one line if it fits."""
    if not lines:
        return ["{ }"]
    flat = f"{{ {'; '.join(lines)} }}"
    if len(lines) <= 3 and len(flat) <= _FLAT and all(not line.startswith((" ", "}")) for line in lines):
        return [flat]
    return ["{", *(f"  {line}" for line in lines), "}"]


def composed(head: str, operands: Iterable[Sequence[str]], tail: str) -> list[str]:
    """A statement with bodies: each after the end of the one before."""
    lines = [head]
    for operand in operands:
        lines[-1] += f" {operand[0]}"
        lines += operand[1:]
    lines[-1] += tail
    return lines


def referred(items: Iterable[Item]) -> set[int]:
    """The nodes that items refer to by name, and those that must have a name."""
    items = list(items)
    found = {value.node for item in items for column in refs_of(item) for value in column if isinstance(value, Ref)}
    return found | {first(item.out) for item in items if item.sort == "zeros"}
